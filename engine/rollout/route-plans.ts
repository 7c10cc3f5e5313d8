import type { Logger } from 'pino';
import type { Route } from '../../actors/signals/route.js';
import { armsOf } from '../../actors/signals/route-plan.js';
import { turnOf, type Clock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { Instrument } from '../instruments/instrument.js';
import type { Instruments } from '../instruments/instruments.js';
import type { Deployments } from '../registry/deployments.js';
import type { ListedModel } from '../registry/model-registry.js';
import { chooseModels, planKey, planOf, type ChosenModels } from './resolution.js';

/** Signal actors looked at before the event loop has a turn. */
const LOOKED_AT_ONCE = 200;

const DEPLOYED = ['production', 'canary', 'shadow'] as const;

export interface RoutePlansParts {
  readonly instruments: Pick<Instruments, 'all' | 'get' | 'setRoute' | 'closedThrough'>;
  readonly deployments: Pick<Deployments, 'revision' | 'visible'>;
  /** Makes a model ready for a tenant's signals on a series; false when it cannot be. */
  readonly prepare: (seriesId: string, tenantId: string, model: ListedModel) => Promise<boolean>;
  readonly routeOf: (model: ListedModel, seriesId: string, arm: string) => Route;
  /** Settles when what was appended to the journal is on disk. */
  readonly durable: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A model that is tried beside another. */
export interface RunningTrial {
  readonly seriesId: string;
  readonly tenantId: string;
  readonly production: ListedModel;
  readonly model: ListedModel;
}

/** A tenant's signals on a series. */
interface Subscriber {
  readonly instrument: Instrument;
  readonly signal: Instrument['definition']['signals'][number];
}

/**
 * Keeps the plans that signals are made by equal to what the registry says, at the start and whenever the registry changes.
 * The registry wins. What it says of a model that cannot be made ready waits until it can; with the registry away the plans
 * of the journal go on.
 */
export class RoutePlans {
  readonly #parts: RoutePlansParts;
  #revision: number | undefined;
  #models = new Map<string, readonly ListedModel[]>();
  /** Models whose arms are left out until the registry says so too: broken ones. */
  readonly #broken = new Set<string>();
  /** One look at a time. */
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: RoutePlansParts) {
    this.#parts = parts;
  }

  /**
   * Looks whether the registry or the market changed what the plans should be, and changes them. Signals without any model
   * get their first one elsewhere, unless `all`. Settles when the changed plans are durable. Throws `STORE_UNAVAILABLE`.
   */
  async check(all = false): Promise<void> {
    const before = this.#looking;
    const look = (async () => {
      await before.catch(() => undefined);
      await this.#check(all);
    })();
    this.#looking = look;
    await look;
  }

  /** As {@link check}; with the registry away it waits for the next look. */
  async checkQuietly(): Promise<void> {
    try {
      await this.check();
    } catch (error) {
      this.#parts.log.warn({ error: messageOf(error) }, 'the model registry cannot be read; plans stay');
    }
  }

  /**
   * Takes a model out of all plans from the next bar on, before the registry says so and also while it is away. Production's
   * stays.
   */
  async leaveOut(modelId: string): Promise<void> {
    this.#broken.add(modelId);
    await this.checkQuietly();
  }

  /** The registry says so too. */
  leftOut(modelId: string): void {
    this.#broken.delete(modelId);
  }

  /** Every model in production or tried, as the registry was at the last look. */
  *deployed(): Generator<ListedModel> {
    for (const models of this.#models.values()) yield* models;
  }

  /** What is tried beside production now, of each model once: for the first of the tenants it is tried for. */
  trials(): RunningTrial[] {
    const found = new Map<string, RunningTrial>();
    for (const { definition, seriesId } of this.#live())
      for (const { tenantId, timeframe } of definition.signals) {
        const series = seriesId(timeframe);
        const chosen = this.#chosen(series, tenantId);
        if (chosen === undefined) continue;
        const { production, canary, shadows } = chosen;
        for (const model of canary === undefined ? shadows : [canary, ...shadows]) {
          const known = found.get(model.modelId);
          if (known === undefined || tenantId < known.tenantId)
            found.set(model.modelId, { seriesId: series, tenantId, production, model });
        }
      }
    return [...found.values()];
  }

  *#live(): Generator<{
    readonly definition: Instrument['definition'];
    readonly seriesId: Instrument['seriesId'];
  }> {
    for (const instrument of this.#parts.instruments.all())
      if (instrument.state === 'live')
        yield {
          definition: instrument.definition,
          seriesId: (timeframe) => instrument.seriesId(timeframe),
        };
  }

  /** The models of a tenant's signals on a series, as the registry was at the last look. */
  #chosen(seriesId: string, tenantId: string): ChosenModels | undefined {
    const models = (this.#models.get(tenantId) ?? []).filter(
      ({ status, modelId }) => status === 'production' || !this.#broken.has(modelId),
    );
    return chooseModels(models, seriesId, { tenantId }, this.#parts.instruments.closedThrough(seriesId));
  }

  async #check(all: boolean): Promise<void> {
    const { instruments, clock, durable } = this.#parts;
    const failure = await this.#readRevision();
    let looked = 0;
    let changed = false;
    for (const instrument of instruments.all()) {
      if (instrument.state !== 'live') continue;
      for (const signal of instrument.definition.signals) {
        if (++looked % LOOKED_AT_ONCE === 0) await turnOf(clock);
        if (signal.route === undefined && !all) continue;
        if (failure !== undefined && !this.#models.has(signal.tenantId)) continue;
        if (await this.#bring({ instrument, signal })) changed = true;
      }
    }
    if (changed) await durable();
    if (failure !== undefined) throw failure;
  }

  /** Forgets the models that the registry may have changed; why it cannot be read, in which case they stand. */
  async #readRevision(): Promise<unknown> {
    try {
      const revision = await this.#parts.deployments.revision();
      if (revision !== this.#revision) this.#models.clear();
      this.#revision = revision;
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Brings one tenant's plan to what the registry says; whether that changed it. */
  async #bring({ instrument, signal }: Subscriber): Promise<boolean> {
    const { deployments, instruments, prepare, routeOf } = this.#parts;
    const { tenantId, timeframe, route } = signal;
    if (!this.#models.has(tenantId))
      this.#models.set(tenantId, await deployments.visible({ tenantId }, [...DEPLOYED]));
    const seriesId = instrument.seriesId(timeframe);
    const wanted = this.#chosen(seriesId, tenantId);
    const plan = (models: ChosenModels): ReturnType<typeof planOf> =>
      planOf(models, (model, arm) => routeOf(model, seriesId, arm));
    const before = route === undefined ? undefined : planKey(route);
    if (wanted === undefined || planKey(plan(wanted)) === before) return false;
    const inUse = new Set(route === undefined ? [] : armsOf(route).map(({ modelId }) => modelId));
    const ready = await readyOf(
      wanted,
      async (model) => inUse.has(model.modelId) || (await prepare(seriesId, tenantId, model)),
    );
    if (ready === undefined || planKey(plan(ready)) === before) return false;
    if (instrument.state !== 'live' || instruments.get(instrument.id) !== instrument) return false;
    await instruments.setRoute(instrument, tenantId, timeframe, plan(ready));
    return true;
  }
}

/** What of chosen models can be made ready; undefined when production's cannot. */
async function readyOf(
  { production, canary, shadows }: ChosenModels,
  prepare: (model: ListedModel) => Promise<boolean>,
): Promise<ChosenModels | undefined> {
  if (!(await prepare(production))) return undefined;
  const ready: ListedModel[] = [];
  for (const shadow of shadows) if (await prepare(shadow)) ready.push(shadow);
  return {
    production,
    canary: canary !== undefined && (await prepare(canary)) ? canary : undefined,
    shadows: ready,
  };
}
