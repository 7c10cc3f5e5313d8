// The process that decodes a Parquet file: this thread decodes, another one watches. It ends with its parent.
import { Worker } from 'node:worker_threads';
import { SuhoError, messageOf } from '../errors.js';
import { bufferSource, fileSource } from './byte-source.js';
import { decodedFields } from './parquet-decoder.js';
import type { FromParquet, ToParquet } from './parquet.js';

/** A page is said to be decoded at most this often. */
const SAID_EVERY_MS = 500;

/** Blocks that may be sent. */
class Credit {
  #blocks = 0;
  #wake: () => void = () => undefined;

  give(blocks: number): void {
    this.#blocks += blocks;
    this.#wake();
  }

  async take(): Promise<void> {
    while (this.#blocks === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#blocks--;
  }
}

const credit = new Credit();
let saidAt = performance.now();

function say(message: FromParquet): void {
  saidAt = performance.now();
  process.send?.(message);
}

async function decode({ name, origin, megabytes }: Extract<ToParquet, { kind: 'open' }>): Promise<void> {
  const watch = new Worker(new URL('./memory-watch.js', import.meta.url), { workerData: { megabytes } });
  watch.on('error', () => process.exit(1));
  try {
    const source = typeof origin === 'string' ? await fileSource(origin) : bufferSource(name, origin);
    const onPage = (): void => {
      if (performance.now() > saidAt + SAID_EVERY_MS) say({ kind: 'page' });
    };
    for await (const block of decodedFields(source, onPage)) {
      await credit.take();
      say({ kind: 'block', block });
    }
    say({ kind: 'end' });
  } catch (error) {
    const sentence =
      error instanceof SuhoError
        ? error.message
        : `${name} is a damaged Parquet file: ${messageOf(error).split('\n')[0]!.replace(/\.$/, '')}.`;
    say({ kind: 'failed', sentence });
  }
}

// Ctrl-C goes to the whole group of processes: its parent decides.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (message: ToParquet) => {
  credit.give(message.blocks);
  if (message.kind === 'open') void decode(message);
});
