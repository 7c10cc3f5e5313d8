import { fork, type ChildProcess } from 'node:child_process';
import { SuhoError } from '../errors.js';
import type { ByteSource } from './byte-source.js';
import { unpackedBlock, type PackedBlock } from './packed-block.js';
import type { FieldBlock } from './text.js';

/** What goes into the decoding process. */
export type ToParquet =
  | {
      readonly kind: 'open';
      readonly name: string;
      readonly origin: ByteSource['origin'];
      readonly megabytes: number;
      /** Blocks that it may send ahead. */
      readonly blocks: number;
    }
  /** So many blocks were taken, and may be sent again. */
  | { readonly kind: 'more'; readonly blocks: number };

/** What comes out of it. */
export type FromParquet =
  | { readonly kind: 'block'; readonly block: PackedBlock }
  /** Pages were decoded, of a row group that is not complete. */
  | { readonly kind: 'page' }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly sentence: string };

/** How a file turned out: the last message of the process, or that it has ended without one. */
type End = Exclude<FromParquet, { kind: 'block' | 'page' }> | { readonly kind: 'gone'; readonly why: string };

/** Memory the process may have. The largest row group that is taken, 5,000,000 rows of six columns, needs 1.8 GB. */
const MEGABYTES = 3072;
/** How long the process may be silent. It speaks of every block of rows, and of the pages before the first. */
const PATIENCE_MS = 30_000;
/** The patience is counted in so many parts, so that a thread that was itself held up does not find that it is over. */
const PARTS = 10;
const BLOCKS_AHEAD = 4;

/**
 * The rows of a Parquet file as fields; "line" 0 has the names of the columns. They are decoded in a process of their own,
 * which is ended when it says nothing for `patienceMs` or takes too much memory: on damaged pages the decoder may count down
 * from a negative length for ever, or grow an array without end. A worker thread is no bound for the second: V8 aborts the
 * whole process when one allocation goes far beyond a thread's `resourceLimits`. Throws `BAD_FILE`.
 */
export async function* parquetFields(
  source: ByteSource,
  {
    patienceMs = PATIENCE_MS,
    megabytes = MEGABYTES,
  }: { readonly patienceMs?: number; readonly megabytes?: number } = {},
): AsyncGenerator<FieldBlock> {
  const child = fork(new URL('./parquet-process.js', import.meta.url), {
    env: {},
    execArgv: [`--max-old-space-size=${megabytes}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const answers = new Answers(child, patienceMs, megabytes);
  try {
    const { name, origin } = source;
    tell(child, { kind: 'open', name, origin, megabytes, blocks: BLOCKS_AHEAD });
    for (;;) {
      const answer = await answers.next();
      if (answer.kind === 'end') return;
      if (answer.kind === 'failed') throw new SuhoError('BAD_FILE', answer.sentence);
      if (answer.kind === 'gone') throw new SuhoError('BAD_FILE', `${name} ${answer.why}.`);
      tell(child, { kind: 'more', blocks: 1 });
      yield unpackedBlock(answer.block);
    }
  } finally {
    child.kill('SIGKILL');
  }
}

/** A process that has ended is heard of by its exit. */
function tell(child: ChildProcess, message: ToParquet): void {
  if (child.connected) child.send(message, () => undefined);
}

/** What a decoding process answers, with an end to waiting for it. */
class Answers {
  readonly #child: ChildProcess;
  readonly #patienceMs: number;
  readonly #blocks: PackedBlock[] = [];
  #end: End | undefined;
  /** Parts of the patience since it last said something. */
  #silent = 0;
  #wake: () => void = () => undefined;

  constructor(child: ChildProcess, patienceMs: number, megabytes: number) {
    this.#child = child;
    this.#patienceMs = patienceMs;
    child.on('message', (message: FromParquet) => {
      this.#silent = 0;
      if (message.kind === 'page') return;
      if (message.kind === 'block') this.#blocks.push(message.block);
      else this.#end ??= message;
      this.#wake();
    });
    child.on('error', ({ message }) => this.#gone(`cannot be read: its decoder does not start: ${message}`));
    child.on('exit', (code, signal) =>
      this.#gone(
        // Aborted by V8, or killed by its watch.
        signal === 'SIGABRT' || signal === 'SIGKILL'
          ? `cannot be read: decoding it takes more than ${megabytes} MB of memory; unless it is damaged, write it with smaller row groups`
          : `is a damaged Parquet file: its decoder crashed (${signal ?? `exit status ${code}`})`,
      ),
    );
  }

  /** The next block, or the end. The process keeps this one running only meanwhile. */
  async next(): Promise<{ readonly kind: 'block'; readonly block: PackedBlock } | End> {
    this.#silent = 0;
    const part = setInterval(() => {
      if (++this.#silent === PARTS)
        this.#gone(
          `is a damaged Parquet file: decoding it made no progress for ${this.#patienceMs / 1000} s`,
        );
    }, this.#patienceMs / PARTS);
    this.#child.ref();
    this.#child.channel?.ref();
    try {
      for (;;) {
        const block = this.#blocks.shift();
        if (block !== undefined) return { kind: 'block', block };
        if (this.#end !== undefined) return this.#end;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearInterval(part);
      this.#child.unref();
      this.#child.channel?.unref();
    }
  }

  #gone(why: string): void {
    this.#end ??= { kind: 'gone', why };
    this.#wake();
  }
}
