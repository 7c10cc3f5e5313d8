import { Worker } from 'node:worker_threads';
import { SuhoError } from '../errors.js';
import { THREAD_OPTIONS } from '../worker-threads.js';
import type { Analysis, AnalysisResults } from './analysis-worker.js';

const WORKER = new URL('./analysis-worker.js', import.meta.url);
/** Answers that are kept, and how long: pages ask for the same again and again. */
const KEPT_MAX = 64;
const KEPT_MS = 60_000;

interface Kept {
  readonly answer: Promise<unknown>;
  readonly until: number;
}

/** What takes a processor for longer than a signal may wait: worked out in a thread of its own, one at a time, kept for a minute. */
export class Analyses {
  readonly #kept = new Map<string, Kept>();
  #last: Promise<unknown> = Promise.resolve();

  /**
   * The answer of an analysis that `key` names, which `begin` prepares when it is not kept. Throws what `begin` throws, and
   * an error when the thread fails.
   */
  async get<K extends Analysis['kind']>(
    kind: K,
    key: string,
    begin: () => Promise<Extract<Analysis, { kind: K }>>,
  ): Promise<AnalysisResults[K]> {
    const name = `${kind} ${key}`;
    const now = performance.now();
    for (const [each, { until }] of this.#kept) if (until <= now) this.#kept.delete(each);
    const known = this.#kept.get(name);
    if (known !== undefined) return (await known.answer) as AnalysisResults[K];
    if (this.#kept.size >= KEPT_MAX)
      throw new SuhoError(
        'OVERLOADED',
        'Too many different analyses are asked for at once; try again in a minute.',
      );
    const before = this.#last;
    const answer = before.catch(() => undefined).then(async () => await runInThread(await begin()));
    this.#last = answer;
    this.#kept.set(name, { answer, until: now + KEPT_MS });
    try {
      return (await answer) as AnalysisResults[K];
    } catch (error) {
      this.#kept.delete(name);
      throw error;
    }
  }
}

async function runInThread(analysis: Analysis): Promise<unknown> {
  const worker = new Worker(WORKER, { ...THREAD_OPTIONS, workerData: analysis });
  try {
    return await new Promise<unknown>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('An analysis ended without an answer.')));
    });
  } finally {
    await worker.terminate();
  }
}
