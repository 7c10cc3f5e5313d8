import type { Logger } from 'pino';
import { HORIZON_MS } from '../../actors/features/labels.js';
import type { Route } from '../../actors/signals/route.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import { armsOf, type RoutePlan } from '../../actors/signals/route-plan.js';
import { turnOf, type Clock } from '../clock.js';
import { SuhoError, messageOf } from '../errors.js';
import type { Instrument } from '../instruments/instrument.js';
import type { Instruments } from '../instruments/instruments.js';
import type { Deployments } from '../registry/deployments.js';
import type { ListedModel } from '../registry/model-registry.js';
import { chooseModels, planKey, planOf, type ChosenModels } from './resolution.js';

/** Signal actors looked at before the event loop has a turn. */
const LOOKED_AT_ONCE = 200;

const DEPLOYED = ['production', 'canary', 'shadow'] as const;

export interface RoutePlansParts {
  readonly instruments: Pick<Instruments, 'all' | 'get' | 'setRoute' | 'endUserSignals' | 'closedThrough'>;
  readonly deployments: Pick<Deployments, 'revision' | 'users' | 'visible'>;
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
  /** User whose own signals it is tried beside. */
  readonly userId: string | undefined;
  readonly production: ListedModel;
  readonly model: ListedModel;
}

/** Whose signals, and on which timeframe. */
interface Owner extends SignalOwner {
  readonly timeframe: Timeframe;
}

/** A tenant's, or a user's own, signals on a series. */
interface Subscriber extends Owner {
  readonly instrument: Instrument;
  /** What they are made with now. */
  readonly route: RoutePlan | undefined;
}

/**
 * Keeps the plans that signals are made by equal to what the registry says, at the start and whenever the registry changes.
 * The registry wins. What it says of a model that cannot be made ready waits until it can; with the registry away the plans
 * of the journal go on.
 */
export class RoutePlans {
  readonly #parts: RoutePlansParts;
  #revision: number | undefined;
  /** What a tenant, or one of its users, sees. */
  #models = new Map<string, readonly ListedModel[]>();
  /** Users with models of their own, by tenant. */
  #users = new Map<string, readonly string[]>();
  /** Users whose own signals would be more than their tenant may have: said once. */
  readonly #beyondQuota = new Set<string>();
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
    for (const instrument of this.#parts.instruments.all()) {
      if (instrument.state !== 'live') continue;
      const { signals, userSignals = [] } = instrument.definition;
      const owners: readonly Owner[] = [...signals, ...userSignals];
      for (const { tenantId, userId, timeframe } of owners) {
        const seriesId = instrument.seriesId(timeframe);
        const chosen = this.#chosen(seriesId, tenantId, userId);
        if (chosen === undefined) continue;
        const { production, canary, shadows } = chosen;
        for (const model of canary === undefined ? shadows : [canary, ...shadows]) {
          // What is tried for all of a tenant is decided by the tenant's signals.
          if (model.userId !== userId) continue;
          const key = trialKey(model);
          const known = found.get(key);
          if (known === undefined || tenantId < known.tenantId)
            found.set(key, { seriesId, tenantId, userId, production, model });
        }
      }
    }
    return [...found.values()];
  }

  /** The models of a tenant's, or a user's own, signals on a series, as the registry was at the last look. */
  #chosen(seriesId: string, tenantId: string, userId?: string): ChosenModels | undefined {
    const models = (this.#models.get(readerName(tenantId, userId)) ?? []).filter(
      ({ status, modelId }) => status === 'production' || !this.#broken.has(modelId),
    );
    const closedThrough = this.#parts.instruments.closedThrough(seriesId);
    return chooseModels(models, seriesId, { tenantId, userId }, closedThrough);
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
        if (failure !== undefined && !this.#models.has(signal.tenantId)) continue;
        await this.#read(signal.tenantId);
        if ((signal.route !== undefined || all) && (await this.#bring({ instrument, ...signal })))
          changed = true;
        const { tenantId, timeframe } = signal;
        for (const userId of this.#usersOf(instrument, tenantId))
          if (await this.#bringUser({ instrument, tenantId, userId, timeframe })) changed = true;
      }
    }
    if (changed) await durable();
    if (failure !== undefined) throw failure;
  }

  /** Forgets the models that the registry may have changed; why it cannot be read, in which case they stand. */
  async #readRevision(): Promise<unknown> {
    try {
      const revision = await this.#parts.deployments.revision();
      if (revision !== this.#revision) {
        this.#models.clear();
        this.#users.clear();
      }
      this.#revision = revision;
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Reads what a tenant sees, and its users with models of their own, as far as that is not known. */
  async #read(tenantId: string): Promise<void> {
    if (this.#models.has(tenantId)) return;
    const { deployments } = this.#parts;
    const users = await deployments.users(tenantId);
    for (const userId of users)
      this.#models.set(
        readerName(tenantId, userId),
        await deployments.visible({ tenantId, userId }, [...DEPLOYED]),
      );
    this.#users.set(tenantId, users);
    this.#models.set(tenantId, await deployments.visible({ tenantId }, [...DEPLOYED]));
  }

  /** Users of a tenant with models of their own, and those with signals of their own on an instrument. */
  #usersOf({ definition }: Instrument, tenantId: string): ReadonlySet<string> {
    const own = (definition.userSignals ?? []).filter((signals) => signals.tenantId === tenantId);
    return new Set([...(this.#users.get(tenantId) ?? []), ...own.map(({ userId }) => userId)]);
  }

  /**
   * Brings a user's own plan to what the registry says: there is one where a model of his own serves or is tried. Without one
   * his signals end, and their actor goes a day later, when what came of the last of them is known.
   */
  async #bringUser({ instrument, tenantId, userId, timeframe }: UserSubscriber): Promise<boolean> {
    const chosen = this.#chosen(instrument.seriesId(timeframe), tenantId, userId);
    const arms = chosen === undefined ? [] : [chosen.production, chosen.canary, ...chosen.shadows];
    if (!arms.some((model) => model?.userId !== undefined))
      return await this.#endUser({ instrument, tenantId, userId, timeframe });
    const route = instrument.routeOf(tenantId, timeframe, userId);
    try {
      return await this.#bring({ instrument, tenantId, userId, timeframe, route });
    } catch (error) {
      if (!(error instanceof SuhoError && error.code === 'QUOTA_EXCEEDED')) throw error;
      const name = `${readerName(tenantId, userId)} ${instrument.id} ${timeframe}`;
      if (!this.#beyondQuota.has(name))
        this.#parts.log.warn({ tenantId, userId, error: error.message }, 'a user gets no signals of his own');
      this.#beyondQuota.add(name);
      return false;
    }
  }

  /** Ends a user's own signals, or their actor, where there is still one; whether it did. */
  async #endUser({ instrument, ...user }: UserSubscriber): Promise<boolean> {
    const { instruments } = this.#parts;
    const { tenantId, userId, timeframe } = user;
    if (!instrument.signalActors.includes(instrument.signalActorId(user))) return false;
    const isOver = instrument.userSignals(tenantId, userId, timeframe) === undefined;
    const last = instrument.pastUserSignals(tenantId, userId, timeframe).at(-1);
    const known = (last?.until ?? -Infinity) + Math.max(...HORIZON_MS);
    if (isOver && !(instruments.closedThrough(instrument.seriesId(timeframe)) >= known)) return false;
    await instruments.endUserSignals(instrument, user, isOver);
    return true;
  }

  /** Brings one plan to what the registry says; whether that changed it. */
  async #bring({ instrument, tenantId, userId, timeframe, route }: Subscriber): Promise<boolean> {
    const { instruments, prepare, routeOf } = this.#parts;
    const seriesId = instrument.seriesId(timeframe);
    const wanted = this.#chosen(seriesId, tenantId, userId);
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
    await instruments.setRoute(instrument, tenantId, timeframe, plan(ready), userId);
    return true;
  }
}

type UserSubscriber = Omit<Subscriber, 'route' | 'userId'> & { readonly userId: string };

function readerName(tenantId: string, userId: string | undefined): string {
  return userId === undefined ? tenantId : `${tenantId}/${userId}`;
}

/** Names a model that is tried: one file may be registered on several levels. */
export function trialKey({ modelId, tenantId, userId = '' }: ListedModel): string {
  return `${modelId}/${tenantId}/${userId}`;
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
