import { crc32 } from 'node:zlib';
import type { Key } from './log-store.js';

/** A write as the write-ahead log keeps it; a value of null removes the key. */
interface LoggedWrite {
  readonly table: string;
  readonly key: Key;
  readonly value: Uint8Array | null;
}

/** A transaction found in the log. */
export interface LoggedTransaction {
  readonly sequence: number;
  readonly writes: readonly LoggedWrite[];
  /** Where the next one begins. */
  readonly end: number;
}

/** First bytes of every record: "SUHO". */
export const MAGIC = 0x4f_48_55_53;
/** Magic, length of the body, checksum of sequence number and body, sequence number. */
const HEADER_BYTES = 20;
const SEQUENCE_AT = 12;
/** A length that stands for a removed key. */
const REMOVED = 0xff_ff_ff_ff;

const NUMBER = 0;
const TEXT = 1;
const PAIR = 2;

/** Encodes the transactions of a log one after the other, in memory that it uses again. */
export class RecordWriter {
  readonly #salt: number;
  #buffer = Buffer.allocUnsafe(1 << 16);
  #at = HEADER_BYTES;

  /** `salt` is what the checksums begin with. */
  constructor(salt: number) {
    this.#salt = salt;
  }

  /** Begins a record. */
  begin(): void {
    this.#at = HEADER_BYTES;
  }

  /** Whether anything was written since it began. */
  get isEmpty(): boolean {
    return this.#at === HEADER_BYTES;
  }

  write(table: string, key: Key, value: Uint8Array | null): void {
    this.#text(table);
    this.#key(key);
    const length = value?.length ?? 0;
    this.#room(4 + length);
    this.#at = this.#buffer.writeUInt32LE(value === null ? REMOVED : length, this.#at);
    if (value !== null) this.#buffer.set(value, this.#at);
    this.#at += length;
  }

  /** Ends the record; its bytes are good until the next begins. */
  end(sequence: number): Buffer {
    const buffer = this.#buffer;
    buffer.writeUInt32LE(MAGIC, 0);
    buffer.writeUInt32LE(this.#at - HEADER_BYTES, 4);
    buffer.writeDoubleLE(sequence, SEQUENCE_AT);
    buffer.writeUInt32LE(crc32(buffer.subarray(SEQUENCE_AT, this.#at), this.#salt), 8);
    return buffer.subarray(0, this.#at);
  }

  #key(key: Key): void {
    if (typeof key === 'number') {
      this.#room(9);
      this.#buffer[this.#at] = NUMBER;
      this.#at = this.#buffer.writeDoubleLE(key, this.#at + 1);
    } else if (typeof key === 'string') {
      this.#room(1);
      this.#buffer[this.#at++] = TEXT;
      this.#text(key);
    } else {
      this.#room(2);
      this.#buffer[this.#at] = PAIR;
      this.#buffer[this.#at + 1] = key.length;
      this.#at += 2;
      this.#key(key[0]);
      this.#key(key[1]);
    }
  }

  #text(text: string): void {
    this.#room(2 + text.length * 3);
    const length = this.#buffer.write(text, this.#at + 2);
    this.#buffer.writeUInt16LE(length, this.#at);
    this.#at += 2 + length;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}

/** The transaction that begins at a place of a segment; undefined where none does, or one was not written to its end. */
export function readTransaction(segment: Buffer, at: number, salt: number): LoggedTransaction | undefined {
  if (at + HEADER_BYTES > segment.length || segment.readUInt32LE(at) !== MAGIC) return undefined;
  const end = at + HEADER_BYTES + segment.readUInt32LE(at + 4);
  if (end > segment.length) return undefined;
  if (crc32(segment.subarray(at + SEQUENCE_AT, end), salt) !== segment.readUInt32LE(at + 8)) return undefined;
  const sequence = segment.readDoubleLE(at + SEQUENCE_AT);
  return { sequence, writes: readWrites(segment.subarray(at + HEADER_BYTES, end)), end };
}

function readWrites(body: Buffer): LoggedWrite[] {
  let at = 0;
  const text = (): string => {
    const from = at + 2;
    at = from + body.readUInt16LE(at);
    return body.toString('utf8', from, at);
  };
  const part = (): number | string => {
    if (body[at++] === TEXT) return text();
    at += 8;
    return body.readDoubleLE(at - 8);
  };
  const writes: LoggedWrite[] = [];
  while (at < body.length) {
    const table = text();
    let key: Key;
    if (body[at] === PAIR) {
      at += 2;
      key = [part(), part()];
    } else key = part();
    const length = body.readUInt32LE(at);
    at += 4;
    if (length === REMOVED) writes.push({ table, key, value: null });
    else {
      writes.push({ table, key, value: body.subarray(at, at + length) });
      at += length;
    }
  }
  return writes;
}
