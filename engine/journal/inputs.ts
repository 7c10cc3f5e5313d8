import type { Committer } from './committer.js';
import type { KeyRange, LogStore, Table } from './log-store.js';
import type { InputRecord } from './records.js';

interface StoredInput {
  readonly kind: InputRecord['kind'];
  readonly body: unknown;
}

/** Inputs an instrument's snapshot does not hold yet. */
export interface RetainedInputs {
  readonly records: number;
  readonly bytes: number;
}

/** Accepted inputs, by instrument and position: those that the instrument's snapshot does not hold yet. */
export class InputTopic {
  readonly #committer: Committer;
  readonly #table: Table<StoredInput, [instrument: string, position: number]>;
  readonly #retained = new Map<string, { records: number; bytes: number }>();

  constructor(store: LogStore, committer: Committer) {
    this.#committer = committer;
    this.#table = store.table('inputs');
    for (const { key, value } of this.#table.entries()) this.#retain(key[0], sizeOf(value.body));
  }

  /** Takes an input; returns its position. Positions of all instruments count together. */
  append(record: InputRecord): number {
    const position = this.#committer.next('position');
    const { kind, instrument } = record;
    const body = kind === 'bars' || kind === 'quotes' ? bytesOf(record.numbers) : record;
    const size = sizeOf(body);
    this.#retain(instrument, size);
    this.#committer.push(size, () => this.#table.put([instrument, position], { kind, body }));
    return position;
  }

  /** Inputs of an instrument after a position, in order. */
  *after(instrument: string, position: number): Generator<readonly [position: number, input: InputRecord]> {
    for (const { key, value } of this.#table.entries({
      start: [instrument, position + 1],
      end: [instrument, Infinity],
    }))
      yield [key[1], restoreInput(instrument, value)];
  }

  retained(instrument: string): RetainedInputs {
    return this.#retained.get(instrument) ?? { records: 0, bytes: 0 };
  }

  /** Removes an instrument's inputs up to a position, the first `limit` at most. Inside a transaction. Returns how many. */
  remove(instrument: string, through: number, limit = Infinity): number {
    const range: KeyRange = {
      start: [instrument, 0],
      end: [instrument, through === Infinity ? through : through + 1],
      limit,
    };
    const keys = Array.from(this.#table.keys(range));
    for (const key of keys) this.#table.remove(key);
    const retained = this.#retained.get(instrument);
    if (retained === undefined) return keys.length;
    // Of their bytes it takes their share: reading each would cost more than the rest.
    retained.bytes *= 1 - keys.length / retained.records;
    retained.records -= keys.length;
    if (retained.records <= 0) this.#retained.delete(instrument);
    return keys.length;
  }

  #retain(instrument: string, bytes: number): void {
    const retained = this.#retained.get(instrument);
    if (retained === undefined) this.#retained.set(instrument, { records: 1, bytes });
    else {
      retained.records++;
      retained.bytes += bytes;
    }
  }
}

function sizeOf(body: unknown): number {
  return 40 + (body instanceof Uint8Array ? body.length : 200);
}

function bytesOf(numbers: Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function restoreInput(instrument: string, { kind, body }: StoredInput): InputRecord {
  if (kind !== 'bars' && kind !== 'quotes') return body as InputRecord;
  const copy = new Uint8Array(body as Uint8Array);
  return { kind, instrument, numbers: new Float64Array(copy.buffer) };
}
