import { Piscina } from 'piscina';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import { SuhoError, messageOf } from '../errors.js';
import { TransientMap } from '../transient-map.js';
import { THREAD_OPTIONS } from '../worker-threads.js';
import { FairQueue, type Place } from './fair-queue.js';
import type { FromWorker } from './from-worker.js';
import { readInference, type Encoding, type Inference } from './inference.js';
import { ModelTrials, type TrialReport } from './model-trials.js';
import { OUTPUT_STRIDE, slabBytes, slotInputs, slotOutputs, slotSequences, type SlabLayout } from './slab.js';
import type { Batch, ModelPair, ToWorker, WorkerSetup } from './to-worker.js';

export interface InferencePoolOptions {
  readonly workers: number;
  /** Rows of one run at most. */
  readonly batchMax: number;
  /** Rows that may wait: see {@link FairQueue}. */
  readonly queueMax: number;
  /** Memory for open models, of all workers together. */
  readonly sessionMegabytes: number;
}

export interface InferencePoolStats {
  readonly queued: number;
  readonly rows: number;
  readonly batches: number;
  readonly shared: number;
  /** Rows that found no place in the queue. */
  readonly refused: number;
  /** Rows that lost their place to a tenant that held less than its share. */
  readonly pushedOut: number;
  readonly expired: number;
  readonly retried: number;
  readonly failed: number;
  /** Rows that were to run behind those that signals wait for, and found no time. */
  readonly dropped: number;
}

/** Batches a worker is handed: one it runs and, when a full one waits, the next, so that it never idles between them. */
const SLOTS_EACH = 2;
/** Share of the queue's places there are beside it for rows that run behind the others. */
const BEHIND_SHARE = 0.1;
/** Times a batch is run at most when workers die under it. */
const ATTEMPTS_MAX = 4;

interface Job {
  readonly pair: ModelPair;
  readonly key: string;
  readonly row: Float32Array;
  readonly sequence: Float32Array | undefined;
  readonly isAlone: boolean;
  readonly encoded: Encoding | undefined;
  /** The latest deadline of those that wait for it. */
  deadline: number;
  /** Runs only while nothing that a signal waits for does. */
  readonly behind: boolean;
  readonly resolve: (inference: Inference) => void;
  readonly reject: (error: Error) => void;
}

/** What a row may have beside its features. */
export interface RowOptions {
  readonly sequence?: Float32Array | undefined;
  readonly alone?: boolean;
  /** Runs once nothing that signals wait for does; `OVERLOADED` when there is no time for it. */
  readonly behind?: boolean;
  /** What the pair's encoder said of the row before: the predictor runs alone. */
  readonly encoded?: Encoding | undefined;
}

interface Shared {
  readonly place: Place<Job>;
  readonly promise: Promise<Inference>;
}

/**
 * Runs ONNX models in worker threads. Rows of all actors that use the same pair of models share runs: a run
 * starts as soon as a worker is free and takes what waits by then, so nothing ever sleeps to fill a batch.
 * Tenants take turns: {@link FairQueue}. Two requests with the same key share one inference. A worker that dies
 * rejects what it held, is replaced, and the work is tried again. A row whose numbers are out of range fails
 * alone; the others of its batch are served.
 */
export class InferencePool {
  readonly #options: InferencePoolOptions;
  readonly #layout: SlabLayout;
  readonly #slab: SharedArrayBuffer;
  #pool: Piscina<ToWorker, FromWorker>;
  readonly #free: number[];
  readonly #queue: FairQueue<Job>;
  /** Rows that run only while nothing else waits: arms of a rollout that do not serve. */
  readonly #behind: FairQueue<Job>;
  readonly #shared = new TransientMap<string, Shared>();
  readonly #trials = new ModelTrials();
  /** Tasks the workers have now. */
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #osThreads = new Set<number>();
  #flushScheduled = false;
  #closed = false;
  #drained = false;
  #counts = {
    rows: 0,
    batches: 0,
    shared: 0,
    refused: 0,
    pushedOut: 0,
    expired: 0,
    retried: 0,
    failed: 0,
    dropped: 0,
  };

  constructor(options: InferencePoolOptions) {
    this.#options = options;
    this.#layout = { slots: options.workers * SLOTS_EACH, batchMax: options.batchMax };
    this.#slab = new SharedArrayBuffer(slabBytes(this.#layout));
    this.#free = Array.from({ length: this.#layout.slots }, (_, slot) => slot);
    this.#queue = new FairQueue({ max: options.queueMax });
    this.#behind = new FairQueue({ max: Math.ceil(options.queueMax * BEHIND_SHARE) });
    this.#pool = this.#start();
  }

  #start(): Piscina<ToWorker, FromWorker> {
    const { workers, sessionMegabytes } = this.#options;
    const sessionBytesMax = Math.floor((sessionMegabytes * 2 ** 20) / workers);
    const workerData: WorkerSetup = { slab: this.#slab, layout: this.#layout, sessionBytesMax };
    const pool = new Piscina<ToWorker, FromWorker>({
      ...THREAD_OPTIONS,
      filename: new URL('./worker.js', import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: SLOTS_EACH,
      workerData,
    });
    // A worker that dies outside a task is replaced by the pool; nothing was lost with it.
    pool.on('error', () => undefined);
    // A worker loads ONNX Runtime as it starts, not under its first batch. If it dies of that, it is replaced.
    pool.on('workerCreate', () => {
      if (!this.#closed) this.#track(this.#load(pool));
    });
    // The pool gives up on workers that die while they start; then it is replaced as a whole.
    pool.on('workerDestroy', () => {
      setImmediate(() => {
        if (this.#drained || pool !== this.#pool || pool.threads.length > 0) return;
        this.#pool = this.#start();
        void pool.destroy();
      });
    });
    return pool;
  }

  async #load(pool: Piscina<ToWorker, FromWorker>): Promise<void> {
    const answer = await pool.run({ kind: 'load' }).catch(() => undefined);
    if (answer?.kind === 'loaded' && answer.osThread !== undefined) this.#osThreads.add(answer.osThread);
  }

  /** The numbers Linux knows the workers' threads by, of those that ended too; none on other systems. */
  get osThreads(): Iterable<number> {
    return this.#osThreads;
  }

  stats(): InferencePoolStats {
    return { queued: this.#queue.size + this.#behind.size, ...this.#counts };
  }

  /**
   * Worker threads, for tests in which one dies. Not by `terminate()`: ONNX Runtime aborts the process when its thread
   * is terminated during a native call.
   */
  get threads(): readonly { postMessage(message: unknown): void }[] {
    return this.#pool.threads;
  }

  /**
   * Runs a pair of models over one row of model-form features, at the turn of `tenantId`. `key` names the row and
   * the models: equal keys in flight share one run, whoever asks. `deadline` is a time of `performance.now()`; a
   * row still waiting then is refused with `DEADLINE`. Throws `OVERLOADED` when the tenant has its share of rows
   * waiting and there is no place, `BAD_MODEL` for a bad file and for an answer that is out of range. `sequence` are the
   * row's sequence channels, for a predictor that takes them; a row that is `alone` shares its run with no other. A row
   * that goes `behind` runs only while no other waits; `OVERLOADED` when that was not so before its deadline. With what the
   * encoder said of it (`encoded`) only the predictor runs.
   */
  infer(
    pair: ModelPair,
    key: string,
    row: Float32Array,
    deadline: number,
    tenantId: string,
    { sequence, alone: isAlone = false, behind = false, encoded }: RowOptions = {},
  ): Promise<Inference> {
    if (this.#closed) return Promise.reject(new SuhoError('STOPPING', 'The engine is stopping.'));
    // One that a signal waits for serves those behind as well, never the other way.
    const shared = this.#shared.get(key) ?? (behind ? this.#shared.get(behindKey(key)) : undefined);
    if (shared !== undefined) {
      this.#counts.shared++;
      const { job } = shared.place;
      job.deadline = Math.max(job.deadline, deadline);
      if (!behind) this.#queue.join(tenantId, shared.place);
      return shared.promise;
    }
    let job!: Job;
    const promise = new Promise<Inference>((resolve, reject) => {
      const name = behind ? behindKey(key) : key;
      job = { pair, key: name, row, sequence, isAlone, encoded, deadline, behind, resolve, reject };
    });
    this.#enqueue(job, promise, tenantId);
    return promise;
  }

  /** Tries a pair of models in a process of its own: see {@link ModelTrials}. Throws `BAD_MODEL`. */
  async check(pair: ModelPair): Promise<TrialReport> {
    return await this.#trials.run(pair);
  }

  /**
   * Refuses rows that wait, lets batches that run end, then ends the workers: ONNX Runtime aborts the process when its
   * thread is terminated during a native call. It takes as long as a batch does and, where models are being opened,
   * opening them.
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of [...this.#queue.clear(), ...this.#behind.clear()])
      this.#refuse(job, new SuhoError('STOPPING', 'The engine is stopping.'));
    await Promise.all([this.#closeWorkers(), this.#trials.close()]);
  }

  async #closeWorkers(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    this.#drained = true;
    await this.#pool.destroy();
  }

  #track(task: Promise<unknown>): void {
    const ended = task.finally(() => this.#tasks.delete(ended));
    this.#tasks.add(ended);
  }

  #enqueue(job: Job, promise: Promise<Inference>, tenantId: string): void {
    const queue = job.behind ? this.#behind : this.#queue;
    const { place, pushedOut } = queue.offer(tenantId, lineOf(job), job);
    if (place === undefined) {
      this.#counts[job.behind ? 'dropped' : 'refused']++;
      job.reject(overloaded(queue.size));
      return;
    }
    if (pushedOut !== undefined) {
      this.#counts[job.behind ? 'dropped' : 'pushedOut']++;
      this.#refuse(pushedOut, overloaded(queue.size));
    }
    this.#shared.set(job.key, { place, promise });
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      // After the current turn of the actors, so that what they ask for together runs together.
      setImmediate(() => {
        this.#flushScheduled = false;
        this.#dispatch();
      });
    }
  }

  #dispatch(): void {
    while (this.#free.length > 0) {
      const queue = this.#queue.size > 0 ? this.#queue : this.#behind;
      const next = queue.next();
      if (next === undefined) return;
      // Behind a batch that runs only a full one goes: what waits by the time a worker is free goes together. A full
      // one of a later turn does not overtake, or a busy tenant's would keep the worker from ever being free.
      const running = this.#layout.slots - this.#free.length;
      if (running >= this.#options.workers && next.waiting < this.#options.batchMax) return;
      const jobs = this.#takeDue(queue);
      if (jobs.length > 0) this.#track(this.#run(jobs[0]!.pair, jobs, this.#free.pop()!));
    }
  }

  #takeDue(queue: FairQueue<Job>): Job[] {
    const now = performance.now();
    return queue.take(this.#options.batchMax).filter((job) => {
      if (job.deadline >= now) return true;
      if (job.behind) {
        this.#counts.dropped++;
        this.#refuse(job, overloaded(this.#queue.size));
        return false;
      }
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
    const withSequences = jobs.every(({ sequence }) => sequence !== undefined);
    if (withSequences) {
      const sequences = slotSequences(this.#slab, this.#layout, slot);
      jobs.forEach(({ sequence }, i) => sequences.set(sequence!, i * SEQUENCE_SIZE));
    }
    try {
      const answer = await this.#attempt({
        kind: 'infer',
        slot,
        rows: jobs.length,
        withSequences,
        predictor: pair.predictor,
        encoder: jobs[0]!.encoded === undefined ? pair.encoder : undefined,
      });
      if (answer.kind === 'failed') throw new SuhoError('BAD_MODEL', answer.message);
      // One copy for all: a copy of each row costs five times as much, most of it in the garbage collector.
      const outputs = slotOutputs(this.#slab, this.#layout, slot).slice(0, jobs.length * OUTPUT_STRIDE);
      this.#counts.batches++;
      jobs.forEach((job, i) => this.#answer(job, outputs, i));
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

  #answer(job: Job, outputs: Float32Array, row: number): void {
    try {
      const inference = readInference(outputs, row, job.encoded);
      this.#counts.rows++;
      this.#shared.delete(job.key);
      job.resolve(inference);
    } catch (error) {
      this.#counts.failed++;
      this.#refuse(job, error as SuhoError);
    }
  }

  /**
   * Runs a batch; when the worker dies under it, again on another. The worker that takes over may die too, or
   * the pool be replaced because its workers died while starting: so a few times, not once.
   */
  async #attempt(batch: Batch): Promise<FromWorker> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#pool.run(batch);
      } catch (error) {
        if (this.#closed || attempt === ATTEMPTS_MAX) throw error;
        this.#counts.retried++;
        // The pool is replaced in the turn after its last worker died.
        await new Promise((resolve) => setTimeout(resolve, attempt));
      }
    }
  }
}

/** Names of pairs: made anew for each row, it would be hashed anew for each row, too. */
const NAMES = new WeakMap<ModelPair, string>();

function nameOf(pair: ModelPair): string {
  let name = NAMES.get(pair);
  if (name === undefined) NAMES.set(pair, (name = `${pair.predictor.sha256}/${pair.encoder.sha256}`));
  return name;
}

/** Key of a row that runs behind the others: those that signals wait for do not wait with it. */
function behindKey(key: string): string {
  return `behind/${key}`;
}

/** What jobs wait for together: the models that run for them, or a run of their own. */
function lineOf({ pair, key, isAlone, encoded }: Job): string {
  const models = encoded === undefined ? nameOf(pair) : pair.predictor.sha256;
  return isAlone ? `${models}/${key}` : models;
}

function overloaded(waiting: number): SuhoError {
  return new SuhoError(
    'OVERLOADED',
    `${waiting} rows wait for inference and this tenant has its share of them. Raise inference.queueMax or inference.workers, or use fewer models.`,
  );
}
