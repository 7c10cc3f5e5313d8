import { HORIZONS, type Label } from '../../actors/features/labels.js';
import type { Journal } from '../journal/journal.js';
import type { PatternRecord, TradeOutcome, TradeRecord } from '../journal/records.js';
import { partitionName, type PartitionKey, type Pattern, type PatternIndex } from './pattern-index.js';

interface OpenPattern {
  readonly vector: Float32Array;
  readonly directions: number[];
  readonly returns: number[];
  readonly conditions: PatternRecord['conditions'];
  readonly anomaly: number | undefined;
  trades: TradeOutcome | undefined;
}

/**
 * Records patterns: pending from their signal until the outcome of the longest horizon is known, then added to
 * the index. Everything is in the journal, so the index is the same after a restart; an external index is fed from
 * the journal by its sink.
 */
export class PatternRecorder {
  readonly #journal: Journal;
  /** The embedded index; undefined if the index is external. */
  readonly #index: PatternIndex | undefined;
  readonly #open = new Map<string, Map<number, OpenPattern>>();
  /** Partitions of a tenant's series, by `tenant|symbol|timeframe`. */
  readonly #partitions = new Map<string, PartitionKey[]>();

  constructor(journal: Journal, index: PatternIndex | undefined) {
    this.#journal = journal;
    this.#index = index;
  }

  /** Opens a partition, filling it from the journal the first time. */
  async use(key: PartitionKey): Promise<void> {
    const name = partitionName(key);
    if (this.#open.has(name)) return;
    const open = new Map<number, OpenPattern>();
    this.#open.set(name, open);
    const series = seriesName(key.tenantId, key.symbol, key.timeframe);
    this.#partitions.set(series, [...(this.#partitions.get(series) ?? []), key]);
    const known: Pattern[] = [];
    for (const [closeTime, pattern] of this.#journal.patterns(name)) {
      const { vector, directions, returns, conditions, anomaly, trades, resolvedAt } = pattern;
      if (resolvedAt === 0)
        open.set(closeTime, {
          vector,
          directions: [...directions],
          returns: [...returns],
          conditions,
          anomaly,
          trades,
        });
      else if (!directions.some(Number.isNaN)) known.push({ closeTime, ...pattern });
    }
    await this.#index?.add(key, known);
  }

  /** Whether the journal holds no moment of a partition. */
  isEmpty(key: PartitionKey): boolean {
    for (const _ of this.#journal.patterns(partitionName(key))) return false;
    return true;
  }

  /** Records a moment whose outcome is pending. */
  note(
    key: PartitionKey,
    closeTime: number,
    moment: Pick<PatternRecord, 'vector' | 'conditions' | 'anomaly'>,
  ): void {
    const name = partitionName(key);
    const open = this.#open.get(name);
    if (open === undefined || open.has(closeTime)) return;
    const unknown = HORIZONS.map(() => NaN);
    const { vector, conditions, anomaly } = moment;
    const pattern = {
      vector,
      directions: [...unknown],
      returns: [...unknown],
      conditions,
      anomaly,
      trades: undefined,
    };
    open.set(closeTime, pattern);
    this.#journal.appendPattern(name, closeTime, { ...pattern, resolvedAt: 0 });
  }

  /** Adds moments whose outcome is known already, in the order it became known. */
  async addKnown(
    key: PartitionKey,
    patterns: readonly (Pattern & Pick<PatternRecord, 'conditions'>)[],
  ): Promise<void> {
    const known = patterns.filter(({ directions }) => !directions.some(Number.isNaN));
    for (const { closeTime, ...record } of known)
      this.#journal.appendPattern(partitionName(key), closeTime, record);
    await this.#index?.add(key, known);
  }

  /** Records an outcome; with the last one the moment enters the index. */
  async resolve(tenantId: string, symbol: string, timeframe: string, label: Readonly<Label>): Promise<void> {
    for (const key of this.#partitions.get(seriesName(tenantId, symbol, timeframe)) ?? []) {
      const name = partitionName(key);
      const open = this.#open.get(name);
      const pattern = open?.get(label.closeTime);
      if (open === undefined || pattern === undefined) continue;
      pattern.directions[label.horizon] = label.direction;
      pattern.returns[label.horizon] = label.return;
      const complete = label.horizon === HORIZONS.length - 1;
      const resolvedAt = complete ? label.resolvedAt : 0;
      this.#journal.appendPattern(name, label.closeTime, { ...pattern, resolvedAt });
      if (!complete) continue;
      open.delete(label.closeTime);
      if (!pattern.directions.some(Number.isNaN))
        await this.#index?.add(key, [{ closeTime: label.closeTime, ...pattern, resolvedAt }]);
    }
  }

  /** Adds the result of a closed trade to the pattern of its prediction. Earlier appends must be on disk. */
  addTrade(trade: TradeRecord): void {
    const { tenantId, symbol, timeframe, barCloseTime: closeTime } = trade;
    for (const key of this.#partitions.get(seriesName(tenantId, symbol, timeframe)) ?? []) {
      const name = partitionName(key);
      const open = this.#open.get(name)?.get(closeTime);
      const pattern =
        open === undefined ? this.#journal.pattern(name, closeTime) : { ...open, resolvedAt: 0 };
      if (pattern === undefined) continue;
      const { count = 0, won = 0, pips = 0, percent = 0 } = pattern.trades ?? {};
      const trades = {
        count: count + 1,
        won: won + (trade.pnlPips > 0 ? 1 : 0),
        pips: pips + trade.pnlPips,
        percent: percent + trade.pnlPercent,
      };
      if (open !== undefined) open.trades = trades;
      this.#journal.appendPattern(name, closeTime, { ...pattern, trades });
    }
  }
}

function seriesName(tenantId: string, symbol: string, timeframe: string): string {
  return `${tenantId}|${symbol}|${timeframe}`;
}
