import { HORIZONS } from '../../actors/features/labels.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { Signal } from '../../actors/signals/signal.js';
import { SuhoError, quoted } from '../errors.js';
import { isKnownTo } from '../instruments/audience.js';
import { readSignalActorId } from '../instruments/ids.js';
import type { Instruments } from '../instruments/instruments.js';
import type { Journal } from '../journal/journal.js';
import type { ConclusionRecord } from '../journal/records.js';
import type { PredictionHistory, StoredPrediction } from '../prediction-store/prediction-store.js';

/** What is known of a signal wherever it is found. */
type SignalFacts = Omit<Signal, 'model' | 'patterns' | 'timing' | 'degraded' | 'calibration'>;

/** A tenant's signal, from the journal while it is kept there, and as it is stored. */
export interface FoundSignal {
  readonly facts: SignalFacts;
  /** With all it was made from, as long as the journal keeps it, and its place in the stream. */
  readonly kept:
    { readonly signal: Signal; readonly conclusion: ConclusionRecord; readonly sequence: number } | undefined;
  readonly stored: StoredPrediction | undefined;
  /** Series of its bar; undefined when nobody follows it any more. */
  readonly seriesId: string | undefined;
}

export interface SignalSources {
  readonly journal: Pick<Journal, 'predictions'>;
  readonly history: Pick<PredictionHistory, 'get'>;
  readonly instruments: Pick<Instruments, 'all'>;
}

/**
 * A caller's signal, its own or its tenant's, by its prediction id. Throws `NOT_FOUND`, in the same words, for one that is not there and one of another
 * tenant, and `STORE_UNAVAILABLE` when only the store could know it and is away.
 */
export async function findSignal(
  { journal, history, instruments }: SignalSources,
  caller: SignalOwner,
  predictionId: string,
): Promise<FoundSignal> {
  const { tenantId, userId } = caller;
  const found = journal.predictions.conclusions.conclusionOf(predictionId);
  const result = found?.conclusion.result;
  const signal = result?.kind === 'signal' && isKnownTo(caller, result.signal) ? result.signal : undefined;
  let failure: unknown;
  const stored = await history.get(tenantId, predictionId, userId).catch((error: unknown) => {
    failure = error;
    return undefined;
  });
  if (signal !== undefined && found !== undefined) {
    const { seriesId } = readSignalActorId(found.conclusion.actorId);
    return { facts: signal, kept: { signal, ...found }, stored, seriesId };
  }
  if (stored !== undefined)
    return {
      facts: factsOf(tenantId, stored),
      kept: undefined,
      stored,
      seriesId: followedSeries(instruments, tenantId, stored),
    };
  if (failure !== undefined) throw failure;
  throw new SuhoError(
    'NOT_FOUND',
    `There is no signal ${quoted(predictionId)}; it may be past its retention.`,
  );
}

/** A series of a symbol and timeframe on which a tenant has signals. */
function followedSeries(
  instruments: Pick<Instruments, 'all'>,
  tenantId: string,
  { symbol, timeframe }: Pick<StoredPrediction, 'symbol' | 'timeframe'>,
): string | undefined {
  for (const instrument of instruments.all()) {
    if (instrument.definition.symbol !== symbol) continue;
    const followed = instrument.definition.signals.find(
      (each) => each.tenantId === tenantId && each.timeframe === timeframe,
    );
    if (followed !== undefined) return instrument.seriesId(followed.timeframe);
  }
  return undefined;
}

/** What a stored prediction tells of its signal. */
function factsOf(tenantId: string, stored: StoredPrediction): SignalFacts {
  return {
    predictionId: stored.predictionId,
    tenantId,
    ...(stored.userId === undefined ? {} : { userId: stored.userId }),
    symbol: stored.symbol,
    timeframe: stored.timeframe as Signal['timeframe'],
    barCloseTime: stored.barCloseTime,
    price: stored.price,
    direction: stored.direction,
    confidence: stored.confidence,
    primaryHorizon: Math.max(
      0,
      HORIZONS.findIndex((horizon) => horizon === stored.primaryHorizon),
    ),
    forecasts: stored.forecasts,
    anomaly: stored.anomaly,
    qualityScore: stored.qualityScore,
    qualityFlags: stored.qualityFlags,
    abstained: stored.abstained as Signal['abstained'],
  };
}
