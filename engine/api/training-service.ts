import type { Caller } from '../credentials/caller.js';
import { SuhoError, quoted } from '../errors.js';
import { isKnownTo } from '../instruments/audience.js';
import { seriesIdentity } from '../instruments/ids.js';
import type { TrainedSeries } from '../instruments/served-series.js';
import type { TrainingJob as Job } from '../learning/retraining/job-store.js';
import type { Retraining } from '../learning/retraining/retraining.js';
import { PRIORITIES } from '../learning/retraining/triggers.js';
import { actorOf, changedBy, seenBy } from './alert-service.js';
import { unary, type CallContext } from './calls.js';
import { invalid } from './failure.js';
import type { CancelTrainingJobRequest__Output as CancelTrainingJobRequest } from './generated/suho/v1/CancelTrainingJobRequest.js';
import type { CancelTrainingJobResponse } from './generated/suho/v1/CancelTrainingJobResponse.js';
import type { ListTrainingJobsRequest__Output as ListTrainingJobsRequest } from './generated/suho/v1/ListTrainingJobsRequest.js';
import type { ListTrainingJobsResponse } from './generated/suho/v1/ListTrainingJobsResponse.js';
import type { RetrainSeriesRequest__Output as RetrainSeriesRequest } from './generated/suho/v1/RetrainSeriesRequest.js';
import type { RetrainSeriesResponse } from './generated/suho/v1/RetrainSeriesResponse.js';
import type { TrainingJob } from './generated/suho/v1/TrainingJob.js';

const LISTED_MAX = 200;
/** Series that one call may queue. */
const SERIES_MAX = 50;

export interface TrainingServiceParts {
  readonly retraining: Pick<Retraining, 'request' | 'list' | 'cancel'>;
  /** Tenants the engine serves, the platform among them. */
  readonly tenantIds: () => readonly string[];
  /** All series with signals, and whose models they are made with. */
  readonly series: () => readonly TrainedSeries[];
}

/** Jobs a caller sees, newest first: those that wait or run, or with `all` every one. Throws `STORE_UNAVAILABLE`. */
export async function jobsOf(
  { retraining, tenantIds }: Pick<TrainingServiceParts, 'retraining' | 'tenantIds'>,
  caller: Caller,
  all: boolean,
): Promise<readonly Job[]> {
  const found: Job[] = [];
  for (const reader of seenBy(caller, tenantIds)) found.push(...(await retraining.list(reader, all)));
  return found.sort((a, b) => b.queuedAt - a.queuedAt).slice(0, LISTED_MAX);
}

/** Cancels a job for a caller. Throws `NOT_FOUND` for one that the caller may not cancel, and `STORE_UNAVAILABLE`. */
export async function cancelJob(
  { retraining, tenantIds }: Pick<TrainingServiceParts, 'retraining' | 'tenantIds'>,
  caller: Caller,
  id: string,
): Promise<Job> {
  for (const reader of changedBy(caller, tenantIds)) {
    const cancelled = await retraining.cancel(reader, id);
    if (cancelled !== undefined) return cancelled;
  }
  throw new SuhoError(
    'NOT_FOUND',
    `No job ${quoted(id)} waits or runs; ListTrainingJobs gives those there are.`,
  );
}

/** Handlers of TrainingService. */
export function trainingService(calls: CallContext, parts: TrainingServiceParts): Record<string, unknown> {
  const { retraining } = parts;
  return {
    ListTrainingJobs: unary(
      calls,
      'viewer',
      async ({ open_only: open }: ListTrainingJobsRequest, caller): Promise<ListTrainingJobsResponse> => ({
        jobs: (await jobsOf(parts, caller, !open)).map(toProto),
      }),
    ),
    RetrainSeries: unary(
      calls,
      'engineer',
      async (request: RetrainSeriesRequest, caller): Promise<RetrainSeriesResponse> => {
        const jobs: Job[] = [];
        for (const trained of chosen(parts, request, caller))
          jobs.push(
            await retraining.request({
              ...trained,
              cause: 'requested',
              reason: `Asked for by ${actorOf(caller)}.`,
              priority: PRIORITIES.requested,
              dataFrom: undefined,
              newEncoder: false,
            }),
          );
        return { jobs: jobs.map(toProto) };
      },
    ),
    CancelTrainingJob: unary(
      calls,
      'engineer',
      async ({ job_id: id }: CancelTrainingJobRequest, caller): Promise<CancelTrainingJobResponse> => {
        if (id === '') throw invalid('job_id', 'it must be the id of a job, as ListTrainingJobs gives it.');
        return { job: toProto(await cancelJob(parts, caller, id)) };
      },
    ),
  };
}

/** Series that a request names and the caller may train, each for whom. Throws `NOT_FOUND` when there are none, `BAD_INPUT` when there are too many. */
function chosen(
  { series, tenantIds }: TrainingServiceParts,
  { symbol, timeframe, feed }: RetrainSeriesRequest,
  caller: Caller,
): readonly TrainedSeries[] {
  const readers = changedBy(caller, tenantIds);
  const found = series().filter(({ seriesId, owner }) => {
    const of = seriesIdentity(seriesId);
    return (
      readers.some((reader) => isKnownTo(reader, owner)) &&
      of.symbol === symbol &&
      (timeframe === '' || of.timeframe === timeframe) &&
      (feed === '' || of.feed === feed)
    );
  });
  if (found.length === 0)
    throw new SuhoError(
      'NOT_FOUND',
      `You may train no series ${quoted([feed, symbol, timeframe].filter((part) => part !== '').join('/'))}; suho instruments list shows those with signals.`,
    );
  if (found.length > SERIES_MAX)
    throw new SuhoError(
      'BAD_INPUT',
      `${found.length} series match; name the feed and the timeframe as well.`,
    );
  return found;
}

function toProto(job: Job): TrainingJob {
  return {
    job_id: job.jobId,
    tenant_id: job.tenantId,
    user_id: job.userId ?? '',
    series: job.seriesId,
    status: job.status,
    cause: job.cause,
    reason: job.reason,
    priority: job.priority,
    attempts: job.attempts,
    version: job.version ?? '',
    error: job.error ?? '',
    queued_at: job.queuedAt,
    cpu_seconds: job.cpuMs / 1000,
    ...(job.startedAt === undefined ? {} : { started_at: job.startedAt }),
    ...(job.finishedAt === undefined ? {} : { finished_at: job.finishedAt }),
  };
}
