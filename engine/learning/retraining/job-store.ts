import type { SignalOwner } from '../../../actors/signals/prediction-id.js';

export type JobCause = 'requested' | 'performance' | 'drift' | 'data' | 'schedule';
type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** A training that is asked for. */
export interface NewJob {
  /** Whose model it makes: the owner of the series (`platform` of a shared one), or a tenant with a model of its own there. */
  readonly tenantId: string;
  /** User whose own model it makes. */
  readonly userId?: string | undefined;
  readonly seriesId: string;
  /** Name of the series' models. */
  readonly model: string;
  readonly cause: JobCause;
  /** The cause in one sentence. */
  readonly reason: string;
  /** Higher goes first among the jobs of one tenant. */
  readonly priority: number;
  /** Close time of the oldest row to learn from, where older ones are of a market that is gone. */
  readonly dataFrom: number | undefined;
  /** Whether the encoder is trained anew as well. */
  readonly newEncoder: boolean;
  /** Epoch milliseconds. */
  readonly queuedAt: number;
}

export interface TrainingJob extends NewJob {
  readonly jobId: string;
  readonly status: JobStatus;
  /** Times it was begun. */
  readonly attempts: number;
  /** Version of the model it made. */
  readonly version: string | undefined;
  /** Why it failed, or what it waits for. */
  readonly error: string | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  /** Processor time it took. */
  readonly cpuMs: number;
  /** Engine that runs it or ran it last, and when it last said so. */
  readonly claimedBy: string | undefined;
  readonly claimedAt: number | undefined;
}

/** How a job ended, or goes back to wait. */
export interface JobEnd {
  readonly status: 'queued' | 'succeeded' | 'failed' | 'cancelled';
  readonly version?: string;
  readonly modelId?: string;
  readonly error?: string;
  readonly cpuMs: number;
  readonly at: number;
}

/** Keeps trainings: one open job of an owner on a series, whoever asks and however many engines there are. All methods throw `STORE_UNAVAILABLE`. */
export interface JobStore {
  /**
   * Queues a job, or gives the one that waits or runs for its owner and series already. One that waits takes over the cause of
   * the higher priority, the later `dataFrom` and the wish for a new encoder; one that runs stays as it was begun.
   */
  enqueue(job: NewJob): Promise<TrainingJob>;
  /**
   * Jobs of a tenant, a user's own among them when he asks, newest first, 200 at most: those that wait or run, and those that
   * ended after `endedSince`, or with `all` every one.
   */
  list(reader: SignalOwner, all: boolean, endedSince?: number): Promise<TrainingJob[]>;
  /**
   * Begins a job for an engine: one that waits, one of its own that it died under, or one whose engine has not been heard
   * of since `staleBefore`. Undefined when it is another's or over; `over_budget` when trainings of all engines together took
   * `budgetMs` of processor time in the hour before `at`, those that run counted by how long they have run, and as the
   * longest of the last day at least.
   */
  claim(
    job: TrainingJob,
    engine: string,
    at: number,
    staleBefore: number,
    budgetMs: number,
  ): Promise<TrainingJob | 'over_budget' | undefined>;
  /** Says that an engine still runs a job; false when it was cancelled meanwhile. */
  renew(job: TrainingJob, engine: string, at: number): Promise<boolean>;
  /** Ends a job as it was claimed; one that another engine took meanwhile goes on. */
  end(job: TrainingJob, end: JobEnd): Promise<void>;
  /** Cancels a job; undefined when the reader has none of this id that waits or runs. */
  cancel(reader: SignalOwner, jobId: string, at: number): Promise<TrainingJob | undefined>;
}
