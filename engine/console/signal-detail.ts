import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';
import { timeframeMs } from '../../actors/market/timeframe.js';
import type { Signal } from '../../actors/signals/signal.js';
import type { Caller } from '../credentials/caller.js';
import type { Engine } from '../engine.js';
import { SuhoError } from '../errors.js';
import type { SeriesIdentity } from '../feature-store/feature-store.js';
import { partitionName, readMomentId } from '../patterns/pattern-index.js';
import type { SeriesDirectory } from './series.js';
import { flagNames, horizonsOf, rowOfPrediction, rowOfSignal } from './signal-views.js';
import type { MomentView, MovedView, PathView, SignalDetail } from './wire.js';

/** Bars of a path before its moment. */
const BEFORE = 24;
/** Bars after it: half as many again as the horizon has, within these. */
const AFTER_MIN = 12;
const AFTER_MAX = 120;

/** Inputs that moved a forecast that are shown. */
const MOVED_SHOWN = 12;

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
    const whole = await this.#engine.explanations.find(caller, id);
    const { facts: found, kept, stored } = whole;
    const signal = kept?.signal;
    const vote = signal?.patterns?.votes[found.primaryHorizon];
    const series = this.#seriesOf(caller, found);
    const paths = series === undefined ? undefined : await this.#paths(series.identity, found, signal);
    const row =
      series === undefined ? undefined : this.#engine.journal.rows.get(series.id, found.barCloseTime);
    return {
      signal: stored === undefined ? rowOfSignal(signal!) : rowOfPrediction(stored),
      modelId: signal?.model.modelId ?? stored?.modelId ?? '',
      arm: signal?.model.arm ?? stored?.arm ?? '',
      horizons: horizonsOf(found, signal, stored?.outcomes ?? []),
      gates: this.#engine.explanations.gates(whole, row),
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

  /** The inputs that moved the forecast of a signal. Throws as {@link get} does, and `OVERLOADED`. */
  async moved(caller: Caller, id: string): Promise<MovedView> {
    const options = { replay: false, features: MOVED_SHOWN };
    const { moved } = await this.#engine.explanations.explain(caller, id, options);
    if (moved === undefined || 'note' in moved)
      return { direction: null, features: [], note: moved?.note ?? '' };
    const { direction, features } = moved;
    return {
      direction,
      features: features.map((feature) => ({ ...feature, value: finite(feature.value) })),
      note: null,
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
        const { symbol, closeTime: time } = readMomentId(id);
        // A related market comes from the same feed as a rule; where it does not, its path is not drawn.
        const path = await this.#path({ ...identity, symbol }, time, after);
        if (path === undefined) continue;
        const partition = partitionName({
          tenantId,
          embeddingVersion: patterns!.embeddingVersion,
          symbol,
          timeframe,
        });
        const returns = this.#engine.journal.moments.get(partition, time)?.returns ?? [];
        moments.push({ ...path, symbol, returns: HORIZONS.map((_, i) => finite(returns[i])) });
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
