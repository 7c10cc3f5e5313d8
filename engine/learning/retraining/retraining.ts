import type { Logger } from 'pino';
import type { SignalOwner } from '../../../actors/signals/prediction-id.js';
import { timeframeMs } from '../../../actors/market/timeframe.js';
import type { Background } from '../../background.js';
import type { Clock, Timer } from '../../clock.js';
import { SuhoError, messageOf, type ErrorCode } from '../../errors.js';
import { seriesIdentity } from '../../instruments/ids.js';
import { modelName } from '../../registry/model-registry.js';
import type { Challengers } from '../../rollout/challengers.js';
import { rowsNeeded } from '../history-needed.js';
import type { SeriesTraining } from '../series-training.js';
import type { JobEnd, JobStore, NewJob, TrainingJob } from './job-store.js';
import { HOUR_MS, nextJob, ownerAndSeries, stillCounts, type QueueSettings, type Spent } from './queue.js';

/** How often it is looked whether a job may begin, and how often the jobs of other engines and calls are read. */
const LOOK_MS = 5_000;
const READ_MS = 60_000;
/** How often an engine says that it still runs a job, and after what silence another takes it. */
const RENEW_MS = 20_000;
const STALE_MS = 120_000;
/** How long a training waits for the feature store to hold what the journal does. */
const STORED_MS = 120_000;
/** Times a job is begun: an engine that dies under it each time is not made to die again. */
const ATTEMPTS_MAX = 4;
/** How long a job waits after a failure that may pass. */
const RETRY_MS = 300_000;
const STOP_MS = 5_000;
/** What the same data would cause again. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['BAD_INPUT', 'BAD_MODEL', 'NOT_FOUND']);

export interface RetrainingParts {
  readonly jobs: JobStore;
  readonly training: Pick<SeriesTraining, 'retrain'>;
  /** Has a registered model tried beside the one in use. */
  readonly propose: Challengers['propose'];
  /** Close time of a series' newest bar, NaN where the engine does not follow it. */
  readonly closedThrough: (seriesId: string) => number;
  /** Settles when the feature store holds what the journal does. */
  readonly featuresStored: () => Promise<void>;
  /** Tenants the engine serves, the platform among them, and users with signals of their own. */
  readonly owners: () => readonly SignalOwner[];
  /** Name of this engine among those of one registry; the same after a restart. */
  readonly engine: string;
  readonly settings: QueueSettings;
  readonly background: Pick<Background, 'untilDone'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export interface RetrainingCounts {
  readonly queued: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Processor time of trainings in the last hour, of all engines as far as that is read, seconds, and what of it is allowed. */
  readonly cpuSeconds: number;
  readonly budgetSeconds: number;
}

/** A training that is asked for: of the series' owner, unless it says whose model it makes. */
export type JobRequest = Omit<NewJob, 'tenantId' | 'userId' | 'model' | 'queuedAt'> & {
  readonly owner?: SignalOwner;
};

/**
 * Trains series again, one at a time: jobs wait in one queue that the registry keeps, so that they survive a crash and all
 * engines of a registry share them. A model that comes of it is proposed as a challenger; it is never put into use here.
 */
export class Retraining {
  readonly #parts: RetrainingParts;
  readonly #jobs = new Map<string, TrainingJob>();
  /** Times before which a job is not begun again. */
  readonly #notBefore = new Map<string, number>();
  /** Close times that a job's series must reach first. */
  readonly #barsFrom = new Map<string, number>();
  readonly #trainedAt = new Map<string, number>();
  #spent: Spent[] = [];
  #timer: Timer | undefined;
  #readAt = -Infinity;
  #running: { readonly job: TrainingJob; readonly abort: AbortController } | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;
  #succeeded = 0;
  #failed = 0;

  constructor(parts: RetrainingParts) {
    this.#parts = parts;
  }

  /** Begins to work through the queue. */
  open(): void {
    this.#lookLater(0);
  }

  counts(): RetrainingCounts {
    const now = this.#parts.clock.now();
    const spent = stillCounts(this.#spent, now).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
    return {
      queued: this.#jobs.size - (this.#running === undefined ? 0 : 1),
      running: this.#running === undefined ? 0 : 1,
      succeeded: this.#succeeded,
      failed: this.#failed,
      cpuSeconds: spent / 1000,
      budgetSeconds: this.#parts.settings.budgetMsAnHour / 1000,
    };
  }

  /** Queues a training. The one that waits or runs for the series already is given instead. Throws `STORE_UNAVAILABLE`. */
  async request({ owner, ...job }: JobRequest): Promise<TrainingJob> {
    const series = seriesIdentity(job.seriesId);
    const queued = await this.#parts.jobs.enqueue({
      ...job,
      tenantId: owner?.tenantId ?? series.tenantId,
      userId: owner?.userId,
      model: modelName(series),
      queuedAt: this.#parts.clock.now(),
    });
    if (queued.status === 'queued') this.#jobs.set(queued.jobId, queued);
    return queued;
  }

  /** As {@link request}, until the store of jobs takes it and no weaker cause's training runs: for causes that do not come again. */
  requestInTime(job: JobRequest): void {
    void this.#parts.background.untilDone(`training job of ${job.seriesId}`, async () => {
      const { status, priority } = await this.request(job);
      if (status === 'running' && priority < job.priority)
        throw new SuhoError('OVERLOADED', 'The series is being trained for another cause.');
    });
  }

  /** As {@link JobStore.list}. */
  async list(reader: SignalOwner, all: boolean): Promise<TrainingJob[]> {
    return await this.#parts.jobs.list(reader, all);
  }

  /** As {@link JobStore.cancel}; one that runs here ends at its next step. */
  async cancel(reader: SignalOwner, jobId: string): Promise<TrainingJob | undefined> {
    const cancelled = await this.#parts.jobs.cancel(reader, jobId, this.#parts.clock.now());
    if (cancelled === undefined) return undefined;
    this.#jobs.delete(jobId);
    if (this.#running?.job.jobId === jobId) this.#running.abort.abort();
    return cancelled;
  }

  /** Begins nothing more, and ends what runs: it is begun anew after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#running?.abort.abort();
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#parts.clock.setTimeout(resolve, STOP_MS);
    });
    await Promise.race([this.#looking, late]);
    timer?.cancel();
  }

  #lookLater(ms: number): void {
    if (this.#stopped) return;
    this.#timer = this.#parts.clock.setTimeout(() => {
      this.#looking = this.#look().catch((error: unknown) => {
        this.#parts.log.warn(
          { error: messageOf(error) },
          'the queue of trainings cannot be read; it is tried again',
        );
        // Read whole again: it may have changed while the store was away.
        this.#readAt = -Infinity;
      });
      void this.#looking.then(() => this.#lookLater(LOOK_MS));
    }, ms);
  }

  /** Reads the queue when it is time, and runs the job whose turn it is. */
  async #look(): Promise<void> {
    const { clock, settings, jobs, engine } = this.#parts;
    if (clock.now() - this.#readAt >= READ_MS) await this.#read();
    const now = clock.now();
    this.#spent = stillCounts(this.#spent, now);
    const waiting = [...this.#jobs.values()].filter((job) => this.#isReady(job, now));
    const next = nextJob({ waiting, spent: this.#spent, trainedAt: this.#trainedAt, now }, settings);
    if (next === undefined) return;
    const claimed = await jobs.claim(next, engine, now, now - STALE_MS, settings.budgetMsAnHour);
    if (claimed === 'over_budget') return;
    if (claimed === undefined) {
      this.#jobs.delete(next.jobId);
      return;
    }
    await this.#run(claimed);
  }

  async #read(): Promise<void> {
    const { jobs, owners, clock } = this.#parts;
    const first = this.#readAt === -Infinity;
    const found = new Map<string, TrainingJob>();
    for (const owner of owners()) {
      for (const job of await jobs.list(owner, first, clock.now() - HOUR_MS)) {
        if (job.status === 'queued' || job.status === 'running') found.set(job.jobId, job);
        else this.#remember(job);
      }
    }
    this.#jobs.clear();
    for (const [id, job] of found) this.#jobs.set(id, job);
    for (const known of [this.#notBefore, this.#barsFrom])
      for (const id of known.keys()) if (!found.has(id)) known.delete(id);
    this.#readAt = clock.now();
  }

  /** What a finished job took still counts after a restart, and what it took another engine counts here. */
  #remember(job: TrainingJob): void {
    const { tenantId, cpuMs, finishedAt = 0, status } = job;
    if (!this.#spent.some(({ at }) => at === finishedAt))
      this.#spent.push({ tenantId, cpuMs, at: finishedAt });
    const key = ownerAndSeries(job);
    if (status === 'succeeded') this.#trainedAt.set(key, Math.max(finishedAt, this.#trainedAt.get(key) ?? 0));
  }

  #isReady(job: TrainingJob, now: number): boolean {
    const { closedThrough, engine } = this.#parts;
    const through = closedThrough(job.seriesId);
    // Another engine follows it.
    if (Number.isNaN(through)) return false;
    if (job.status === 'running' && job.claimedBy !== engine && (job.claimedAt ?? 0) >= now - STALE_MS)
      return false;
    if (now < (this.#notBefore.get(job.jobId) ?? -Infinity)) return false;
    const { timeframe } = seriesIdentity(job.seriesId);
    // Weekends make it later; the training then says by how much.
    const soonest =
      job.dataFrom === undefined ? -Infinity : job.dataFrom + rowsNeeded(timeframe) * timeframeMs(timeframe);
    return through >= Math.max(soonest, this.#barsFrom.get(job.jobId) ?? -Infinity);
  }

  async #run(job: TrainingJob): Promise<void> {
    const { jobs, clock, log } = this.#parts;
    const { seriesId, cause, reason } = job;
    const abort = new AbortController();
    this.#running = { job, abort };
    const startedAt = clock.monotonic();
    log.info({ seriesId, cause, reason }, 'training again');
    const renewing = this.#renew(job, abort);
    let end: JobEnd;
    try {
      if (job.attempts > ATTEMPTS_MAX)
        throw new SuhoError('BAD_INPUT', `It was begun ${ATTEMPTS_MAX} times and no engine came to its end.`);
      const { record, cpuMs } = await this.#train(job, abort.signal);
      end = {
        status: 'succeeded',
        version: record.version,
        modelId: record.modelId,
        cpuMs,
        at: clock.now(),
      };
      this.#succeeded++;
      this.#trainedAt.set(ownerAndSeries(job), end.at);
    } catch (error) {
      end = this.#ended(job, error, clock.monotonic() - startedAt);
    } finally {
      renewing.cancel();
      this.#running = undefined;
    }
    this.#spent.push({ tenantId: job.tenantId, cpuMs: end.cpuMs, at: end.at });
    if (end.status !== 'queued') this.#jobs.delete(job.jobId);
    // A job under which the engine stops stays its own: it begins it anew.
    if (!this.#stopped) await jobs.end(job, end);
  }

  async #train(job: TrainingJob, signal: AbortSignal): ReturnType<SeriesTraining['retrain']> {
    const { training, propose, closedThrough } = this.#parts;
    const { tenantId, userId, seriesId, dataFrom: from, newEncoder, reason, cause } = job;
    const owner = { tenantId, userId };
    await this.#stored(signal);
    const through = closedThrough(seriesId);
    // One that was begun before may have been registered then, and not proposed.
    const madeSince = job.attempts > 1 ? job.queuedAt : undefined;
    const trained = await training.retrain(seriesId, { owner, through, from, newEncoder, madeSince, signal });
    await propose({
      series: { ...seriesIdentity(seriesId), ...owner },
      version: trained.record.version,
      by: 'engine',
      reason: `${cause}: ${reason}`,
      isDue: cause === 'schedule' || cause === 'data',
    });
    return trained;
  }

  /** Waits for the feature store, but neither for ever nor beyond a cancellation. */
  async #stored(signal: AbortSignal): Promise<void> {
    const { featuresStored, clock } = this.#parts;
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      const give = (code: ErrorCode, message: string): void => reject(new SuhoError(code, message));
      timer = clock.setTimeout(
        () => give('STORE_UNAVAILABLE', 'The feature store does not hold the newest rows yet.'),
        STORED_MS,
      );
      signal.addEventListener('abort', () => give('STOPPING', 'The training was stopped.'), { once: true });
    });
    try {
      await Promise.race([featuresStored(), late]);
    } finally {
      timer?.cancel();
    }
  }

  /** How a job goes on that did not come to its end. */
  #ended(job: TrainingJob, error: unknown, tookMs: number): JobEnd {
    const { clock, log, closedThrough } = this.#parts;
    const at = clock.now();
    const told = messageOf(error);
    const code = error instanceof SuhoError ? error.code : undefined;
    if (code === 'STOPPING') return { status: 'cancelled', error: told, cpuMs: tookMs, at };
    const { seriesId, dataFrom } = job;
    log.warn({ seriesId, error: told }, 'not trained again');
    if (code === 'BAD_INPUT' && dataFrom !== undefined) {
      // Rows of the new market are fewer than the time since it began lets expect: there were weekends.
      const { timeframe } = seriesIdentity(seriesId);
      const wait = (rowsNeeded(timeframe) / 10) * timeframeMs(timeframe);
      this.#barsFrom.set(job.jobId, closedThrough(seriesId) + wait);
      return { status: 'queued', error: told, cpuMs: tookMs, at };
    }
    if (code !== undefined && FINAL.has(code)) {
      this.#failed++;
      return { status: 'failed', error: told, cpuMs: tookMs, at };
    }
    this.#notBefore.set(job.jobId, at + RETRY_MS);
    return { status: 'queued', error: told, cpuMs: tookMs, at };
  }

  /** Says now and then that a job still runs, and ends it when it was cancelled elsewhere. */
  #renew(job: TrainingJob, abort: AbortController): Timer {
    const { jobs, engine, clock } = this.#parts;
    let timer: Timer;
    let over = false;
    const again = (): void => {
      timer = clock.setTimeout(() => {
        jobs.renew(job, engine, clock.now()).then(
          (still) => {
            if (!still) abort.abort();
            else if (!over) again();
          },
          // The store is away; what it would say is heard when it is back.
          () => (over ? undefined : again()),
        );
      }, RENEW_MS);
    };
    again();
    return {
      cancel: () => {
        over = true;
        timer.cancel();
      },
    };
  }
}
