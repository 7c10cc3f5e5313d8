import { CATALOGUE } from '../../actors/features/catalogue.js';
import type { Bar } from '../../actors/market/bar.js';
import { timeframeMs } from '../../actors/market/timeframe.js';
import type { Caller } from '../credentials/caller.js';
import type { Engine } from '../engine.js';
import { isFor, ownSignals } from '../instruments/audience.js';
import { LAST_TIME } from '../feature-store/row-blocks.js';
import { SuhoError, quoted } from '../errors.js';
import type { SeriesDirectory, VisibleSeries } from './series.js';
import { rowOfPrediction, rowOfSignal } from './signal-views.js';
import type {
  BalanceView,
  BarRow,
  BarsView,
  DayView,
  FeatureValue,
  FeatureView,
  SignalRow,
  SignalsView,
} from './wire.js';

/** Rows the journal is asked for beside the store's: what a store that keeps up has not taken yet is far fewer. */
const UNSTORED_MAX = 2_000;
const STORE_AWAY = 'The store is away; only what the journal still has is shown.';

const NAMES = new Set(CATALOGUE.map(({ name }) => name));

/** The catalogue of features, for the page. */
export const FEATURE_VIEWS: readonly FeatureView[] = CATALOGUE.map(
  ({ name, group, unit, formula, warmUpBars, form, talib }) => ({
    name,
    group,
    unit,
    formula,
    warmUpBars,
    form,
    talib: talib ?? null,
  }),
);

/** Bars, signals, features and their quality, of series that the caller may see. */
export class MarketData {
  readonly #engine: Engine;
  readonly #series: SeriesDirectory;

  constructor(engine: Engine, series: SeriesDirectory) {
    this.#engine = engine;
    this.#series = series;
  }

  /** The newest bars that closed before a time. What the store has not taken yet comes from the journal. */
  async bars(caller: Caller, id: string, before: number, limit: number): Promise<BarsView> {
    const series = this.#series.find(caller, id);
    const { features } = this.#engine;
    const stored = await away(features.bars(series.identity, Math.min(before - 1, LAST_TIME), limit));
    const last = stored?.at(-1)?.openTime ?? -Infinity;
    const unstored = this.#unstored(series, last, before, limit);
    return {
      bars: [...(stored ?? []), ...unstored].slice(-limit).map(barRow),
      note: stored === undefined ? STORE_AWAY : null,
    };
  }

  /** Bars in the journal that opened after a time and closed before another. */
  #unstored({ id, timeframe }: VisibleSeries, after: number, before: number, limit: number): Bar[] {
    const { rows } = this.#engine.journal;
    const bars: Bar[] = [];
    const most = Math.min(limit, UNSTORED_MAX);
    const from = Math.max(after + 1, rows.lastOf(id) - most * timeframeMs(timeframe));
    let read = 0;
    for (const { bar, closeTime } of rows.of(id, from)) {
      if (closeTime >= before || read++ > UNSTORED_MAX) break;
      if (bar.openTime > after) bars.push(bar);
    }
    return bars;
  }

  /** The newest signals of a series on bars that closed in [from, to], stored or not. */
  async signals(caller: Caller, id: string, from: number, to: number, limit: number): Promise<SignalsView> {
    const series = this.#series.find(caller, id);
    const { timeframe, identity } = series;
    const { predictions, journal } = this.#engine;
    const { instruments } = this.#engine;
    if (series.actorId === undefined) return { signals: [], note: null };
    const user = ownSignals(instruments, caller);
    const range = { symbol: identity.symbol, timeframe, from, to: Math.min(to, LAST_TIME), limit, user };
    const stored = await away(predictions.history.range(caller.tenantId, range));
    const last = stored?.at(-1)?.barCloseTime;
    const since = last === undefined ? from : last + 1;
    const { tenantId } = caller;
    const owners = user === undefined ? [{ tenantId }] : [{ tenantId }, { tenantId, userId: user.userId }];
    const unstored = owners
      .flatMap((owner) => {
        const actorId = series.instrument.signalActorId({ ...owner, timeframe });
        return journal.predictions.conclusions.newestSignals(actorId, since, Math.min(limit, UNSTORED_MAX));
      })
      .filter((found) => found.signal.barCloseTime <= to && isFor(instruments, caller, found))
      .map(({ signal }) => rowOfSignal(signal))
      .sort((a, b) => a.time - b.time);
    const signals: SignalRow[] = [...(stored ?? []).map(rowOfPrediction), ...unstored];
    return { signals: signals.slice(-limit), note: stored === undefined ? STORE_AWAY : null };
  }

  async days(caller: Caller, id: string, from: number, limit: number): Promise<readonly DayView[]> {
    const { identity } = this.#series.find(caller, id);
    return await this.#engine.features.days(identity, from, LAST_TIME, limit);
  }

  async balance(caller: Caller, id: string): Promise<readonly BalanceView[]> {
    return await this.#engine.features.labelBalance(this.#series.find(caller, id).identity);
  }

  /** Values of a feature at the newest bars, oldest first, where they are known. */
  async feature(caller: Caller, id: string, name: string, limit: number): Promise<readonly FeatureValue[]> {
    const { identity } = this.#series.find(caller, id);
    if (!NAMES.has(name))
      throw new SuhoError('NOT_FOUND', `There is no feature ${quoted(name)}; choose one from the catalogue.`);
    const { features } = this.#engine;
    const bars = await features.bars(identity, LAST_TIME, limit);
    const [first] = bars;
    if (first === undefined) return [];
    const values = await features.columns(identity, [name], first.openTime + 1, LAST_TIME);
    return [...values]
      .flatMap(([time, row]): FeatureValue[] => (row[name] === undefined ? [] : [[time, row[name]]]))
      .sort(([a], [b]) => a - b)
      .slice(-limit);
  }
}

/** What a store answers; undefined while it is away. */
async function away<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SuhoError && error.code === 'STORE_UNAVAILABLE') return undefined;
    throw error;
  }
}

function barRow({ openTime, open, high, low, close, volume }: Bar): BarRow {
  return [openTime, open, high, low, close, Number.isFinite(volume) ? volume : null];
}
