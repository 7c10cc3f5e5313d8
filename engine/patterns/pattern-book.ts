import { HORIZONS, type Label } from '../../actors/features/labels.js';
import type { Journal } from '../journal/journal.js';
import { partitionName, type PartitionKey, type PatternIndex } from './pattern-index.js';

interface OpenPattern {
  readonly vector: Float32Array;
  readonly directions: number[];
  readonly returns: number[];
}

/**
 * Moments on their way into the pattern index: noted when their signal is made, completed when the longest
 * horizon's outcome is known, and only then added. Everything is in the journal, so the index is the same
 * after a restart.
 */
export class PatternBook {
  readonly #journal: Journal;
  readonly #index: PatternIndex;
  readonly #open = new Map<string, Map<number, OpenPattern>>();
  /** Partitions of a tenant's series, by `tenant|symbol|timeframe`. */
  readonly #partitions = new Map<string, PartitionKey[]>();

  constructor(journal: Journal, index: PatternIndex) {
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
    for (const [closeTime, pattern] of this.#journal.patterns(name)) {
      if (pattern.resolvedAt === 0) {
        open.set(closeTime, {
          vector: pattern.vector,
          directions: [...pattern.directions],
          returns: [...pattern.returns],
        });
      } else await this.#index.add(key, { closeTime, ...pattern });
    }
  }

  /** Notes a moment whose outcome is not known yet. */
  note(key: PartitionKey, closeTime: number, vector: Float32Array): void {
    const name = partitionName(key);
    const open = this.#open.get(name);
    if (open === undefined || open.has(closeTime)) return;
    const unknown = HORIZONS.map(() => NaN);
    open.set(closeTime, { vector, directions: [...unknown], returns: [...unknown] });
    this.#journal.appendPattern(name, closeTime, {
      vector,
      directions: unknown,
      returns: unknown,
      resolvedAt: 0,
    });
  }

  /** Adds a moment whose outcome is known already. */
  async addKnown(
    key: PartitionKey,
    pattern: {
      closeTime: number;
      resolvedAt: number;
      vector: Float32Array;
      directions: number[];
      returns: number[];
    },
  ): Promise<void> {
    if (pattern.directions.some(Number.isNaN)) return;
    const { closeTime, ...record } = pattern;
    this.#journal.appendPattern(partitionName(key), closeTime, record);
    await this.#index.add(key, pattern);
  }

  /** Takes an outcome; with the last one the moment enters the index. */
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
      if (!pattern.directions.some(Number.isNaN)) {
        await this.#index.add(key, { closeTime: label.closeTime, ...pattern, resolvedAt });
      }
    }
  }
}

function seriesName(tenantId: string, symbol: string, timeframe: string): string {
  return `${tenantId}|${symbol}|${timeframe}`;
}
