import { HORIZONS } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import type { Signal } from '../../actors/signals/signal.js';
import { SuhoError } from '../../engine/errors.js';
import type { IdentifiedRow, SeriesIdentity } from '../../engine/feature-store/feature-store.js';
import type { PredictionEvent, StoredRow, TradeRecord } from '../../engine/journal/records.js';
import type { PredictionStore, PredictionSummary } from '../../engine/prediction-store/prediction-store.js';
import type { ProcessClock } from './virtual-time.js';

/** How a store is at present. */
export interface StoreState {
  isAway: boolean;
  /** Milliseconds a call takes. */
  readonly latencyMs: () => number;
}

/** What a feature store holds; it outlives the engine. */
export class FeatureContents {
  readonly rows = new Map<string, StoredRow>();
  readonly bySeries = new Map<string, Bar[]>();

  /** Some rows of one tenant are refused for good, as a store refuses what it cannot hold. */
  static isRefused(seriesId: string, closeTime: number): boolean {
    return seriesId.startsWith('zen@') && (closeTime / 60_000) % 977 === 0;
  }
}

async function call(state: StoreState, clock: ProcessClock): Promise<void> {
  await clock.after(state.latencyMs());
  if (state.isAway) throw new SuhoError('STORE_UNAVAILABLE', 'the store is away');
}

/** A feature store in memory, that can be away, slow, and refuse rows. */
export class SimulatedFeatureStore {
  readonly #contents: FeatureContents;
  readonly #state: StoreState;
  readonly #clock: ProcessClock;

  constructor(contents: FeatureContents, state: StoreState, clock: ProcessClock) {
    this.#contents = contents;
    this.#state = state;
    this.#clock = clock;
  }

  async write(rows: readonly IdentifiedRow[]): Promise<void> {
    await call(this.#state, this.#clock);
    if (rows.some(({ row }) => FeatureContents.isRefused(row.seriesId, row.closeTime)))
      throw new SuhoError('RECORD_REFUSED', 'a row whose time the store does not hold');
    for (const { row } of rows) {
      const key = `${row.seriesId}|${row.closeTime}`;
      if (!this.#contents.rows.has(key)) this.#keepBar(row);
      this.#contents.rows.set(key, row);
    }
  }

  async barsAfter(series: SeriesIdentity, after: number, limit: number): Promise<Bar[]> {
    await call(this.#state, this.#clock);
    const { tenantId, feed, symbol, timeframe } = series;
    const id = `${tenantId === 'platform' ? feed : `${tenantId}@${feed}`}/${symbol}/${timeframe}`;
    const bars = this.#contents.bySeries.get(id) ?? [];
    return bars.filter(({ openTime }) => openTime > after).slice(0, limit);
  }

  #keepBar({ seriesId, bar }: StoredRow): void {
    const bars = this.#contents.bySeries.get(seriesId) ?? [];
    bars.push(bar);
    bars.sort((a, b) => a.openTime - b.openTime);
    this.#contents.bySeries.set(seriesId, bars);
  }
}

/** What a prediction store holds. */
export class PredictionContents {
  readonly signals = new Map<string, Signal>();
  /** What arms that did not serve said. */
  readonly answers = new Map<string, Signal>();
  /** Outcomes by `prediction|horizon`. */
  readonly outcomes = new Map<string, number>();
  readonly trades = new Map<string, TradeRecord>();
}

/** A prediction store in memory: inserts do nothing where the key is there, as in PostgreSQL. */
export class SimulatedPredictionStore implements PredictionStore {
  readonly #contents: PredictionContents;
  readonly #state: StoreState;
  readonly #clock: ProcessClock;

  constructor(contents: PredictionContents, state: StoreState, clock: ProcessClock) {
    this.#contents = contents;
    this.#state = state;
    this.#clock = clock;
  }

  async write(events: readonly PredictionEvent[]): Promise<void> {
    await call(this.#state, this.#clock);
    const { signals, answers, outcomes, trades } = this.#contents;
    for (const event of events) {
      if (event.kind === 'signal') {
        const { predictionId } = event.signal;
        if (!signals.has(predictionId)) signals.set(predictionId, event.signal);
      } else if (event.kind === 'answer') {
        answers.set(event.signal.predictionId, event.signal);
      } else if (event.kind === 'outcome') {
        // The reference knows of signals alone.
        if (answers.has(event.predictionId)) continue;
        outcomes.set(`${event.predictionId}|${HORIZONS[event.label.horizon]!}`, event.label.direction);
      } else if (!trades.has(`${event.trade.tenantId}|${event.trade.tradeId}`)) {
        trades.set(`${event.trade.tenantId}|${event.trade.tradeId}`, event.trade);
      }
    }
  }

  async find(tenantId: string, predictionId: string): Promise<PredictionSummary | undefined> {
    await call(this.#state, this.#clock);
    const signal = this.#contents.signals.get(predictionId);
    if (signal?.tenantId !== tenantId) return undefined;
    const { symbol, timeframe, barCloseTime, model } = signal;
    return { symbol, timeframe, barCloseTime, modelVersion: model.version };
  }

  async hasTrade(tenantId: string, tradeId: string): Promise<boolean> {
    await call(this.#state, this.#clock);
    return this.#contents.trades.has(`${tenantId}|${tradeId}`);
  }

  async applyRetention(): Promise<number> {
    return await Promise.resolve(0);
  }

  async sql(): Promise<readonly Record<string, unknown>[]> {
    return await Promise.resolve([]);
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}
