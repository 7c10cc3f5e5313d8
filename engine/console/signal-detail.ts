import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';
import { timeframeMs } from '../../actors/market/timeframe.js';
import { DEFAULT_GATES } from '../../actors/signals/gates.js';
import type { Signal } from '../../actors/signals/signal.js';
import type { Caller } from '../credentials/caller.js';
import type { Engine } from '../engine.js';
import { SuhoError, quoted } from '../errors.js';
import type { SeriesIdentity } from '../feature-store/feature-store.js';
import { partitionName } from '../patterns/pattern-index.js';
import type { StoredPrediction } from '../prediction-store/prediction-store.js';
import type { SeriesDirectory } from './series.js';
import { flagNames, gatesOf, horizonsOf, rowOfPrediction, rowOfSignal } from './signal-views.js';
import type { MomentView, PathView, SignalDetail } from './wire.js';

/** Bars of a path before its moment. */
const BEFORE = 24;
/** Bars after it: half as many again as the horizon has, within these. */
const AFTER_MIN = 12;
const AFTER_MAX = 120;

/** All that is known of one signal: from the journal while it keeps it, else from the store. */
export class SignalDetails {
  readonly #engine: Engine;
  readonly #series: SeriesDirectory;

  constructor(engine: Engine, series: SeriesDirectory) {
    this.#engine = engine;
    this.#series = series;
  }

  /** Throws `NOT_FOUND`, in the same words, for one that is not there and one of another tenant. */
  async get(caller: Caller, id: string): Promise<SignalDetail> {
    const { journal, predictions } = this.#engine;
    const { tenantId } = caller;
    const kept = journal.predictions.conclusions.signalOf(id);
    const signal = kept?.tenantId === tenantId ? kept : undefined;
    let failure: unknown;
    const stored = await predictions.history.get(tenantId, id).catch((error: unknown) => {
      failure = error;
      return undefined;
    });
    const found = signal ?? (stored === undefined ? undefined : signalOf(stored));
    if (found !== undefined) return await this.#detail(caller, found, signal, stored);
    if (failure !== undefined) throw failure;
    throw new SuhoError('NOT_FOUND', `There is no signal ${quoted(id)}; it may be past its retention.`);
  }

  async #detail(
    caller: Caller,
    found: Pick<Signal, keyof Signal & keyof ReturnType<typeof signalOf>>,
    signal: Signal | undefined,
    stored: StoredPrediction | undefined,
  ): Promise<SignalDetail> {
    const { config } = this.#engine;
    const gates = config.tenants.find((tenant) => tenant.id === caller.tenantId)?.gates ?? DEFAULT_GATES;
    const primary = found.forecasts[found.primaryHorizon]!;
    const vote = signal?.patterns?.votes[found.primaryHorizon];
    const row = stored === undefined ? signal && rowOfSignal(signal) : rowOfPrediction(stored);
    const series = this.#seriesOf(caller, found);
    const paths = series === undefined ? undefined : await this.#paths(series.identity, found, signal);
    const spread = series === undefined ? undefined : this.#spread(series.id, found.barCloseTime);
    const spreads = spread === undefined || !(spread > 0) ? null : Math.abs(primary.expectedReturn) / spread;
    return {
      signal: row!,
      modelId: signal?.model.modelId ?? stored?.modelId ?? '',
      arm: signal?.model.arm ?? stored?.arm ?? '',
      horizons: horizonsOf(found, signal, stored?.outcomes ?? []),
      gates: gatesOf(found, primary, gates, spreads),
      anomaly: found.anomaly,
      quality: { score: found.qualityScore, flags: flagNames(found.qualityFlags) },
      patterns:
        signal?.patterns === undefined || vote === undefined
          ? null
          : {
              embeddingVersion: signal.patterns.embeddingVersion,
              similarity: signal.patterns.similarity,
              winRate: vote.winRate,
              winRateLow: vote.winRateLow,
              winRateHigh: vote.winRateHigh,
              direction: vote.direction,
            },
      timing: signal?.timing ?? null,
      path: paths?.own ?? null,
      moments: paths?.moments ?? [],
    };
  }

  /** The series of a signal: of its symbol and timeframe, on which the tenant has signals. */
  #seriesOf(
    caller: Caller,
    {
      symbol,
      timeframe,
      predictionId,
      barCloseTime,
    }: Pick<Signal, 'symbol' | 'timeframe' | 'predictionId' | 'barCloseTime'>,
  ): { readonly id: string; readonly identity: SeriesIdentity } | undefined {
    const all = this.#series
      .list(caller)
      .filter((view) => view.signals && view.symbol === symbol && view.timeframe === timeframe)
      .map(({ id }) => this.#series.find(caller, id));
    const { conclusions } = this.#engine.journal.predictions;
    // The same symbol may come from two feeds.
    const own = all.find(({ actorId = '' }) => {
      const result = conclusions.get(actorId, barCloseTime)?.result;
      return result?.kind === 'signal' && result.signal.predictionId === predictionId;
    });
    return own ?? all[0];
  }

  /** The spread of a bar relative to its close, as far as the journal has the bar. */
  #spread(seriesId: string, closeTime: number): number | undefined {
    const bar = this.#engine.journal.rows.get(seriesId, closeTime)?.bar;
    return bar === undefined ? undefined : (bar.ask - bar.bid) / bar.close;
  }

  async #paths(
    identity: SeriesIdentity,
    {
      barCloseTime,
      primaryHorizon,
      timeframe,
      tenantId,
    }: Pick<Signal, 'barCloseTime' | 'primaryHorizon' | 'timeframe' | 'tenantId'>,
    signal: Signal | undefined,
  ): Promise<{ readonly own: PathView; readonly moments: readonly MomentView[] } | undefined> {
    const bars = (HORIZON_MS[primaryHorizon]! / timeframeMs(timeframe)) * 1.5;
    const after = Math.min(AFTER_MAX, Math.max(AFTER_MIN, Math.ceil(bars)));
    try {
      const own = await this.#path(identity, barCloseTime, after);
      if (own === undefined) return undefined;
      const moments: MomentView[] = [];
      const { patterns } = signal ?? {};
      for (const id of patterns?.nearest ?? []) {
        const time = Number(id.slice(id.lastIndexOf('/') + 1));
        const path = await this.#path(identity, time, after);
        if (path === undefined) continue;
        const partition = partitionName({
          tenantId,
          embeddingVersion: patterns!.embeddingVersion,
          symbol: identity.symbol,
          timeframe,
        });
        const returns = this.#engine.journal.moments.get(partition, time)?.returns ?? [];
        moments.push({ ...path, returns: HORIZONS.map((_, i) => finite(returns[i])) });
      }
      return { own, moments };
    } catch (error) {
      if (error instanceof SuhoError && error.code === 'STORE_UNAVAILABLE') return undefined;
      throw error;
    }
  }

  async #path(identity: SeriesIdentity, closeTime: number, after: number): Promise<PathView | undefined> {
    const { features } = this.#engine;
    const before = await features.bars(identity, closeTime, BEFORE + 1);
    const last = before.at(-1);
    if (last === undefined) return undefined;
    const later = await features.barsAfter(identity, last.openTime, after);
    const relative = ({ close }: { readonly close: number }): number => close / last.close - 1;
    return { time: closeTime, before: before.map(relative), after: later.map(relative) };
  }
}

function finite(x: number | undefined): number | null {
  return x === undefined || !Number.isFinite(x) ? null : x;
}

/** What a stored prediction tells of its signal. */
function signalOf(stored: StoredPrediction): Omit<Signal, 'model' | 'patterns' | 'timing' | 'degraded'> {
  return {
    predictionId: stored.predictionId,
    tenantId: '',
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
