import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Key } from './log-store.js';
import { MAGIC, RecordWriter, readTransaction, type LoggedTransaction } from './wal-record.js';

/** A segment as it is made; one transaction larger than this has a segment of its own that grows. */
const SEGMENT_BYTES = 1 << 20;
/** Segments kept to be written again once all they hold lies in the tables. */
const SPARE_MAX = 16;
/**
 * Zeros are written in pieces of this size. Written at once, Linux keeps a segment in one piece of its page cache, and takes every
 * later write to it, however small, for one of a whole megabyte: that is what it slows down processes by that write too much.
 */
const PIECE_BYTES = 4_096;
const NAME = /^wal-(\d+)$/;

interface Segment {
  readonly name: string;
  /** Sequence number of the last transaction in it. */
  last: number;
}

/** What a log held when it was opened: its transactions from a sequence number on, oldest first. */
interface Found {
  readonly transactions: readonly LoggedTransaction[];
  readonly segments: readonly Segment[];
}

/**
 * Transactions on their way into the tables, each durable when {@link append} settles: one write to a file that is
 * opened for synchronous writing. Segments are filled with zeros when they are made and written over again and
 * again, for a file that grows takes the file system several times as long to make durable.
 *
 * Transactions are numbered without a gap. After a crash the log ends before the first number that is missing: the
 * one that was being written, of which nobody was told. If a later one is there, the log is damaged.
 */
export class WriteAheadLog {
  readonly #folder: string;
  readonly #writer: RecordWriter;
  /** Segments that hold what may not be in the tables, oldest first; the last is written to. */
  readonly #held: Segment[];
  readonly #spare: Segment[];
  #file: number | undefined;
  #at = 0;
  #next: number;
  #names: number;

  private constructor(folder: string, salt: number, next: number, segments: readonly Segment[]) {
    this.#folder = folder;
    this.#writer = new RecordWriter(salt);
    this.#next = next;
    this.#held = segments.filter(({ last }) => last > 0);
    this.#spare = segments.filter(({ last }) => last === 0);
    this.#names = Math.max(0, ...segments.map(({ name }) => Number(NAME.exec(name)![1]))) + 1;
  }

  /**
   * Opens the log in a folder and reads the transactions from a sequence number on. The checksums of what was written
   * begin with `salt`: bytes of somebody who does not know it are never taken for a transaction. Throws an `Error` that
   * says what is damaged.
   */
  static open(
    folder: string,
    salt: number,
    from: number,
  ): { readonly log: WriteAheadLog; readonly found: readonly LoggedTransaction[] } {
    const { transactions, segments } = readLog(folder, salt, from);
    const next = (transactions.at(-1)?.sequence ?? from - 1) + 1;
    return { log: new WriteAheadLog(folder, salt, next, segments), found: transactions };
  }

  /** Number the next transaction gets. */
  get next(): number {
    return this.#next;
  }

  begin(): void {
    this.#writer.begin();
  }

  write(table: string, key: Key, value: Uint8Array | null): void {
    this.#writer.write(table, key, value);
  }

  /** Whether nothing was written since it began. */
  get isEmpty(): boolean {
    return this.#writer.isEmpty;
  }

  /** Makes durable what was written since it began. One at a time. */
  async append(): Promise<void> {
    const record = this.#writer.end(this.#next);
    if (this.#file === undefined || this.#at + record.length > SEGMENT_BYTES) await this.#advance();
    for (let done = 0; done < record.length;)
      done += await writeAt(this.#file!, record.subarray(done), this.#at + done);
    this.#held.at(-1)!.last = this.#next++;
    this.#at += record.length;
  }

  /** Everything before a sequence number lies in the tables: its segments are free. */
  release(before: number): void {
    while (this.#held.length > 1 && this.#held[0]!.last < before) this.#spare.push(this.#held.shift()!);
    while (this.#spare.length > SPARE_MAX)
      rmSync(path.join(this.#folder, this.#spare.pop()!.name), { force: true });
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** Goes on in a segment that holds nothing any more, or in a new one. */
  async #advance(): Promise<void> {
    this.close();
    const spare = this.#spare.shift();
    const name = spare?.name ?? `wal-${this.#names++}`;
    const file = path.join(this.#folder, name);
    if (spare === undefined) await makeSegment(this.#folder, file);
    this.#file = openSync(file, constants.O_WRONLY | (constants.O_DSYNC ?? constants.O_SYNC));
    this.#at = 0;
    this.#held.push({ name, last: 0 });
  }
}

/** Bytes of a buffer that were written at a place of a file. The promises of Node's own cost twice as much. */
async function writeAt(file: number, bytes: Buffer, at: number): Promise<number> {
  return await new Promise((resolve, reject) => {
    write(file, bytes, 0, bytes.length, at, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}

/** Makes a file of zeros that is there after a crash. */
async function makeSegment(folder: string, file: string): Promise<void> {
  const made = await open(file, 'w', 0o600);
  try {
    const zeros = Buffer.alloc(PIECE_BYTES);
    for (let at = 0; at < SEGMENT_BYTES; at += PIECE_BYTES) writeSync(made.fd, zeros, 0, PIECE_BYTES, at);
    await made.sync();
  } finally {
    await made.close();
  }
  const directory = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Reads a log from a sequence number on. Throws when a transaction is missing before one that is there. */
function readLog(folder: string, salt: number, from: number): Found {
  const names = readdirSync(folder).filter((name) => NAME.test(name));
  const segments: Segment[] = [];
  const all: LoggedTransaction[] = [];
  for (const name of names) {
    const transactions = readSegment(readFileSync(path.join(folder, name)), salt).filter(
      ({ sequence }) => sequence >= from,
    );
    all.push(...transactions);
    segments.push({ name, last: transactions.at(-1)?.sequence ?? 0 });
  }
  all.sort((a, b) => a.sequence - b.sequence);
  all.forEach(({ sequence }, i) => {
    if (sequence !== from + i)
      throw new Error(`transaction ${from + i} of its log cannot be read, though a later one can`);
  });
  return { transactions: all, segments: segments.sort((a, b) => a.last - b.last) };
}

/**
 * All whole transactions of a segment. Behind the newest lies what the segment held before it was written over, and
 * where the log is damaged there are others behind a gap.
 */
function readSegment(segment: Buffer, salt: number): LoggedTransaction[] {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(MAGIC);
  const found: LoggedTransaction[] = [];
  for (let at = 0; at >= 0 && at < segment.length;) {
    const transaction = readTransaction(segment, at, salt);
    if (transaction === undefined) at = segment.indexOf(magic, at + 1);
    else {
      found.push(transaction);
      at = transaction.end;
    }
  }
  return found.sort((a, b) => a.sequence - b.sequence);
}
