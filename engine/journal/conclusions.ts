import type { Signal } from '../../actors/signals/signal.js';
import type { Committer } from './committer.js';
import { CONCLUSIONS } from './conclusion-codec.js';
import type { Codec, KeyRange, LogStore, Table } from './log-store.js';
import type { ConclusionRecord } from './records.js';

/** A signal with its place in the stream, and the signal actor that made it. */
export interface SequencedSignal {
  readonly sequence: number;
  readonly actorId: string;
  readonly signal: Signal;
}

const SIGNAL_BYTES = 1_100;
const WITHHELD_BYTES = 400;

/**
 * What signal actors concluded, with the evidence that replays it. Signals have a sequence number and lie in the order
 * clients resume by; a conclusion is kept at least until the snapshot of its instrument holds it.
 */
export class ConclusionTopic {
  readonly #committer: Committer;
  readonly #meta: Table<unknown, string>;
  readonly #signals: Table<ConclusionRecord, number>;
  /** By actor and bar: the sequence number of a signal, or a conclusion that is not, or no longer, in the stream. */
  readonly #conclusions: Table<number | ConclusionRecord, [actorId: string, closeTime: number]>;
  readonly #sequenceOf: Table<number, string>;

  constructor(store: LogStore, committer: Committer, meta: Table<unknown, string>) {
    this.#committer = committer;
    this.#meta = meta;
    this.#signals = store.table('signals', CONCLUSIONS as Codec<ConclusionRecord>);
    this.#conclusions = store.table('conclusions', CONCLUSIONS);
    this.#sequenceOf = store.table('sequenceOf');
  }

  /** Takes a conclusion; `log` is written with a signal. Returns a signal's sequence number, undefined for a withheld one. */
  append(conclusion: ConclusionRecord, log: (sequence: number) => () => void): number | undefined {
    const { actorId, closeTime, result } = conclusion;
    this.#committer.mark(`concluded:${actorId}`, closeTime);
    if (result.kind === 'withheld') {
      this.#committer.push(WITHHELD_BYTES, () => this.#conclusions.put([actorId, closeTime], conclusion));
      return undefined;
    }
    const sequence = this.#committer.next('sequence');
    const writeLog = log(sequence);
    const write = (): void => {
      this.#signals.put(sequence, conclusion);
      this.#conclusions.put([actorId, closeTime], sequence);
      this.#sequenceOf.put(result.signal.predictionId, sequence);
      writeLog();
    };
    // Subscribers wait for it.
    this.#committer.push(SIGNAL_BYTES, write, true);
    return sequence;
  }

  /** The conclusion an actor reached for a bar, as long as it is kept. */
  get(actorId: string, closeTime: number): ConclusionRecord | undefined {
    const found = this.#conclusions.get([actorId, closeTime]);
    return typeof found === 'number' ? this.#signals.get(found) : found;
  }

  /** Close time of the last bar an actor concluded durably, 0 before the first. */
  lastOf(actorId: string): number {
    return (this.#meta.get(`concluded:${actorId}`) as number | undefined) ?? 0;
  }

  signal(sequence: number): Signal | undefined {
    const result = this.#signals.get(sequence)?.result;
    return result?.kind === 'signal' ? result.signal : undefined;
  }

  /** The signal of a prediction id, as far as signals are kept. */
  signalOf(predictionId: string): Signal | undefined {
    const sequence = this.#sequenceOf.get(predictionId);
    return sequence === undefined ? undefined : this.signal(sequence);
  }

  /** How a signal came to be, by its prediction id, as far as signals are kept. */
  conclusionOf(
    predictionId: string,
  ): { readonly sequence: number; readonly conclusion: ConclusionRecord } | undefined {
    const sequence = this.#sequenceOf.get(predictionId);
    const conclusion = sequence === undefined ? undefined : this.#signals.get(sequence);
    return conclusion === undefined ? undefined : { sequence: sequence!, conclusion };
  }

  /** The newest signal of an actor that is kept. */
  latestSignal(actorId: string): SequencedSignal | undefined {
    const range: KeyRange = { start: [actorId, Infinity], end: [actorId, 0], reverse: true };
    for (const { value } of this.#conclusions.entries(range)) {
      const signal = typeof value === 'number' ? this.signal(value) : undefined;
      if (signal !== undefined) return { sequence: value as number, actorId, signal };
    }
    return undefined;
  }

  /** The newest signals of an actor on bars that closed at or after `from`, newest first, `limit` at most. */
  newestSignals(actorId: string, from: number, limit: number): SequencedSignal[] {
    const found: SequencedSignal[] = [];
    const range: KeyRange = { start: [actorId, Infinity], end: [actorId, from - 1], reverse: true };
    for (const { value } of this.#conclusions.entries(range)) {
      if (found.length >= limit) break;
      const signal = typeof value === 'number' ? this.signal(value) : undefined;
      if (signal !== undefined) found.push({ sequence: value as number, actorId, signal });
    }
    return found;
  }

  /** Signals an actor has in the stream. */
  countSignals(actorId: string): number {
    let count = 0;
    for (const { value } of this.#conclusions.entries({ start: [actorId, 0], end: [actorId, Infinity] }))
      if (typeof value === 'number') count++;
    return count;
  }

  /** Signals after a sequence number, oldest first, `limit` at most. */
  after(sequence: number, limit: number): SequencedSignal[] {
    const page: SequencedSignal[] = [];
    for (const { key, value } of this.#signals.entries({ start: sequence + 1, limit }))
      if (value.result.kind === 'signal')
        page.push({ sequence: key, actorId: value.actorId, signal: value.result.signal });
    return page;
  }

  /** Sequence number of the last signal that was purged; a cursor below it cannot be resumed. */
  get purgedThrough(): number {
    return (this.#meta.get('purgedSignals') as number | undefined) ?? 0;
  }

  /** Sequence number of the newest durable signal, 0 before the first. */
  get newest(): number {
    for (const key of this.#signals.keys({ reverse: true, limit: 1 })) return key;
    return this.purgedThrough;
  }

  /** Drops a signal from the stream; its conclusion stays until a snapshot holds it. Inside a transaction. */
  purge(sequence: number): void {
    const conclusion = this.#signals.get(sequence);
    if (conclusion === undefined) return;
    const { actorId, closeTime, result } = conclusion;
    if (closeTime > this.#foldedThrough(actorId)) this.#conclusions.put([actorId, closeTime], conclusion);
    else this.#conclusions.remove([actorId, closeTime]);
    if (result.kind === 'signal') this.#sequenceOf.remove(result.signal.predictionId);
    this.#signals.remove(sequence);
    this.#meta.put('purgedSignals', sequence);
  }

  /**
   * Drops what is kept for a replay only, up to a bar that the actor's snapshot holds, looking at `limit` bars at most from
   * where it stopped before. Inside a transaction. Returns how many it looked at: fewer than `limit` when it is done.
   */
  fold(actorId: string, through: number, limit = Infinity): number {
    const from = Math.min(this.#foldedThrough(actorId), through);
    const range: KeyRange = { start: [actorId, from], end: [actorId, through + 1], limit };
    const entries = Array.from(this.#conclusions.entries(range));
    for (const { key, value } of entries) if (typeof value !== 'number') this.#conclusions.remove(key);
    this.#meta.put(`folded:${actorId}`, entries.length < limit ? through : entries.at(-1)!.key[1]);
    return entries.length;
  }

  #foldedThrough(actorId: string): number {
    return (this.#meta.get(`folded:${actorId}`) as number | undefined) ?? 0;
  }

  /** Forgets where an actor was. Its signals stay in the stream. */
  remove(actorId: string): void {
    this.#committer.mark(`concluded:${actorId}`, undefined);
    this.#committer.push(0, () => {
      this.fold(actorId, Number.MAX_SAFE_INTEGER);
      this.#meta.remove(`folded:${actorId}`);
    });
  }
}
