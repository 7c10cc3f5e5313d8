import { CATALOGUE } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { likeliest } from '../../actors/signals/aggregation.js';
import type { Caller } from '../credentials/caller.js';
import type { Explanation, Explanations, Moved } from '../explanation/explanations.js';
import type { FoundSignal } from '../explanation/found-signal.js';
import type { SimilarMoment as Moment } from '../explanation/signal-parts.js';
import type { StoredPrediction } from '../prediction-store/prediction-store.js';
import { figuresToProto } from './anomalies.js';
import { invalid } from './failure.js';
import type { ArmForecast } from './generated/suho/v1/ArmForecast.js';
import type { Bar } from './generated/suho/v1/Bar.js';
import type { ExplainSignalRequest__Output as ExplainSignalRequest } from './generated/suho/v1/ExplainSignalRequest.js';
import type { MovedForecast } from './generated/suho/v1/MovedForecast.js';
import type { PlanArm } from './generated/suho/v1/PlanArm.js';
import type { SignalExplanation } from './generated/suho/v1/SignalExplanation.js';
import type { SimilarMoment } from './generated/suho/v1/SimilarMoment.js';
import { modelToProto } from './model-service.js';
import { patternsJson, toProtoDirection } from './signal-encoding.js';
import { forecastToProto, outcomesToProto, storedToProto } from './stored-signals.js';

const FEATURES_MAX = 300;
const ID_MAX = 100;

/** How a caller's signal came to be. Throws `NOT_FOUND`, and `OVERLOADED` when too many are made again. */
export async function explainSignal(
  { prediction_id: id, replay, moved_features: features }: ExplainSignalRequest,
  caller: Caller,
  explanations: Explanations,
): Promise<SignalExplanation> {
  if (id === '' || id.length > ID_MAX) throw invalid('prediction_id', 'it must be the id of a signal.');
  if (features > FEATURES_MAX) throw invalid('moved_features', `at most ${FEATURES_MAX}.`);
  return toProto(await explanations.explain(caller, id, { replay, features }));
}

function toProto(explanation: Explanation): SignalExplanation {
  const { found, row, gates, arms, moments, model, anomalies, replay, moved } = explanation;
  const { kept, facts } = found;
  const at = facts.primaryHorizon * 3;
  const stated = likeliest(facts.forecasts[facts.primaryHorizon]!).probability;
  const record = kept?.signal.calibration;
  return {
    signal: signalToProto(found),
    ...(row === undefined ? {} : { bar: barToProto(row.bar) }),
    features: CATALOGUE.flatMap(({ name, unit }, i) =>
      row === undefined ? [] : [{ name, unit, ...known('value', row.values[i]) }],
    ),
    arms: arms.map(armToProto),
    model_probabilities: kept?.signal.model.probabilities.slice(at, at + 3) ?? [],
    patterns: kept === undefined ? null : patternsJson(kept.signal),
    moments: moments.map(momentToProto),
    gates: gates.map(({ name, reason, value, limit, passed }) => ({
      name,
      reason,
      ...known('value', value),
      ...known('limit', limit),
      passed,
    })),
    ...(record === undefined ? {} : { confidence: { stated, ...record } }),
    ...(kept === undefined
      ? {}
      : {
          timing: {
            inference_ms: kept.signal.timing.inferenceMs,
            patterns_ms: kept.signal.timing.patternsMs,
          },
        }),
    ...(model === undefined ? {} : { model: { model: modelToProto(model), plan: planToProto(explanation) } }),
    ...(anomalies === undefined ? {} : { anomalies: figuresToProto(anomalies) }),
    ...(replay === undefined ? {} : { replay: { same: replay.isSame, steps: [...replay.steps] } }),
    ...(moved === undefined ? {} : { moved: movedToProto(moved) }),
  };
}

/** A number under a name, left out where it is unknown. */
function known<Name extends string>(name: Name, x: number | null | undefined): Partial<Record<Name, number>> {
  return x === null || x === undefined || !Number.isFinite(x)
    ? {}
    : ({ [name]: x } as Partial<Record<Name, number>>);
}

function signalToProto({ stored, kept, facts }: FoundSignal): ReturnType<typeof storedToProto> {
  if (stored !== undefined) return storedToProto(stored);
  // Not stored yet.
  const { model, degraded } = kept!.signal;
  return storedToProto({
    ...facts,
    modelId: model.modelId,
    modelVersion: model.version,
    arm: model.arm,
    primaryHorizon: HORIZONS[facts.primaryHorizon]!,
    degraded,
    outcomes: [],
  });
}

function barToProto(bar: NonNullable<Explanation['row']>['bar']): Bar {
  const { openTime, open, high, low, close, volume, tickCount, bid, ask } = bar;
  return {
    open_time: openTime,
    open,
    high,
    low,
    close,
    ...known('volume', volume),
    ...known('tick_count', tickCount),
    ...known('bid', bid),
    ...known('ask', ask),
  };
}

function armToProto(arm: StoredPrediction): ArmForecast {
  const horizon = HORIZONS.findIndex((each) => each === arm.primaryHorizon);
  const forecast = arm.forecasts[horizon];
  return {
    arm: arm.arm,
    version: arm.modelVersion,
    served: arm.served,
    direction: toProtoDirection(arm.direction),
    confidence: arm.confidence,
    ...(forecast === undefined ? {} : { forecast: forecastToProto(forecast, horizon) }),
    abstained: [...arm.abstained],
    outcomes: outcomesToProto(arm),
  };
}

function momentToProto({ symbol, closeTime, similarity, directions, returns }: Moment): SimilarMoment {
  const outcomes = HORIZONS.flatMap((horizon, i) => {
    const direction = directions[i];
    return direction === undefined || Number.isNaN(direction)
      ? []
      : [{ horizon, direction, return: returns[i] ?? 0 }];
  });
  return { symbol, bar_close_time: closeTime, ...known('similarity', similarity), outcomes };
}

function planToProto({ plan }: Explanation): PlanArm[] {
  if (plan === undefined) return [];
  const share = plan.canary?.share ?? 0;
  const armOf = (
    route: { readonly version: string; readonly modelId: string },
    arm: string,
    of: number,
  ): PlanArm => ({
    arm,
    version: route.version,
    model_sha256: route.modelId,
    share: of,
  });
  return [
    armOf(plan, 'production', 1 - share),
    ...(plan.canary === undefined ? [] : [armOf(plan.canary.route, 'canary', share)]),
    ...(plan.shadows ?? []).map((shadow) => armOf(shadow, 'shadow', 0)),
  ];
}

/** What moved a forecast, in the words of the API. */
function movedToProto(moved: Moved): MovedForecast {
  if ('note' in moved) return { direction: 'DIRECTION_FLAT', probability: 0, features: [], note: moved.note };
  const { direction, probability, features } = moved;
  return {
    direction: direction === 'up' ? 'DIRECTION_LONG' : 'DIRECTION_SHORT',
    probability,
    features: features.map(({ name, kind, value, change }) => ({
      name,
      kind,
      ...known('value', value),
      change,
    })),
    note: '',
  };
}
