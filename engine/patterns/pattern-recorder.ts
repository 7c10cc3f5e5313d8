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

/** A partition's moments: those whose outcome is open, and the close times of those in the index, oldest first. */
interface Moments {
  readonly open: Map<number, OpenPattern>;
  known: number[];
}

/** Share of the limit by which it is exceeded before the oldest go, so that they go in batches. */
const SLACK = 1 / 32;

/** Bytes of a moment in the journal, with its share of LMDB's pages. */
const MOMENT_BYTES = 1_050;
/** Share of the journal that moments of all partitions may take, those with a known outcome and those without each. */
const JOURNAL_SHARE = 1 / 8;

/**
 * Moments on their way into the pattern index: noted when their signal is made, completed when the longest
 * horizon's outcome is known, and only then added. Everything is in the journal, so the index is the same
 * after a restart; an index in another process is fed from there. Of each partition the newest are kept: as many as are
 * set, fewer where the journal is too small for that many of every partition.
 */
export class PatternRecorder {
  readonly #journal: Journal;
  /** The index in this process; none where another process holds it. */
  readonly #index: PatternIndex | undefined;
  readonly #keptMax: number;
  readonly #moments = new Map<string, Moments>();
  /** Partitions of a tenant's series, by `tenant|symbol|timeframe`. */
  readonly #partitions = new Map<string, PartitionKey[]>();

  /** `keptMax` known moments at most are kept in a partition. */
  constructor(journal: Journal, index: PatternIndex | undefined, keptMax: number) {
    this.#journal = journal;
    this.#index = index;
    this.#keptMax = keptMax;
  }

  /** Whether a partition is in use: its moments are asked for or added to. */
  isUsed(name: string): boolean {
    return this.#moments.has(name);
  }

  /** Opens a partition, filling it from the journal the first time. */
  async use(key: PartitionKey): Promise<void> {
    const name = partitionName(key);
    if (this.#moments.has(name)) return;
    const open = new Map<number, OpenPattern>();
    this.#moments.set(name, { open, known: [] });
    const series = seriesName(key.tenantId, key.symbol, key.timeframe);
    this.#partitions.set(series, [...(this.#partitions.get(series) ?? []), key]);
    const known: Pattern[] = [];
    for (const [closeTime, pattern] of this.#journal.moments.of(name)) {
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
    await this.#add(key, known);
    // Each partition has a smaller share of the journal now.
    for (const partitions of this.#partitions.values()) for (const each of partitions) this.#trim(each);
  }

  /** Whether a partition was filled with all that was known of the past: a fill that was cut off is not. */
  isFilled(key: PartitionKey): boolean {
    return this.#journal.fact(filledFact(key)) === true;
  }

  /** Notes that a partition holds all that was known of the past. */
  noteFilled(key: PartitionKey): void {
    this.#journal.putFact(filledFact(key), true);
  }

  /** Close time of the newest moment of a partition on disk, −Infinity when it holds none. */
  newestOf(key: PartitionKey): number {
    return this.#journal.moments.newestOf(partitionName(key));
  }

  /** Notes a moment whose outcome is not known yet. */
  note(
    key: PartitionKey,
    closeTime: number,
    moment: Pick<PatternRecord, 'vector' | 'conditions' | 'anomaly'>,
  ): void {
    const name = partitionName(key);
    const open = this.#moments.get(name)?.open;
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
    this.#journal.moments.put(name, closeTime, { ...pattern, resolvedAt: 0 });
    this.#trim(key);
  }

  /** Adds moments whose outcome is known already, in the order it became known. */
  async addKnown(
    key: PartitionKey,
    patterns: readonly (Pattern & Pick<PatternRecord, 'conditions'>)[],
  ): Promise<void> {
    const known = patterns.filter(({ directions }) => !directions.some(Number.isNaN));
    for (const { closeTime, ...record } of known)
      this.#journal.moments.put(partitionName(key), closeTime, record);
    await this.#add(key, known);
    this.#trim(key);
  }

  /** Takes an outcome; with the last one the moment enters the index. */
  async resolve(tenantId: string, symbol: string, timeframe: string, label: Readonly<Label>): Promise<void> {
    for (const key of this.#partitions.get(seriesName(tenantId, symbol, timeframe)) ?? []) {
      const name = partitionName(key);
      const open = this.#moments.get(name)?.open;
      const pattern = open?.get(label.closeTime);
      if (open === undefined || pattern === undefined) continue;
      pattern.directions[label.horizon] = label.direction;
      pattern.returns[label.horizon] = label.return;
      const complete = label.horizon === HORIZONS.length - 1;
      const resolvedAt = complete ? label.resolvedAt : 0;
      if (complete) open.delete(label.closeTime);
      // A moment whose outcome cannot be told is of no use to any vote.
      if (complete && pattern.directions.some(Number.isNaN)) {
        this.#journal.moments.remove(name, [label.closeTime]);
        continue;
      }
      this.#journal.moments.update(name, label.closeTime, { ...pattern, resolvedAt });
      if (!complete) continue;
      await this.#add(key, [{ closeTime: label.closeTime, ...pattern, resolvedAt }]);
      this.#trim(key);
    }
  }

  /** Adds known moments to the index. */
  async #add(key: PartitionKey, patterns: readonly Pattern[]): Promise<void> {
    const moments = this.#moments.get(partitionName(key));
    if (moments === undefined) return;
    for (const { closeTime } of patterns) moments.known.push(closeTime);
    await this.#index?.add(key, patterns);
  }

  /** Past the limit the oldest moments leave the index and the journal. */
  #trim(key: PartitionKey): void {
    const name = partitionName(key);
    const { open, known } = this.#moments.get(name)!;
    const partitions = this.#moments.size;
    const share = Math.ceil((this.#journal.bytesMax * JOURNAL_SHARE) / MOMENT_BYTES / partitions);
    const most = Math.min(this.#keptMax, share);
    if (known.length > most * (1 + SLACK)) {
      const dropped = known.splice(0, known.length - most);
      this.#index?.dropOldest?.(key, dropped.length);
      this.#journal.moments.remove(name, dropped);
    }
    if (open.size > share * (1 + SLACK)) {
      const dropped = [...open.keys()].slice(0, open.size - share);
      for (const closeTime of dropped) open.delete(closeTime);
      this.#journal.moments.remove(name, dropped);
    }
  }

  /** Writes what a closed trade earned to the moment it was predicted at. All appended before must be on disk. */
  addTrade(trade: TradeRecord): void {
    const { tenantId, symbol, timeframe, barCloseTime: closeTime } = trade;
    for (const key of this.#partitions.get(seriesName(tenantId, symbol, timeframe)) ?? []) {
      const name = partitionName(key);
      const open = this.#moments.get(name)?.open.get(closeTime);
      const pattern =
        open === undefined ? this.#journal.moments.get(name, closeTime) : { ...open, resolvedAt: 0 };
      if (pattern === undefined) continue;
      const { count = 0, won = 0, pips = 0, percent = 0 } = pattern.trades ?? {};
      const trades = {
        count: count + 1,
        won: won + (trade.pnlPips > 0 ? 1 : 0),
        pips: pips + trade.pnlPips,
        percent: percent + trade.pnlPercent,
      };
      if (open !== undefined) open.trades = trades;
      this.#journal.moments.update(name, closeTime, { ...pattern, trades });
    }
  }
}

function filledFact(key: PartitionKey): string {
  return `filled/${partitionName(key)}`;
}

function seriesName(tenantId: string, symbol: string, timeframe: string): string {
  return `${tenantId}|${symbol}|${timeframe}`;
}
