import type { TrainingJob } from './job-store.js';

export const HOUR_MS = 3_600_000;

/** Processor time that a training took, and when it ended. */
export interface Spent {
  readonly tenantId: string;
  readonly cpuMs: number;
  readonly at: number;
}

export interface QueueSettings {
  /** Processor time of all trainings in any hour. */
  readonly budgetMsAnHour: number;
  /** Time after a training of a series before the next one that nobody asked for by hand. */
  readonly cooldownMs: number;
}

export interface QueueState {
  readonly waiting: readonly TrainingJob[];
  readonly spent: readonly Spent[];
  /** When a model of an owner and series was last trained, by {@link ownerAndSeries}. */
  readonly trainedAt: ReadonlyMap<string, number>;
  readonly now: number;
}

/**
 * The job to begin now, undefined when none may. All trainings share one budget; the tenant that took least of it in the
 * last hour comes first, so that one with many jobs takes no turn from another, and of its jobs the one of the highest
 * priority, then the oldest.
 */
export function nextJob(
  { waiting, spent, trainedAt, now }: QueueState,
  { budgetMsAnHour, cooldownMs }: QueueSettings,
): TrainingJob | undefined {
  const used = new Map<string, number>();
  let total = 0;
  for (const { tenantId, cpuMs, at } of spent) {
    if (at <= now - HOUR_MS) continue;
    used.set(tenantId, (used.get(tenantId) ?? 0) + cpuMs);
    total += cpuMs;
  }
  if (total >= budgetMsAnHour) return undefined;
  const cools = (job: TrainingJob): boolean =>
    job.cause !== 'requested' && now < (trainedAt.get(ownerAndSeries(job)) ?? -Infinity) + cooldownMs;
  return waiting
    .filter((job) => !cools(job))
    .sort(
      (a, b) =>
        (used.get(a.tenantId) ?? 0) - (used.get(b.tenantId) ?? 0) ||
        b.priority - a.priority ||
        a.queuedAt - b.queuedAt,
    )[0];
}

/** What of the spent time still counts. */
export function stillCounts(spent: readonly Spent[], now: number): Spent[] {
  return spent.filter(({ at }) => at > now - HOUR_MS);
}

/** Names what a job trains: one open job and one cooldown each. */
export function ownerAndSeries({
  tenantId,
  userId,
  seriesId,
}: Pick<TrainingJob, 'tenantId' | 'userId' | 'seriesId'>): string {
  return JSON.stringify([tenantId, userId, seriesId]);
}
