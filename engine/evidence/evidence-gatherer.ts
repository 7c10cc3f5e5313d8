import type { Timeframe } from '../../actors/market/timeframe.js';
import type { FeatureRow } from '../../actors/messages.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';
import type { Evidence } from '../../actors/signals/evidence.js';
import { vote } from '../../actors/signals/pattern-vote.js';
import type { Gates } from '../../actors/signals/gates.js';
import { isOfCurrentFeatures, takesSequence, type Route } from '../../actors/signals/route.js';
import { servingArm, type RoutePlan } from '../../actors/signals/route-plan.js';
import type { Clock } from '../clock.js';
import { SuhoError, messageOf } from '../errors.js';
import type { Inference } from '../inference/inference.js';
import type { RowOptions } from '../inference/pool.js';
import type { ModelPair } from '../inference/to-worker.js';
import type { EffectPorts, EvidenceRequest, PatternOutcome } from '../instruments/effects.js';
import { readSignalActorId } from '../instruments/ids.js';
import { conditionsOf } from '../patterns/conditions.js';
import type { PartitionKey, PatternIndex } from '../patterns/pattern-index.js';
import type { PatternRecorder } from '../patterns/pattern-recorder.js';
import { ArmsBeside } from './arms-beside.js';
import { modelEvidenceOf } from './model-evidence.js';
import { within } from './deadline.js';

/** Inferences begun ahead that are kept at most; an older one is begun again when it is asked for. */
const AHEAD_MAX = 4_096;

/** Runs a pair of models over a row; equal keys in flight share a run. `deadline` is a time of the clock's `monotonic`. */
export interface InferencePort {
  infer(
    pair: ModelPair,
    key: string,
    row: Float32Array,
    deadline: number,
    tenantId: string,
    options?: RowOptions,
  ): Promise<Inference>;
}

export interface EvidenceParts {
  readonly clock: Clock;
  readonly inference: InferencePort;
  readonly index: PatternIndex;
  readonly recorder: PatternRecorder;
  /** Files of a route's models, once they were looked at. Throws when they cannot be served. */
  readonly pairOf: (route: Route) => Promise<ModelPair>;
  /** The models a signal actor asks with now. */
  readonly routeOf: (actorId: string) => RoutePlan | undefined;
  readonly gatesOf: (tenantId: string) => Gates;
  readonly deadlineMs: number;
  readonly neighbours: number;
  /** Markets related to a partition's, as known at a moment; none where only a market's own moments are searched. */
  readonly relatedTo?: ((partition: PartitionKey, asOf: number) => Promise<readonly string[]>) | undefined;
  /** Waits for every answer: a replay must not depend on how fast the machine is. */
  readonly patient: boolean;
  readonly onError: (facts: object) => void;
}

/** Gathers what signals are made from: the models' answer for a row, and what came of similar moments. */
export class EvidenceGatherer {
  readonly #parts: EvidenceParts;
  /** Inferences begun before they were asked for, with how many will ask. */
  readonly #ahead = new Map<string, { readonly promise: Promise<Inference>; uses: number }>();
  readonly #partitions = new Map<string, PartitionKey>();
  /** What the models of the serving arm say of the rows that were asked about. */
  readonly #served = new WeakMap<EvidenceRequest, Promise<Inference>>();
  readonly #beside: ArmsBeside;
  #onEvidence: (evidence: Evidence) => void = () => undefined;

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
    const { clock, gatesOf, onError } = parts;
    this.#beside = new ArmsBeside({
      clock,
      gatesOf,
      onError,
      infer: async (route, { row, tenantId }, deadline, encoded) =>
        await this.#start(route, row, deadline, tenantId, { behind: true, encoded }),
      servedInference: (request) => this.#served.get(request)!,
      similar: async (route, request, inference) =>
        (await this.#similar(route, request, inference, this.#deadline(false))).patterns,
    });
  }

  /** Answers of arms beside those that serve that there was no time for. */
  get dropped(): number {
    return this.#beside.dropped;
  }

  /** What signals ask for, as the instruments call it. */
  get ports(): EffectPorts['evidence'] {
    return {
      ahead: (row, subscribers) => this.#inferAhead(row, subscribers),
      gather: async (request, patient) => await this.#gather(request, patient),
      beside: async (request, served, patient) =>
        await this.#beside.ask(request, served, this.#deadline(patient)),
      resolve: (outcome) => this.#resolve(outcome),
    };
  }

  /** Told of all evidence that was gathered. */
  onEvidence(listener: (evidence: Evidence) => void): void {
    this.#onEvidence = listener;
  }

  partition(tenantId: string, symbol: string, timeframe: Timeframe, embeddingVersion: string): PartitionKey {
    const name = `${tenantId}|${symbol}|${timeframe}|${embeddingVersion}`;
    let key = this.#partitions.get(name);
    if (key === undefined) {
      key = { tenantId, symbol, timeframe, embeddingVersion };
      this.#partitions.set(name, key);
    }
    return key;
  }

  #resolve({ tenantId, symbol, timeframe, label }: PatternOutcome): void {
    this.#parts.recorder
      .resolve(tenantId, symbol, timeframe, label)
      .catch((error: unknown) => this.#parts.onError({ symbol, timeframe, error: messageOf(error) }));
  }

  /**
   * Starts the inference of a new row before its signal actors ask for it, so that the rows of a burst run as batches
   * although each actor takes one row after the other.
   */
  #inferAhead(row: FeatureRow, subscribers: readonly string[]): void {
    if (row.bars < WARM_UP_BARS) return;
    for (const actorId of subscribers) {
      const plan = this.#parts.routeOf(actorId);
      if (plan === undefined || !isOfCurrentFeatures(plan)) continue;
      const { tenantId } = readSignalActorId(actorId);
      const route = servingArm(plan, tenantId, row.symbol, row.timeframe, row.closeTime);
      // Its actor will have another model by the time it comes to this row.
      if (takesSequence(route) && row.sequence === undefined) continue;
      const key = inferenceKey(route, row);
      const ahead = this.#ahead.get(key);
      // The second tenant of a model gets the run of the first.
      if (ahead !== undefined) {
        ahead.uses++;
        continue;
      }
      const promise = this.#start(route, row, this.#deadline(false), tenantId);
      // Who asks for it hears of a failure.
      promise.catch(() => undefined);
      // One whose actor took up another model in between is never asked for.
      if (this.#ahead.size >= AHEAD_MAX) this.#ahead.delete(this.#ahead.keys().next().value!);
      this.#ahead.set(key, { promise, uses: 1 });
    }
  }

  #deadline(patient: boolean): number {
    return patient || this.#parts.patient ? Infinity : this.#parts.clock.monotonic() + this.#parts.deadlineMs;
  }

  async #start(
    route: Route,
    row: FeatureRow,
    deadline: number,
    tenantId: string,
    options: Pick<RowOptions, 'behind' | 'encoded'> = {},
  ): Promise<Inference> {
    const { inference, pairOf } = this.#parts;
    const pair = await pairOf(route);
    return await inference.infer(pair, inferenceKey(route, row), row.model, deadline, tenantId, {
      sequence: row.sequence,
      // What is run again must give the same bits.
      alone: deadline === Infinity && pair.batchInvariant === false,
      ...options,
    });
  }

  /** The inference of a row, begun already or now. */
  #infer({ route, row, tenantId }: EvidenceRequest, deadline: number): Promise<Inference> {
    const key = inferenceKey(route, row);
    const ahead = this.#ahead.get(key);
    if (ahead === undefined) return this.#start(route, row, deadline, tenantId);
    ahead.uses--;
    if (ahead.uses === 0) this.#ahead.delete(key);
    return ahead.promise;
  }

  async #gather(request: EvidenceRequest, patient: boolean): Promise<Evidence> {
    let evidence: Evidence;
    try {
      evidence = await this.#ask(request, this.#deadline(patient));
    } catch (error) {
      const late = error instanceof SuhoError && error.code === 'DEADLINE';
      if (!late) this.#parts.onError({ actorId: request.actorId, error: messageOf(error) });
      evidence = {
        closeTime: request.row.closeTime,
        model: undefined,
        modelFailure: late ? 'deadline' : 'error',
        patterns: undefined,
        patternFailure: undefined,
        timing: { queueMs: 0, inferenceMs: 0, patternsMs: 0 },
      };
    }
    this.#onEvidence(evidence);
    return evidence;
  }

  async #ask(request: EvidenceRequest, deadline: number): Promise<Evidence> {
    const { clock } = this.#parts;
    const { route } = request;
    const start = clock.monotonic();
    const running = this.#infer(request, deadline);
    this.#served.set(request, running);
    const inference = await within(clock, deadline, running);
    const inferred = clock.monotonic();
    const found = await this.#similar(route, request, inference, deadline);
    return {
      closeTime: request.row.closeTime,
      model: modelEvidenceOf(route, inference),
      modelFailure: undefined,
      ...found,
      timing: { queueMs: 0, inferenceMs: inferred - start, patternsMs: clock.monotonic() - inferred },
    };
  }

  /** Notes a moment in the embedding of a route, and looks up those like it. */
  async #similar(
    route: Route,
    { row, tenantId }: EvidenceRequest,
    { embedding: vector, reconstructionError }: Inference,
    deadline: number,
  ): Promise<Pick<Evidence, 'patterns' | 'patternFailure'>> {
    const { clock, index, recorder, neighbours: k } = this.#parts;
    const partition = this.partition(tenantId, row.symbol, row.timeframe, route.embeddingVersion);
    recorder.note(partition, row.closeTime, {
      vector,
      conditions: conditionsOf(row.values),
      anomaly: reconstructionError / route.anomalyScale,
    });
    try {
      const asOf = row.closeTime;
      const { relatedTo } = this.#parts;
      const related =
        relatedTo === undefined ? [] : await within(clock, deadline, relatedTo(partition, asOf));
      const lookup = index.search(partition, { vector, k, related, asOf });
      const neighbours = lookup instanceof Promise ? await within(clock, deadline, lookup) : lookup;
      if (neighbours.length === 0) return { patterns: undefined, patternFailure: 'none_yet' };
      return { patterns: vote(partition.embeddingVersion, neighbours), patternFailure: undefined };
    } catch (error) {
      const late = error instanceof SuhoError && error.code === 'DEADLINE';
      return { patterns: undefined, patternFailure: late ? 'deadline' : 'error' };
    }
  }
}

/** Name of one row's run through one pair of models: tenants that share both share it. */
function inferenceKey(route: Route, row: FeatureRow): string {
  return `${route.modelId}/${route.encoderId}/${row.seriesId}/${row.closeTime}`;
}
