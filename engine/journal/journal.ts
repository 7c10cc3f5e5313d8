import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { Database, RootDatabase } from 'lmdb';
import type { Label } from '../../actors/features/labels.js';
import type { FeatureRow } from '../../actors/messages.js';
import type { Signal } from '../../actors/signals/signal.js';
import { SuhoError, messageOf } from '../errors.js';
import { commit, commitNow, openEnvironment } from './environment.js';
import {
  packRow,
  unpackRow,
  withLabels,
  type ConclusionRecord,
  type InputRecord,
  type PatternRecord,
  type PredictionEvent,
  type StoredRow,
  type TradeRecord,
} from './records.js';

/** A group's states at one input position. */
export interface GroupSnapshot {
  readonly position: number;
  readonly parts: ReadonlyMap<string, Uint8Array>;
}

/** What a handler that threw leaves behind. */
export interface DeadLetterRecord {
  readonly actorId: string;
  /** Position of the newest input of its group. */
  readonly position: number;
  readonly error: string;
}

/** A topic that sinks read in order, each at its own offset. */
export type Topic = 'rows' | 'predictions' | 'patterns';

/** One signal with its place in the stream. */
export interface SequencedSignal {
  readonly sequence: number;
  readonly conclusion: ConclusionRecord;
}

export interface JournalStats {
  readonly bytes: number;
  readonly bytesMax: number;
  readonly nextPosition: number;
  readonly pending: number;
  readonly commits: number;
  readonly refused: number;
}

interface StoredInput {
  readonly kind: InputRecord['kind'];
  readonly group: string;
  readonly body: unknown;
}

/** A pattern as it lies in the journal, its vector as bytes. */
interface StoredPattern extends Omit<PatternRecord, 'vector'> {
  readonly vector: Uint8Array;
}

/** A moment of a partition that changed. */
export interface LoggedPattern {
  readonly partition: string;
  readonly closeTime: number;
  readonly pattern: PatternRecord;
}

type Write = () => unknown;

/** Inputs a recovery may have to read again are never purged; below this many, nothing is worth purging. */
const PURGE_STEP = 5_000;
/** Entries a sink's read takes before the event loop has a turn: a few milliseconds of work. */
const READ_AT_ONCE = 200;

/**
 * The durable log on LMDB: inputs, feature rows, conclusions (signals), pattern moments, snapshots and the
 * sinks' offsets, one transaction a batch. Appends are taken in memory and become durable together; the
 * promise of {@link flushed} settles when everything appended before it is on disk.
 *
 * Positions are one number space over all topics. Bounded by `bytesMax`: what every reader has passed is
 * purged from the old end, and when that is not enough, new inputs are refused (`JOURNAL_FULL`).
 */
export class Journal {
  readonly #root: RootDatabase;
  readonly #meta: Database<unknown, string>;
  readonly #inputs: Database<StoredInput, number>;
  readonly #rows: Database<Uint8Array, [string, number]>;
  readonly #rowLog: Database<[string, number], number>;
  readonly #signals: Database<ConclusionRecord, number>;
  readonly #conclusions: Database<number | ConclusionRecord, [string, number]>;
  readonly #predictionLog: Database<PredictionEvent | { sequence: number }, number>;
  readonly #patterns: Database<StoredPattern, [string, number]>;
  readonly #patternLog: Database<[string, number], number>;
  readonly #trades: Database<TradeRecord, [string, string]>;
  readonly #sequenceOf: Database<number, string>;
  readonly #snapshots: Database<Uint8Array, [string, string]>;
  readonly #deadLetters: Database<DeadLetterRecord, number>;
  readonly #bytesMax: number;
  #pending: Write[] = [];
  #flushing: Promise<void> | undefined;
  #nextPosition: number;
  #bytes: number;
  #commits = 0;
  #refused = 0;
  #appendedSincePurge = 0;
  #failure: unknown;
  #committedThrough: number;
  #waiters: {
    readonly position: number;
    readonly resolve: () => void;
    readonly reject: (e: unknown) => void;
  }[] = [];
  #onCommitted: (through: number) => void = () => undefined;
  #onFailure: (failure: SuhoError) => void = () => undefined;
  readonly #topicListeners: (() => void)[] = [];
  /** Sinks of each topic: what one of them has not read is not purged. */
  readonly #readers: { readonly topic: Topic; readonly name: string }[] = [];

  constructor(folder: string, bytesMax: number) {
    this.#bytesMax = bytesMax;
    const root = openEnvironment(folder);
    this.#root = root;
    this.#meta = root.openDB({ name: 'meta' });
    this.#inputs = root.openDB({ name: 'inputs' });
    this.#rows = root.openDB({ name: 'rows', encoding: 'binary' });
    this.#rowLog = root.openDB({ name: 'rowLog' });
    this.#signals = root.openDB({ name: 'signals' });
    this.#conclusions = root.openDB({ name: 'conclusions' });
    this.#predictionLog = root.openDB({ name: 'predictionLog' });
    this.#patterns = root.openDB({ name: 'patterns' });
    this.#patternLog = root.openDB({ name: 'patternLog' });
    this.#trades = root.openDB({ name: 'trades' });
    this.#sequenceOf = root.openDB({ name: 'sequenceOf' });
    this.#snapshots = root.openDB({ name: 'snapshots', encoding: 'binary' });
    this.#deadLetters = root.openDB({ name: 'deadLetters' });
    this.#nextPosition = (this.#meta.get('nextPosition') as number | undefined) ?? 1;
    this.#bytes = (this.#meta.get('bytes') as number | undefined) ?? 0;
    this.#committedThrough = this.#nextPosition - 1;
  }

  stats(): JournalStats {
    return {
      bytes: this.#bytes,
      bytesMax: this.#bytesMax,
      nextPosition: this.#nextPosition,
      pending: this.#pending.length,
      commits: this.#commits,
      refused: this.#refused,
    };
  }

  /**
   * Makes a sink known, which keeps what it has not read from being purged, and calls back after each commit.
   * One that is new begins with the oldest entry, or, `fromNow`, with the next.
   */
  addReader(topic: Topic, name: string, fromNow: boolean, listener: () => void): void {
    this.#readers.push({ topic, name });
    this.#topicListeners.push(listener);
    if (fromNow && this.#meta.get(`offset:${name}`) === undefined)
      commitNow(this.#root, () => {
        this.#meta.putSync(`offset:${name}`, this.#nextPosition - 1);
      });
  }

  /** Calls back after each commit with the last position that is durable. */
  onCommitted(listener: (through: number) => void): void {
    this.#onCommitted = listener;
  }

  /** Calls back when nothing can be written any more: the disk is full or gone. What was acknowledged is on it. */
  onFailure(listener: (failure: SuhoError) => void): void {
    this.#onFailure = listener;
  }

  /** Settles when a position is durable. */
  async committed(position: number): Promise<void> {
    if (position <= this.#committedThrough) return;
    await new Promise<void>((resolve, reject) => this.#waiters.push({ position, resolve, reject }));
  }

  // Appends.

  /** Takes an input; returns its position. Throws `JOURNAL_FULL` when the journal is at its size. */
  appendInput(record: InputRecord): number {
    if (this.#bytes > this.#bytesMax) {
      this.#refused++;
      throw new SuhoError(
        'JOURNAL_FULL',
        `The journal holds ${Math.round(this.#bytes / 1e6)} MB of the ${Math.round(this.#bytesMax / 1e6)} MB allowed: a store it feeds is behind. Inputs are refused until it catches up; raise journal.maxMegabytes to allow more.`,
      );
    }
    const position = this.#nextPosition++;
    const { kind, group } = record;
    const body = kind === 'bars' || kind === 'quotes' ? bytesOf(record.numbers) : record;
    const size = 40 + (body instanceof Uint8Array ? body.length : 200);
    this.#push(size, () => this.#inputs.putSync(position, { kind, group, body }));
    return position;
  }

  /** Takes a row and the labels it made known for earlier rows. */
  appendRow(row: FeatureRow): void {
    const packed = packRow(row);
    const { seriesId, closeTime, labels } = row;
    const earlier = new Map<number, Label[]>();
    for (const label of labels)
      earlier.set(label.closeTime, [...(earlier.get(label.closeTime) ?? []), label]);
    const position = this.#nextPosition;
    this.#nextPosition += 1 + earlier.size;
    this.#push(packed.length + 80 * (1 + earlier.size), () => {
      this.#rows.putSync([seriesId, closeTime], packed);
      this.#rowLog.putSync(position, [seriesId, closeTime]);
      let next = position + 1;
      for (const [time, known] of earlier) {
        const stored = this.#rows.get([seriesId, time]);
        if (stored !== undefined) this.#rows.putSync([seriesId, time], withLabels(stored, known));
        this.#rowLog.putSync(next++, [seriesId, time]);
      }
      this.#meta.putSync(`row:${seriesId}`, closeTime);
    });
  }

  /** Takes what a signal actor concluded; returns the sequence number of a signal, undefined for a withheld one. */
  appendConclusion(conclusion: ConclusionRecord): number | undefined {
    const { actorId, closeTime, result } = conclusion;
    if (result.kind === 'withheld') {
      this.#push(200, () => this.#conclusions.putSync([actorId, closeTime], conclusion));
      return undefined;
    }
    const sequence = this.#nextPosition++;
    this.#push(2_200, () => {
      this.#signals.putSync(sequence, conclusion);
      this.#conclusions.putSync([actorId, closeTime], sequence);
      this.#predictionLog.putSync(sequence, { sequence });
      this.#sequenceOf.putSync(result.signal.predictionId, sequence);
    });
    return sequence;
  }

  appendOutcome(actorId: string, tenantId: string, predictionId: string, label: Label): void {
    const position = this.#nextPosition++;
    this.#push(220, () => {
      this.#predictionLog.putSync(position, { kind: 'outcome', tenantId, predictionId, label });
      this.#meta.putSync(`outcome:${actorId}`, label.resolvedAt);
    });
  }

  /** Takes a trade; returns its position. */
  appendTrade(trade: TradeRecord): number {
    const position = this.#nextPosition++;
    this.#push(600, () => {
      this.#trades.putSync([trade.tenantId, trade.tradeId], trade);
      this.#predictionLog.putSync(position, { kind: 'trade', trade });
    });
    return position;
  }

  appendPattern(partition: string, closeTime: number, pattern: PatternRecord): void {
    const { buffer, byteOffset, byteLength } = pattern.vector;
    // Copied: the moment may be completed, and so changed, before the transaction runs.
    const stored: StoredPattern = {
      ...pattern,
      vector: new Uint8Array(buffer, byteOffset, byteLength).slice(),
      directions: [...pattern.directions],
      returns: [...pattern.returns],
    };
    const position = this.#nextPosition++;
    // The log of what changed is for another store; without one nobody would ever read it.
    const logged = this.#readers.some(({ topic }) => topic === 'patterns');
    // A moment takes its place once; what becomes known of it goes there too.
    const isNew =
      pattern.resolvedAt > 0
        ? this.#patterns.get([partition, closeTime]) === undefined
        : pattern.directions.every(Number.isNaN);
    this.#push((isNew ? 240 + byteLength : 0) + (logged ? 80 : 0), () => {
      this.#patterns.putSync([partition, closeTime], stored);
      if (logged) this.#patternLog.putSync(position, [partition, closeTime]);
    });
  }

  /** Replaces a group's snapshot with its states at `position`. */
  putSnapshot(group: string, position: number, parts: ReadonlyMap<string, Uint8Array>): void {
    this.#push(0, () => {
      for (const [actorId, bytes] of parts) this.#snapshots.putSync([group, actorId], bytes);
      this.#meta.putSync(`snapshot:${group}`, position);
    });
  }

  putOffset(sink: string, position: number): void {
    this.#push(0, () => this.#meta.putSync(`offset:${sink}`, position));
  }

  appendDeadLetter(letter: DeadLetterRecord): void {
    const position = this.#nextPosition++;
    this.#push(letter.error.length + 100, () => this.#deadLetters.putSync(position, letter));
  }

  /** Small facts of the engine's own (feed cursors and the like). */
  putFact(key: string, value: unknown): void {
    this.#push(0, () => this.#meta.putSync(`fact:${key}`, value));
  }

  /** Settles when all that was appended so far is durable. */
  async flushed(): Promise<void> {
    while (this.#flushing !== undefined || this.#pending.length > 0) await (this.#flushing ?? this.#flush());
    if (this.#failure !== undefined) throw this.#failure;
  }

  // Reads.

  fact(key: string): unknown {
    return this.#meta.get(`fact:${key}`);
  }

  /** All facts whose key begins with a prefix, the prefix left out. */
  facts(prefix: string): [string, unknown][] {
    const start = `fact:${prefix}`;
    return [...this.#meta.getRange({ start, end: `${start}\uffff` })].map(({ key, value }) => [
      key.slice(start.length),
      value,
    ]);
  }

  offset(sink: string): number {
    return (this.#meta.get(`offset:${sink}`) as number | undefined) ?? 0;
  }

  /** Close time of the last row of a series, or of the bar that made an actor's last outcome known, on disk. */
  progress(kind: 'row' | 'outcome', id: string): number {
    return (this.#meta.get(`${kind}:${id}`) as number | undefined) ?? 0;
  }

  snapshot(group: string): GroupSnapshot | undefined {
    const position = this.#meta.get(`snapshot:${group}`) as number | undefined;
    if (position === undefined) return undefined;
    const parts = new Map<string, Uint8Array>();
    for (const { key, value } of this.#snapshots.getRange({ start: [group, ''], end: [group, '\uffff'] })) {
      parts.set(key[1], new Uint8Array(value));
    }
    return { position, parts };
  }

  /** Inputs after a position, oldest first, of all groups or of one. */
  *inputsAfter(position: number, group?: string): Generator<readonly [number, InputRecord]> {
    for (const { key, value } of this.#inputs.getRange({ start: position + 1 })) {
      if (group !== undefined && value.group !== group) continue;
      yield [key, restoreInput(value)];
    }
  }

  deadLetters(): DeadLetterRecord[] {
    return [...this.#deadLetters.getRange()].map(({ value }) => value);
  }

  /** The conclusion an actor reached for a bar, if it is on disk. */
  conclusion(actorId: string, closeTime: number): ConclusionRecord | undefined {
    const found = this.#conclusions.get([actorId, closeTime]);
    return typeof found === 'number' ? this.#signals.get(found) : found;
  }

  /** Close time of the last bar an actor concluded on disk, 0 before the first. */
  lastConclusion(actorId: string): number {
    const range = {
      start: [actorId, Infinity] as [string, number],
      end: [actorId, 0] as [string, number],
      reverse: true,
      limit: 1,
    };
    for (const key of this.#conclusions.getKeys(range)) return key[1];
    return 0;
  }

  /** A trade that was reported, if it is on disk. */
  trade(tenantId: string, tradeId: string): TradeRecord | undefined {
    return this.#trades.get([tenantId, tradeId]);
  }

  /** The signal of a prediction id, as far as signals are kept. */
  signalOf(predictionId: string): Signal | undefined {
    const sequence = this.#sequenceOf.get(predictionId);
    const result = sequence === undefined ? undefined : this.#signals.get(sequence)?.result;
    return result?.kind === 'signal' ? result.signal : undefined;
  }

  /** The newest signal of an actor. */
  latestSignal(actorId: string): { sequence: number; signal: Signal } | undefined {
    const range = {
      start: [actorId, Infinity] as [string, number],
      end: [actorId, 0] as [string, number],
      reverse: true,
    };
    for (const { value } of this.#conclusions.getRange(range)) {
      if (typeof value !== 'number') continue;
      const result = this.#signals.get(value)?.result;
      if (result?.kind === 'signal') return { sequence: value, signal: result.signal };
    }
    return undefined;
  }

  /** Signals an actor has in the journal. */
  countSignals(actorId: string): number {
    let count = 0;
    for (const { value } of this.#conclusions.getRange({ start: [actorId, 0], end: [actorId, Infinity] })) {
      if (typeof value === 'number') count++;
    }
    return count;
  }

  /** Signals after a sequence number, oldest first, `limit` at most. */
  signalsAfter(sequence: number, limit: number): SequencedSignal[] {
    return [...this.#signals.getRange({ start: sequence + 1, limit })].map(({ key, value }) => ({
      sequence: key,
      conclusion: value,
    }));
  }

  /** Sequence number of the last signal that was purged; a cursor below it cannot be resumed. */
  purgedThrough(): number {
    return (this.#meta.get('purgedSignals') as number | undefined) ?? 0;
  }

  /** Sequence number of the newest signal on disk, 0 when there is none. */
  lastSequence(): number {
    for (const key of this.#signals.getKeys({ reverse: true, limit: 1 })) return key;
    return 0;
  }

  /** Rows to store after an offset: each row once, as it is now or later, with the offset that covers them all. */
  async rowsAfter(
    offset: number,
    limit: number,
  ): Promise<{ rows: StoredRow[]; offset: number; count: number }> {
    const seen = new Map<string, [string, number]>();
    let last = offset;
    let count = 0;
    for (const { key, value } of this.#rowLog.getRange({ start: offset + 1, limit })) {
      seen.set(`${value[0]}\n${value[1]}`, value);
      last = key;
      count++;
    }
    const rows: StoredRow[] = [];
    for (const [seriesId, closeTime] of seen.values()) {
      const packed = this.#rows.get([seriesId, closeTime]);
      if (packed !== undefined) rows.push(unpackRow(seriesId, closeTime, packed));
      if (rows.length % READ_AT_ONCE === 0) await eventLoopTurn();
    }
    return { rows, offset: last, count };
  }

  /** What prediction stores and publishers are told after an offset, oldest first, with the offset that covers it. */
  async predictionsAfter(
    offset: number,
    limit: number,
  ): Promise<{ events: PredictionEvent[]; offset: number; count: number }> {
    const events: PredictionEvent[] = [];
    let last = offset;
    let count = 0;
    // Read whole: a cursor is not kept over turns of the event loop.
    const entries = Array.from(this.#predictionLog.getRange({ start: offset + 1, limit }));
    for (const { key, value } of entries) {
      last = key;
      count++;
      if (count % READ_AT_ONCE === 0) await eventLoopTurn();
      if ('kind' in value) {
        events.push(value);
        continue;
      }
      const conclusion = this.#signals.get(value.sequence);
      if (conclusion?.result.kind === 'signal')
        events.push({ kind: 'signal', sequence: value.sequence, signal: conclusion.result.signal });
    }
    return { events, offset: last, count };
  }

  /** Moments that changed after an offset: each once, as it is now, with the offset that covers them all. */
  patternsAfter(offset: number, limit: number): { patterns: LoggedPattern[]; offset: number; count: number } {
    const seen = new Map<string, [string, number]>();
    let last = offset;
    let count = 0;
    for (const { key, value } of this.#patternLog.getRange({ start: offset + 1, limit })) {
      seen.set(`${value[0]}\n${value[1]}`, value);
      last = key;
      count++;
    }
    const patterns: LoggedPattern[] = [];
    for (const [partition, closeTime] of seen.values()) {
      const stored = this.#patterns.get([partition, closeTime]);
      if (stored !== undefined) patterns.push({ partition, closeTime, pattern: restorePattern(stored) });
    }
    return { patterns, offset: last, count };
  }

  /** A moment of a partition. */
  pattern(partition: string, closeTime: number): PatternRecord | undefined {
    const stored = this.#patterns.get([partition, closeTime]);
    return stored === undefined ? undefined : restorePattern(stored);
  }

  /** Entries of a topic after an offset; what a sink still has to do. */
  lag(topic: Topic, offset: number): number {
    const log = { rows: this.#rowLog, predictions: this.#predictionLog, patterns: this.#patternLog }[topic];
    return log.getKeysCount({ start: offset + 1 });
  }

  /** Pattern partitions there are, with how many moments of each have a known outcome and how many not yet. */
  patternPartitions(): { partition: string; known: number; open: number }[] {
    const counts = new Map<string, { partition: string; known: number; open: number }>();
    for (const { key, value } of this.#patterns.getRange()) {
      const [partition] = key;
      const count = counts.get(partition) ?? { partition, known: 0, open: 0 };
      counts.set(partition, count);
      if (value.resolvedAt > 0) count.known++;
      else count.open++;
    }
    return [...counts.values()];
  }

  /** All moments of a pattern partition, oldest first. */
  *patterns(partition: string): Generator<readonly [number, PatternRecord]> {
    for (const { key, value } of this.#patterns.getRange({
      start: [partition, 0],
      end: [partition, Infinity],
    })) {
      yield [key[1], restorePattern(value)];
    }
  }

  /** Close times of stored rows of a series, from `from` on, oldest first. */
  *rowsOf(seriesId: string, from: number): Generator<StoredRow> {
    for (const { key, value } of this.#rows.getRange({
      start: [seriesId, from],
      end: [seriesId, Infinity],
    })) {
      yield unpackRow(seriesId, key[1], value);
    }
  }

  async close(): Promise<void> {
    await this.flushed();
    await this.#root.close();
  }

  // Writing.

  #push(bytes: number, write: Write): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#bytes += bytes;
    this.#appendedSincePurge++;
    this.#pending.push(write);
    if (this.#flushing === undefined && this.#pending.length === 1) setImmediate(() => void this.#flush());
  }

  /** Writes all that is pending in one transaction; what comes meanwhile waits for the next. */
  #flush(): Promise<void> {
    if (this.#flushing !== undefined) return this.#flushing;
    if (this.#pending.length === 0) return Promise.resolve();
    const batch = this.#pending;
    const through = this.#nextPosition - 1;
    this.#pending = [];
    this.#flushing = commit(this.#root, () => {
      for (const write of batch) write();
      if (this.#appendedSincePurge >= PURGE_STEP && this.#bytes > this.#bytesMax / 2) this.#purge();
      this.#meta.putSync('nextPosition', this.#nextPosition);
      this.#meta.putSync('bytes', this.#bytes);
    })
      .then(
        () => {
          this.#commits++;
          this.#committedThrough = through;
          const waiting = this.#waiters;
          this.#waiters = waiting.filter(({ position }) => position > through);
          for (const { position, resolve } of waiting) if (position <= through) resolve();
          this.#onCommitted(through);
          for (const listener of this.#topicListeners) listener();
        },
        (error: unknown) => {
          this.#failure = new SuhoError(
            'STORE_UNAVAILABLE',
            `The journal cannot be written; the disk may be full or broken (${messageOf(error)}).`,
            {
              cause: error,
            },
          );
          for (const { reject } of this.#waiters) reject(this.#failure);
          this.#waiters = [];
          this.#onFailure(this.#failure as SuhoError);
        },
      )
      .finally(() => {
        this.#flushing = undefined;
        if (this.#pending.length > 0 && this.#failure === undefined) void this.#flush();
      });
    return this.#flushing;
  }

  /** Drops what every reader has passed, oldest first, down to half of what is allowed. Runs in a transaction. */
  #purge(): void {
    this.#appendedSincePurge = 0;
    const target = this.#bytesMax / 2;
    let recovered = Infinity;
    for (const { key, value } of this.#meta.getRange({ start: 'snapshot:', end: 'snapshot:\uffff' }))
      if (key.startsWith('snapshot:')) recovered = Math.min(recovered, value as number);
    this.#purgeInputs(Number.isFinite(recovered) ? recovered : 0, target);
    this.#purgeRows(this.#readThrough('rows'), target);
    this.#purgeSignals(this.#readThrough('predictions'), target);
    for (const key of this.#patternLog.getKeys({ end: this.#readThrough('patterns') + 1 })) {
      this.#bytes -= 80;
      this.#patternLog.removeSync(key);
    }
  }

  /** Offset that every sink of a topic has passed. */
  #readThrough(topic: Topic): number {
    const offsets = this.#readers
      .filter((reader) => reader.topic === topic)
      .map(({ name }) => this.offset(name));
    return offsets.length === 0 ? 0 : Math.min(...offsets);
  }

  #purgeInputs(through: number, target: number): void {
    for (const { key, value } of this.#inputs.getRange({ end: through + 1 })) {
      if (this.#bytes <= target) return;
      this.#bytes -= 40 + (value.body instanceof Uint8Array ? value.body.length : 200);
      this.#inputs.removeSync(key);
    }
  }

  #purgeRows(through: number, target: number): void {
    for (const { key, value } of this.#rowLog.getRange({ end: through + 1 })) {
      if (this.#bytes <= target) return;
      const packed = this.#rows.get(value);
      // A row stays while a label of it may still come.
      const complete =
        packed !== undefined && !Number.isNaN(unpackRow(value[0], value[1], packed).labels.at(-1)!);
      if (complete) {
        this.#bytes -= packed.length;
        this.#rows.removeSync(value);
      }
      this.#bytes -= 80;
      this.#rowLog.removeSync(key);
    }
  }

  #purgeSignals(through: number, target: number): void {
    for (const { key, value } of this.#predictionLog.getRange({ end: through + 1 })) {
      if (this.#bytes <= target) return;
      if ('sequence' in value) {
        const conclusion = this.#signals.get(value.sequence);
        if (conclusion !== undefined)
          this.#conclusions.removeSync([conclusion.actorId, conclusion.closeTime]);
        if (conclusion?.result.kind === 'signal')
          this.#sequenceOf.removeSync(conclusion.result.signal.predictionId);
        this.#signals.removeSync(value.sequence);
        this.#meta.putSync('purgedSignals', value.sequence);
        this.#bytes -= 2_200;
      } else {
        this.#bytes -= value.kind === 'trade' ? 600 : 220;
      }
      this.#predictionLog.removeSync(key);
    }
  }
}

function restorePattern(stored: StoredPattern): PatternRecord {
  return { ...stored, vector: new Float32Array(new Uint8Array(stored.vector).buffer) };
}

function bytesOf(numbers: Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function restoreInput(stored: StoredInput): InputRecord {
  if (stored.kind !== 'bars' && stored.kind !== 'quotes') return stored.body as InputRecord;
  const copy = new Uint8Array(stored.body as Uint8Array);
  return { kind: stored.kind, group: stored.group, numbers: new Float64Array(copy.buffer) };
}
