import { Piscina } from 'piscina';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SuhoError, messageOf } from '../errors.js';
import type { FromWorker } from './from-worker.js';
import {
  EMBEDDING,
  OUTPUT_STRIDE,
  PROBABILITIES,
  RETURNS,
  slabBytes,
  slotInputs,
  slotOutputs,
  type SlabLayout,
} from './slab.js';
import type { ModelFile, ToWorker } from './to-worker.js';

/** What the models say of one row. */
export interface Inference {
  /** Down, flat, up for each horizon. */
  readonly probabilities: readonly number[];
  readonly returns: readonly number[];
  readonly embedding: Float32Array;
  readonly reconstructionError: number;
}

/** A pair of models that see the same row. */
export interface ModelPair {
  readonly predictor: ModelFile;
  readonly encoder: ModelFile;
}

export interface InferencePoolOptions {
  readonly workers: number;
  /** Rows of one run at most. */
  readonly batchMax: number;
  /** Rows that may wait; one more is refused. */
  readonly queueMax: number;
}

export interface InferencePoolStats {
  readonly queued: number;
  readonly rows: number;
  readonly batches: number;
  readonly shared: number;
  readonly refused: number;
  readonly expired: number;
  readonly retried: number;
  readonly failed: number;
}

/** Batches a worker is handed: one it runs and, when a full one waits, the next, so that it never idles between them. */
const SLOTS_EACH = 2;
/** Times a batch is run at most when workers die under it. */
const ATTEMPTS_MAX = 4;

interface Job {
  readonly key: string;
  readonly row: Float32Array;
  readonly deadline: number;
  readonly resolve: (inference: Inference) => void;
  readonly reject: (error: Error) => void;
}

interface Queue {
  readonly pair: ModelPair;
  readonly jobs: Job[];
}

/**
 * Runs ONNX models in worker threads. Rows of all actors that use the same pair of models share runs: a run
 * starts as soon as a worker is free and takes what waits by then, so nothing ever sleeps to fill a batch.
 * Two requests with the same key share one inference. A worker that dies rejects what it held, is replaced,
 * and the work is tried again.
 */
export class InferencePool {
  readonly #options: InferencePoolOptions;
  readonly #layout: SlabLayout;
  readonly #slab: SharedArrayBuffer;
  #pool: Piscina<ToWorker, FromWorker>;
  readonly #free: number[];
  readonly #queues = new Map<string, Queue>();
  readonly #shared = new Map<string, Promise<Inference>>();
  #flushScheduled = false;
  #closed = false;
  #queued = 0;
  #counts = { rows: 0, batches: 0, shared: 0, refused: 0, expired: 0, retried: 0, failed: 0 };

  constructor(options: InferencePoolOptions) {
    this.#options = options;
    this.#layout = { slots: options.workers * SLOTS_EACH, batchMax: options.batchMax };
    this.#slab = new SharedArrayBuffer(slabBytes(this.#layout));
    this.#free = Array.from({ length: this.#layout.slots }, (_, slot) => slot);
    this.#pool = this.#start();
  }

  #start(): Piscina<ToWorker, FromWorker> {
    const { workers } = this.#options;
    const pool = new Piscina<ToWorker, FromWorker>({
      filename: new URL('./worker.js', import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: SLOTS_EACH,
      workerData: { slab: this.#slab, layout: this.#layout },
    });
    // A worker that dies outside a task is replaced by the pool; nothing was lost with it.
    pool.on('error', () => undefined);
    // The pool gives up on workers that die while they start; then it is replaced as a whole.
    pool.on('workerDestroy', () => {
      setImmediate(() => {
        if (this.#closed || pool !== this.#pool || pool.threads.length > 0) return;
        this.#pool = this.#start();
        void pool.destroy();
      });
    });
    return pool;
  }

  stats(): InferencePoolStats {
    return { queued: this.#queued, ...this.#counts };
  }

  /** Worker threads by id, for tests that end one. */
  get threads(): readonly { readonly threadId: number; terminate(): Promise<number> }[] {
    return this.#pool.threads;
  }

  /**
   * Runs a pair of models over one row of model-form features. `key` names the row and the models: equal
   * keys in flight share one run. `deadline` is a time of `performance.now()`; a row still waiting then is
   * refused with `DEADLINE`. Throws `OVERLOADED` when too many rows wait, `BAD_MODEL` for a bad file.
   */
  infer(pair: ModelPair, key: string, row: Float32Array, deadline: number): Promise<Inference> {
    if (this.#closed) return Promise.reject(new SuhoError('STOPPING', 'The engine is stopping.'));
    const running = this.#shared.get(key);
    if (running !== undefined) {
      this.#counts.shared++;
      return running;
    }
    if (this.#queued >= this.#options.queueMax) {
      this.#counts.refused++;
      return Promise.reject(new SuhoError('OVERLOADED', `${this.#queued} rows wait for inference already.`));
    }
    const promise = new Promise<Inference>((resolve, reject) => {
      this.#enqueue(pair, { key, row, deadline, resolve, reject });
    });
    this.#shared.set(key, promise);
    return promise;
  }

  /** Opens a pair of models in a worker and checks their contract. Throws `BAD_MODEL` when they break it. */
  async check(pair: ModelPair): Promise<{ readonly batchInvariant: boolean }> {
    const answer = await this.#pool.run({ kind: 'check', ...pair });
    if (answer.kind === 'failed') throw new SuhoError('BAD_MODEL', answer.message);
    return { batchInvariant: answer.kind === 'checked' && answer.batchInvariant };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const queue of this.#queues.values()) {
      for (const job of queue.jobs) this.#refuse(job, new SuhoError('STOPPING', 'The engine is stopping.'));
    }
    this.#queues.clear();
    await this.#pool.destroy();
  }

  #enqueue(pair: ModelPair, job: Job): void {
    const name = `${pair.predictor.sha256}/${pair.encoder.sha256}`;
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = { pair, jobs: [] };
      this.#queues.set(name, queue);
    }
    queue.jobs.push(job);
    this.#queued++;
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    // After the current turn of the actors, so that what they ask for together runs together.
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#free.length > 0) {
      const queue = this.#longestQueue();
      if (queue === undefined) return;
      // Behind a batch that runs only a full one goes: what waits by the time a worker is free goes together.
      const running = this.#layout.slots - this.#free.length;
      if (running >= this.#options.workers && queue.jobs.length < this.#options.batchMax) return;
      const jobs = this.#takeDue(queue);
      if (jobs.length > 0) void this.#run(queue.pair, jobs, this.#free.pop()!);
    }
  }

  #longestQueue(): Queue | undefined {
    let longest: Queue | undefined;
    for (const queue of this.#queues.values()) {
      if (queue.jobs.length > (longest?.jobs.length ?? 0)) longest = queue;
    }
    return longest;
  }

  #takeDue(queue: Queue): Job[] {
    const taken = queue.jobs.splice(0, this.#options.batchMax);
    this.#queued -= taken.length;
    const now = performance.now();
    return taken.filter((job) => {
      if (job.deadline >= now) return true;
      this.#counts.expired++;
      this.#refuse(job, new SuhoError('DEADLINE', 'The row waited for a worker past its deadline.'));
      return false;
    });
  }

  #refuse(job: Job, failure: Error): void {
    this.#shared.delete(job.key);
    job.reject(failure);
  }

  async #run(pair: ModelPair, jobs: readonly Job[], slot: number): Promise<void> {
    const inputs = slotInputs(this.#slab, this.#layout, slot);
    jobs.forEach((job, i) => inputs.set(job.row, i * FEATURE_COUNT));
    try {
      const answer = await this.#attempt({ kind: 'infer', slot, rows: jobs.length, ...pair });
      if (answer.kind === 'failed') throw new SuhoError('BAD_MODEL', answer.message);
      const outputs = slotOutputs(this.#slab, this.#layout, slot);
      jobs.forEach((job, i) => {
        this.#shared.delete(job.key);
        job.resolve(readInference(outputs, i));
      });
      this.#counts.rows += jobs.length;
      this.#counts.batches++;
    } catch (error) {
      this.#counts.failed += jobs.length;
      const failure =
        error instanceof SuhoError
          ? error
          : new SuhoError('STORE_UNAVAILABLE', `Inference failed: ${messageOf(error)}`);
      for (const job of jobs) this.#refuse(job, failure);
    } finally {
      this.#free.push(slot);
      this.#dispatch();
    }
  }

  /**
   * Runs a batch; when the worker dies under it, again on another. The worker that takes over may die too, or
   * the pool be replaced because its workers died while starting: so a few times, not once.
   */
  async #attempt(message: ToWorker): Promise<FromWorker> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#pool.run(message);
      } catch (error) {
        if (this.#closed || attempt === ATTEMPTS_MAX) throw error;
        this.#counts.retried++;
        // The pool is replaced in the turn after its last worker died.
        await new Promise((resolve) => setTimeout(resolve, attempt));
      }
    }
  }
}

function readInference(outputs: Float32Array, row: number): Inference {
  const at = row * OUTPUT_STRIDE;
  const probabilities = new Array<number>(PROBABILITIES);
  for (let i = 0; i < PROBABILITIES; i++) probabilities[i] = outputs[at + i]!;
  const returns = new Array<number>(RETURNS);
  for (let i = 0; i < RETURNS; i++) returns[i] = outputs[at + PROBABILITIES + i]!;
  const end = at + PROBABILITIES + RETURNS;
  const embedding = outputs.slice(end, end + EMBEDDING);
  return { probabilities, returns, embedding, reconstructionError: outputs[end + EMBEDDING]! };
}
