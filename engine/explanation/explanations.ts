import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import type { RoutePlan } from '../../actors/signals/route-plan.js';
import type { Turns } from '../api/turns.js';
import type { AlertStore } from '../drift/alert-store.js';
import { decodeFacts } from '../drift/training-facts.js';
import { SuhoError, messageOf } from '../errors.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import type { Inference } from '../inference/inference.js';
import type { InferencePool } from '../inference/pool.js';
import type { Instruments } from '../instruments/instruments.js';
import type { Journal } from '../journal/journal.js';
import type { PartitionKey } from '../patterns/pattern-index.js';
import type { PredictionHistory, StoredPrediction } from '../prediction-store/prediction-store.js';
import type { ArtifactStore } from '../registry/artifact-store.js';
import type { Deployments } from '../registry/deployments.js';
import type { ListedModel } from '../registry/model-registry.js';
import type { AnomalyGate, AnomalyGateFigures } from './anomaly-gate.js';
import { findSignal, type FoundSignal } from './found-signal.js';
import { gateValues, type GateValue } from './gate-values.js';
import type { GatesInForce } from './gates-in-force.js';
import { DRAWS, movedFeatures, type MovedFeature } from './moved-features.js';
import type { Recomputation } from './recomputation.js';
import type { RecomputedRow } from './recompute-protocol.js';
import { keptRow, orReason, runnable, similarMoments, spreadOf, type SimilarMoment } from './signal-parts.js';
import {
  replaySignal,
  type KeptRow,
  type Replay,
  type ReplayPorts,
  type RunnableModel,
} from './signal-replay.js';

/** The inputs that moved a forecast, or why they cannot be told. */
export type Moved =
  | {
      /** What the probability is of. */
      readonly direction: 'up' | 'down';
      readonly probability: number;
      readonly features: readonly MovedFeature[];
    }
  | { readonly note: string };

/** All that is known of how a signal came to be. */
export interface Explanation {
  readonly found: FoundSignal;
  /** The bar and its features; undefined where no longer kept. */
  readonly row: KeptRow | undefined;
  readonly gates: readonly GateValue[];
  /** What every arm answered for the bar, the signal first, as far as it is stored. */
  readonly arms: readonly StoredPrediction[];
  readonly moments: readonly SimilarMoment[];
  /** The model as the registry has it; undefined where it is not registered any more, or the registry is away. */
  readonly model: ListedModel | undefined;
  /** What signals of the series are made by now. */
  readonly plan: RoutePlan | undefined;
  /** What the gate against anomalous moments did on the signal's symbol and timeframe; undefined while the store is away. */
  readonly anomalies: AnomalyGateFigures | undefined;
  /** Undefined unless asked for. */
  readonly replay: Replay | undefined;
  readonly moved: Moved | undefined;
}

export interface ExplainOptions {
  readonly replay: boolean;
  /** Inputs that moved the forecast to tell of; 0: none. */
  readonly features: number;
}

/** For whom a signal is explained. */
export interface ExplainedTo {
  readonly tenantId: string;
  readonly userId?: string | undefined;
}

export interface ExplanationParts {
  readonly journal: Journal;
  readonly instruments: Pick<Instruments, 'all' | 'routeOf'>;
  readonly features: Pick<FeatureStore, 'bars' | 'rows'>;
  readonly history: Pick<PredictionHistory, 'get' | 'arms'>;
  readonly deployments: Pick<Deployments, 'visible'>;
  readonly artifacts: Pick<ArtifactStore, 'fetch' | 'path'>;
  /** Where trainings keep what their inputs looked like. */
  readonly facts: Pick<AlertStore, 'facts'>;
  readonly inference: Pick<InferencePool, 'infer'>;
  readonly moments: Omit<ReplayPorts, 'infer'>;
  readonly recomputation: Recomputation;
  readonly gates: GatesInForce;
  readonly anomalies: AnomalyGate;
  /** Turns of signals that are made again: each takes a thread for as long as its series has bars. */
  readonly turns: Turns;
  readonly log: { warn(facts: object, text: string): void };
}

/** How long the rows of a permutation wait for workers that are busy with signals, at most. */
const MOVED_MS_MAX = 60_000;

/** Explains signals: what each was made from, whether it can be made again, and which inputs moved it. */
export class Explanations {
  readonly #parts: ExplanationParts;

  constructor(parts: ExplanationParts) {
    this.#parts = parts;
  }

  /** A caller's signal as it is found. Throws as {@link findSignal} does. */
  async find(to: ExplainedTo, predictionId: string): Promise<FoundSignal> {
    return await findSignal(this.#parts, to, predictionId);
  }

  /** What the gates asked of a signal, by the limits it met. */
  gates({ facts, kept }: FoundSignal, row: Pick<KeptRow, 'bar'> | undefined): GateValue[] {
    const limits = this.#parts.gates.of(facts.tenantId, kept?.sequence);
    return gateValues(facts, limits, row === undefined ? undefined : spreadOf(row.bar));
  }

  /** Explains a caller's signal. Throws as {@link findSignal} does, and `OVERLOADED` when too many are made again. */
  async explain(to: ExplainedTo, predictionId: string, options: ExplainOptions): Promise<Explanation> {
    const { history, instruments, journal, turns } = this.#parts;
    const found = await this.find(to, predictionId);
    const { facts, seriesId, kept } = found;
    const row = await this.#row(found);
    const model = await this.#model(to, found);
    const arms = await orReason(async () => await history.arms(facts.tenantId, facts, facts.userId));
    const partition = partitionOf(found, model);
    const made =
      options.replay || options.features > 0
        ? await turns.run(async () => await this.#made(found, row, model, partition, options))
        : { replay: undefined, moved: undefined };
    return {
      found,
      row,
      gates: this.gates(found, row),
      anomalies: await this.#anomalies(found),
      arms: typeof arms === 'string' ? [] : arms,
      moments: similarMoments(journal, partition, facts.barCloseTime, kept?.signal.patterns?.nearest ?? []),
      model: typeof model === 'string' ? undefined : model,
      plan: seriesId === undefined ? undefined : instruments.routeOf(facts.tenantId, seriesId, facts.userId),
      ...made,
    };
  }

  /** By the limit that the signal met. */
  async #anomalies({ facts, kept }: FoundSignal): Promise<AnomalyGateFigures | undefined> {
    const { anomalies, gates } = this.#parts;
    const { tenantId, symbol, timeframe } = facts;
    const { maxAnomaly } = gates.of(tenantId, kept?.sequence);
    const query = { symbols: [symbol], timeframes: [timeframe], from: undefined, to: undefined };
    const figures = await orReason(async () => await anomalies.figures(tenantId, query, maxAnomaly));
    return typeof figures === 'string' ? undefined : figures[0];
  }

  async #row({ facts, seriesId }: FoundSignal): Promise<KeptRow | undefined> {
    if (seriesId === undefined) return undefined;
    const { journal, features } = this.#parts;
    const row = await orReason(async () => await keptRow(journal, features, seriesId, facts.barCloseTime));
    return typeof row === 'string' ? undefined : row;
  }

  /** The model of a signal among those its reader sees. */
  async #model({ tenantId, userId }: ExplainedTo, found: FoundSignal): Promise<ListedModel | string> {
    const modelId = found.kept?.signal.model.modelId ?? found.stored?.modelId;
    const visible = await orReason(async () => await this.#parts.deployments.visible({ tenantId, userId }));
    if (typeof visible === 'string') return visible;
    return (
      visible.find((model) => model.modelId === modelId) ??
      `The registry no longer has the model of SHA-256 ${modelId}.`
    );
  }

  /** What is made again: the signal, and the forecast with other inputs. */
  async #made(
    found: FoundSignal,
    row: KeptRow | undefined,
    model: ListedModel | string,
    partition: PartitionKey,
    options: ExplainOptions,
  ): Promise<Pick<Explanation, 'replay' | 'moved'>> {
    const { artifacts, moments, gates } = this.#parts;
    const { facts, kept, stored, seriesId = '' } = found;
    const arm = kept?.signal.model.arm ?? stored?.arm ?? 'production';
    const ready = typeof model === 'string' ? model : await runnable(artifacts, model, seriesId, arm);
    const recomputed = await this.#recomputed(found);
    const replay = !options.replay
      ? undefined
      : await replaySignal(
          {
            found,
            row,
            recomputed,
            model: ready,
            gates: gates.of(facts.tenantId, kept?.sequence),
            partition,
          },
          { ...moments, infer: async (of, input) => await this.#infer(found, of, input) },
        );
    const moved =
      options.features === 0
        ? undefined
        : await this.#moved(found, model, ready, recomputed, options.features);
    return { replay, moved };
  }

  async #recomputed({ facts, seriesId }: FoundSignal): Promise<RecomputedRow | string> {
    if (seriesId === undefined) return 'The series of the bar is no longer followed.';
    const { recomputation } = this.#parts;
    const draw = { draws: DRAWS, seed: seedOf(facts.predictionId) };
    const row = await orReason(async () => await recomputation.row(seriesId, facts.barCloseTime, draw));
    return row ?? 'The bars that the row follows from are no longer stored.';
  }

  async #infer(
    { facts }: FoundSignal,
    { pair }: RunnableModel,
    { model, sequence }: RecomputedRow,
  ): Promise<Inference> {
    const { inference } = this.#parts;
    const key = `replay/${pair.predictor.sha256}/${facts.predictionId}`;
    const alone = pair.batchInvariant === false;
    return await inference.infer(pair, key, model, Infinity, facts.tenantId, { sequence, alone });
  }

  async #moved(
    found: FoundSignal,
    model: ListedModel | string,
    ready: RunnableModel | string,
    row: RecomputedRow | string,
    limit: number,
  ): Promise<Moved> {
    if (typeof model === 'string') return { note: model };
    if (typeof ready === 'string') return { note: ready };
    if (typeof row === 'string') return { note: row };
    const { facts: store, inference, log } = this.#parts;
    const { facts, kept } = found;
    const bytes = await orReason(async () => await store.facts(model, model.modelId));
    if (typeof bytes === 'string') return { note: bytes };
    const training = bytes === undefined ? undefined : decodeFacts(bytes, FEATURE_COUNT);
    if (training === undefined)
      return {
        note: `No reference of its training is kept with ${model.version}, to draw other values from.`,
      };
    const forecast = facts.forecasts[facts.primaryHorizon]!;
    const isUp = forecast.up >= forecast.down;
    const sequence = ready.route.sequenceVersion === undefined ? undefined : row.sequence;
    const deadline = performance.now() + MOVED_MS_MAX;
    try {
      const strongest = await movedFeatures(
        {
          row: row.model,
          sequence,
          reference: training.inputs,
          drawn: row.drawn,
          seed: seedOf(facts.predictionId),
          horizon: facts.primaryHorizon,
          share: isUp ? 2 : 0,
          effectiveSampleSize: kept?.signal.patterns?.votes[facts.primaryHorizon]?.effectiveSampleSize ?? 0,
          infer: async (name, features, channels) =>
            await inference.infer(
              ready.pair,
              `moved/${facts.predictionId}/${name}`,
              features,
              deadline,
              facts.tenantId,
              { sequence: channels, behind: true },
            ),
        },
        limit,
      );
      return {
        direction: isUp ? 'up' : 'down',
        probability: isUp ? forecast.up : forecast.down,
        features: strongest,
      };
    } catch (error) {
      if (!(error instanceof SuhoError)) throw error;
      log.warn(
        { predictionId: facts.predictionId, error: messageOf(error) },
        'no permutation of a signal’s features',
      );
      return { note: `The model could not be asked with other values: ${error.message}` };
    }
  }
}

/** Where the similar moments of a signal are; in no index where its embedding is not known any more. */
function partitionOf({ facts, kept }: FoundSignal, model: ListedModel | string): PartitionKey {
  const embeddingVersion =
    kept?.signal.patterns?.embeddingVersion ?? (typeof model === 'string' ? '' : model.embeddingVersion);
  const { tenantId, symbol, timeframe } = facts;
  return { tenantId, embeddingVersion, symbol, timeframe };
}

/** The seed of a prediction's draws: the first 32 bits of its id. */
function seedOf(predictionId: string): number {
  return Number.parseInt(predictionId.slice(0, 8), 16);
}
