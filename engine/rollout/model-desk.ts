import { HORIZONS } from '../../actors/features/labels.js';
import { armsOf } from '../../actors/signals/route-plan.js';
import { covers, type Caller } from '../credentials/caller.js';
import { isKnownTo } from '../instruments/audience.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import { SuhoError, quoted } from '../errors.js';
import type { Instruments } from '../instruments/instruments.js';
import type { PredictionHistory } from '../prediction-store/prediction-store.js';
import type { Deployments } from '../registry/deployments.js';
import {
  modelName,
  type Experiment,
  type ListedModel,
  type ModelAct,
  type ModelEvent,
} from '../registry/model-registry.js';
import type { ComparisonFigures } from './comparison.js';
import { outlookOf, type Outlook } from './outlook.js';
import { compareOutcomes } from './outcomes.js';
import type { Rollouts } from './rollouts.js';
import type { RunningTrial } from './route-plans.js';
import type { Deciding } from './what-decides.js';

export type Level = 'platform' | 'tenant' | 'user';

/** A model as callers name it. */
export interface ModelReference {
  readonly level: Level | undefined;
  readonly name: string;
  readonly version: string;
  /** Another tenant's, for operators. */
  readonly tenantId: string | undefined;
}

/** Where a model serves or is tried. */
export interface ModelUse {
  readonly seriesId: string;
  readonly tenantId: string;
  readonly arm: string;
}

/** Two versions by what came of the bars that both answered. */
export interface VersionComparison {
  readonly version: string;
  readonly against: string;
  readonly horizon: string;
  readonly figures: ComparisonFigures;
}

/** How a trial goes, and what would move it on or end it. */
export interface TrialSoFar extends VersionComparison {
  readonly deciding: readonly Deciding[];
}

export interface ModelDeskParts {
  readonly deployments: Pick<Deployments, 'visible' | 'history' | 'experiments'>;
  readonly rollouts: Rollouts;
  readonly outcomes: Pick<PredictionHistory, 'pairs'>;
  readonly instruments: Pick<Instruments, 'all'>;
  /** Tenants that are configured or have signals. */
  readonly tenants: () => Iterable<string>;
  readonly worthHaving: number;
}

/** Entries of a history that are shown. */
const HISTORY_MAX = 100;

/** Experiments that are listed. */
const EXPERIMENTS_MAX = 200;

const NEAREST: readonly Level[] = ['user', 'tenant', 'platform'];

export function levelOf({ tenantId, userId }: Pick<ListedModel, 'tenantId' | 'userId'>): Level {
  if (userId !== undefined) return 'user';
  return tenantId === PLATFORM ? 'platform' : 'tenant';
}

/** What callers may see of models and do to them, and no more: another's model is one that is not there. */
export class ModelDesk {
  readonly #parts: ModelDeskParts;

  constructor(parts: ModelDeskParts) {
    this.#parts = parts;
  }

  /** Models a caller sees, of one name or of all; of every tenant for operators who name none. */
  async list(caller: Caller, name?: string, tenantId?: string): Promise<ListedModel[]> {
    const seesAll = covers(caller.role, 'operator');
    if (tenantId !== undefined && tenantId !== caller.tenantId && !seesAll) return [];
    const tenants =
      tenantId === undefined && seesAll
        ? new Set([caller.tenantId, ...this.#parts.tenants()])
        : new Set([tenantId ?? caller.tenantId]);
    const found = new Map<string, ListedModel>();
    for (const tenant of tenants)
      for (const model of await this.#parts.deployments.visible(readerOf(caller, tenant)))
        if (name === undefined || modelName(model) === name) found.set(keyOf(model), model);
    return [...found.values()];
  }

  /** One model. Throws `NOT_FOUND` for one the caller does not see. */
  async find(caller: Caller, reference: ModelReference): Promise<ListedModel> {
    const { level, name, version } = reference;
    const tenantId = reference.tenantId ?? caller.tenantId;
    const models = (await this.list(caller, name, tenantId)).filter(
      (model) => model.version === version && (level === undefined || levelOf(model) === level),
    );
    const [nearest] = models.sort((a, b) => NEAREST.indexOf(levelOf(a)) - NEAREST.indexOf(levelOf(b)));
    if (nearest === undefined)
      throw new SuhoError(
        'NOT_FOUND',
        `There is no model ${quoted(version)} of ${quoted(name)}; suho models list shows those there are.`,
      );
    return nearest;
  }

  async history(model: ListedModel): Promise<ModelEvent[]> {
    return await this.#parts.deployments.history(model, model.version, HISTORY_MAX);
  }

  /** The newest experiments a caller sees: A/B tests and searches; another tenant's for operators who name it. */
  async experiments(caller: Caller, tenantId?: string): Promise<Experiment[]> {
    const tenant = tenantId ?? caller.tenantId;
    if (tenant !== caller.tenantId && !covers(caller.role, 'operator')) return [];
    return await this.#parts.deployments.experiments(readerOf(caller, tenant), EXPERIMENTS_MAX);
  }

  /** Where a model serves or is tried, as far as the caller sees. */
  uses(caller: Caller, { modelId, userId }: ListedModel): ModelUse[] {
    const uses: ModelUse[] = [];
    for (const instrument of this.#parts.instruments.all()) {
      const { signals, userSignals = [] } = instrument.definition;
      const own = userSignals.filter((each) => isKnownTo(caller, each));
      for (const { tenantId, timeframe, route } of [...signals, ...own]) {
        if (route === undefined) continue;
        if (tenantId !== caller.tenantId && !covers(caller.role, 'operator')) continue;
        const arm = armsOf(route).find(
          (each) => each.modelId === modelId && each.level?.userId === userId,
        )?.arm;
        if (arm !== undefined) uses.push({ seriesId: instrument.seriesId(timeframe), tenantId, arm });
      }
    }
    return uses;
  }

  /** The trial of a model, when it is tried for a tenant that the caller sees. */
  runningTrial(caller: Caller, model: ListedModel): RunningTrial | undefined {
    const trial = this.#parts.rollouts.trialOf(model);
    if (trial === undefined) return undefined;
    return trial.tenantId === caller.tenantId || covers(caller.role, 'operator') ? trial : undefined;
  }

  /** How the trial of a model goes, when it is tried for a tenant that the caller sees. */
  async trial(caller: Caller, model: ListedModel): Promise<TrialSoFar | undefined> {
    const { rollouts } = this.#parts;
    const trial = this.runningTrial(caller, model);
    if (trial === undefined) return undefined;
    const { production } = trial;
    const figures = await rollouts.figures(trial);
    return {
      version: model.version,
      against: production.version,
      horizon: HORIZONS[production.primaryHorizon] ?? '',
      figures,
      deciding: rollouts.deciding(trial, figures),
    };
  }

  /** Compares two versions of a name by the outcomes of a tenant's bars. Throws `NOT_FOUND`, `STORE_UNAVAILABLE`. */
  async compare(caller: Caller, reference: ModelReference, against: string): Promise<VersionComparison> {
    const own = await this.find(caller, reference);
    const other = await this.find(caller, { ...reference, level: undefined, version: against });
    const { outcomes, worthHaving } = this.#parts;
    const figures = await compareOutcomes(outcomes, worthHaving, {
      tenantId: reference.tenantId ?? caller.tenantId,
      // A model of the caller's own answers its own bars, and with it what it is compared with.
      userId: own.userId ?? other.userId,
      symbol: own.symbol,
      timeframe: own.timeframe,
      horizon: other.primaryHorizon,
      productionId: other.modelId,
      challengerId: own.modelId,
    });
    return { version: own.version, against, horizon: HORIZONS[other.primaryHorizon] ?? '', figures };
  }

  /** Why a caller may not change a model; undefined when it may. */
  forbids({ role }: Caller, model: ListedModel): string | undefined {
    const needed = levelOf(model) === 'platform' ? 'operator' : 'engineer';
    return covers(role, needed)
      ? undefined
      : `Models of the ${levelOf(model)} are changed by ${needed}s; this credential is a ${role}’s.`;
  }

  /**
   * What acts on a model would do, in the words that a person confirms. `firstBar`: the bar they take effect with, as a clause.
   * Throws `STORE_UNAVAILABLE`.
   */
  async outlooks(
    caller: Caller,
    model: ListedModel,
    acts: readonly ModelAct[],
    firstBar: string,
  ): Promise<readonly Outlook[]> {
    const models = await this.list(caller, modelName(model), caller.tenantId);
    const events = await this.#parts.deployments.history(model, undefined, HISTORY_MAX);
    const ended = events.filter(({ to }) => to === 'deprecated').map(({ version }) => version);
    const before = ended
      .map((version) =>
        models.find(
          (other) =>
            other.version === version && other.status === 'deprecated' && levelOf(other) === levelOf(model),
        ),
      )
      .find((other) => other !== undefined);
    return acts.map((act) => outlookOf(model, act, { models, before, firstBar }));
  }

  /**
   * Does something to a model for a caller, on the record; the model as it is then. Throws `NOT_FOUND` for one the caller does
   * not see, `FORBIDDEN` for one it sees and may not change, and what {@link Deployments.act} throws.
   */
  async change(
    caller: Caller,
    reference: ModelReference,
    act: ModelAct,
    reason: string,
  ): Promise<ListedModel> {
    const model = await this.find(caller, reference);
    const forbidden = this.forbids(caller, model);
    if (forbidden !== undefined) throw new SuhoError('FORBIDDEN', forbidden);
    const who = caller.userId === undefined ? caller.tenantId : `${caller.tenantId}/${caller.userId}`;
    return await this.#parts.rollouts.act({ series: model, version: model.version }, act, {
      who,
      role: caller.role,
      reason,
    });
  }
}

/** As whom the registry is read for a caller: an operator sees another tenant's models, not its users'. */
function readerOf(
  { tenantId, userId }: Caller,
  tenant: string,
): { tenantId: string; userId?: string | undefined } {
  return tenant === tenantId ? { tenantId, userId } : { tenantId: tenant };
}

function keyOf(model: ListedModel): string {
  return [model.tenantId, model.userId ?? '', modelName(model), model.version].join('|');
}

/** What differs between two models, field by field. */
export function differences(
  own: ListedModel,
  other: ListedModel,
): { readonly field: string; readonly own: string; readonly other: string }[] {
  const fields: (keyof ListedModel)[] = [
    'status',
    'parentVersion',
    'family',
    'architecture',
    'hyperparameters',
    'featureSetVersion',
    'embeddingVersion',
    'primaryHorizon',
    'edge',
    'trainedFrom',
    'trainedThrough',
    'rows',
    'anomalyScale',
    'modelId',
    'encoderId',
  ];
  const text = (value: unknown): string =>
    typeof value === 'string' ? value : JSON.stringify(value ?? null);
  const listed = fields.map((field) => ({ field, own: text(own[field]), other: text(other[field]) }));
  const scores = HORIZONS.flatMap((horizon, i) => {
    const score = (model: ListedModel): string => {
      const p = model.scores[i]?.probabilities;
      return p === undefined ? '' : p.logLoss.toFixed(4);
    };
    return [{ field: `log-loss ${horizon}`, own: score(own), other: score(other) }];
  });
  const strongest = (model: ListedModel): string =>
    model.importance
      .slice(0, 10)
      .map(({ feature }) => feature)
      .join(', ');
  const features = { field: 'strongest features', own: strongest(own), other: strongest(other) };
  return [...listed, ...scores, features].filter((each) => each.own !== each.other);
}
