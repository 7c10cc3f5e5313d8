import { makeSignal } from '../../actors/signals/aggregation.js';
import type { Calibrated } from '../../actors/signals/calibration.js';
import type { Evidence, PatternEvidence } from '../../actors/signals/evidence.js';
import { isValidModelEvidence } from '../../actors/signals/evidence-validity.js';
import type { Gates } from '../../actors/signals/gates.js';
import { predictionId } from '../../actors/signals/prediction-id.js';
import type { Route } from '../../actors/signals/route.js';
import type { Signal } from '../../actors/signals/signal.js';
import type { Clock } from '../clock.js';
import { SuhoError, messageOf } from '../errors.js';
import type { Encoding, Inference } from '../inference/inference.js';
import type { ArmAnswer, ArmFailure } from '../instruments/arm-answer.js';
import type { EvidenceRequest } from '../instruments/effects.js';
import { modelEvidenceOf } from './model-evidence.js';

export interface ArmsBesideParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Runs an arm's models behind all that signals wait for: its predictor alone where what its encoder said is given. */
  readonly infer: (
    route: Route,
    request: EvidenceRequest,
    deadline: number,
    encoded: Encoding | undefined,
  ) => Promise<Inference>;
  /** What the models of the serving arm say of the row. */
  readonly servedInference: (request: EvidenceRequest) => Promise<Inference>;
  /** What similar moments say in an arm's own embedding; it notes the moment there. */
  readonly similar: (
    route: Route,
    request: EvidenceRequest,
    inference: Inference,
  ) => Promise<PatternEvidence | undefined>;
  readonly gatesOf: (tenantId: string) => Gates;
  readonly onError: (facts: object) => void;
}

/**
 * Asks the arms that do not serve a bar: each runs once what signals wait for has run, and its answer is dropped when there
 * is no time. Nothing waits for it, so a signal is as fast with arms beside it as without.
 */
export class ArmsBeside {
  readonly #parts: ArmsBesideParts;
  #dropped = 0;

  constructor(parts: ArmsBesideParts) {
    this.#parts = parts;
  }

  /** Answers that there was no time for, since start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Answers of all arms beside the one that serves, whose evidence is `served`. Never rejects. */
  async ask(request: EvidenceRequest, served: Promise<Evidence>, deadline: number): Promise<ArmAnswer[]> {
    const { infer, servedInference } = this.#parts;
    // An encoder that several arms share sees the row once: with the first of them.
    const firsts = new Map([[request.route.encoderId, servedInference(request)]]);
    const inferenceOf = async (route: Route): Promise<Inference> => {
      const first = firsts.get(route.encoderId);
      if (first !== undefined) return await infer(route, request, deadline, await encodingOf(first));
      const inference = infer(route, request, deadline, undefined);
      firsts.set(route.encoderId, inference);
      return await inference;
    };
    return await Promise.all(
      request.beside.map(async (route) => {
        try {
          return await this.#answer(request, route, served, deadline, inferenceOf);
        } catch (error) {
          return { route, signal: undefined, failure: this.#failureOf(request, route, error) };
        }
      }),
    );
  }

  #failureOf({ actorId }: EvidenceRequest, route: Route, error: unknown): ArmFailure {
    const code = error instanceof SuhoError ? error.code : undefined;
    if (code === 'OVERLOADED' || code === 'DEADLINE' || code === 'STOPPING') {
      this.#dropped++;
      return 'dropped';
    }
    this.#parts.onError({ actorId, arm: route.arm, version: route.version, error: messageOf(error) });
    return code === 'BAD_MODEL' ? 'bad_model' : 'error';
  }

  async #answer(
    request: EvidenceRequest,
    route: Route,
    served: Promise<Evidence>,
    deadline: number,
    inferenceOf: (route: Route) => Promise<Inference>,
  ): Promise<ArmAnswer> {
    const { clock, similar, gatesOf } = this.#parts;
    const { row, tenantId, userId } = request;
    const start = clock.monotonic();
    const inference = await inferenceOf(route);
    const inferred = clock.monotonic();
    const model = modelEvidenceOf(route, inference);
    if (!isValidModelEvidence(model)) return { route, signal: undefined, failure: 'bad_model' };
    // What was looked up for the serving arm stands for every arm with its encoder.
    const isShared =
      route.encoderId === request.route.encoderId &&
      route.embeddingVersion === request.route.embeddingVersion;
    const patterns = isShared ? (await served).patterns : await similar(route, request, inference);
    const evidence: Evidence = {
      closeTime: row.closeTime,
      model,
      modelFailure: undefined,
      patterns,
      patternFailure: patterns === undefined ? 'none_yet' : undefined,
      timing: { queueMs: 0, inferenceMs: inferred - start, patternsMs: clock.monotonic() - inferred },
    };
    // Confidence as the arm states it: the record that corrects it is of signals that were sent.
    const calibrate = (_horizon: number, probability: number): Calibrated => ({ probability });
    const gates = gatesOf(tenantId);
    const signal = makeSignal({ tenantId, userId, row, route, gates, evidence, model, calibrate });
    return {
      route,
      signal: { ...signal, predictionId: answerId(signal, route) },
      failure: inferred > deadline ? 'deadline' : undefined,
    };
  }
}

/** What the encoder said where another arm ran it; undefined where that failed. */
async function encodingOf(inference: Promise<Inference>): Promise<Encoding | undefined> {
  return await inference.catch(() => undefined);
}

/**
 * Id of an answer that is no signal. With the model's hash in its name: versions of two levels (platform, tenant) may have
 * one number.
 */
function answerId(signal: Signal, route: Route): string {
  const { tenantId, userId, symbol, timeframe, barCloseTime } = signal;
  const version = `${route.version}/${route.modelId}`;
  return predictionId(tenantId, symbol, timeframe, barCloseTime, version, userId);
}
