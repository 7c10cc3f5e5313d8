import type { ApiServer } from '../api/server.js';
import { instrumentsOf } from '../api/engine-adapter.js';
import { covers, type Caller } from '../credentials/caller.js';
import type { Engine } from '../engine.js';
import type { HealthSnapshot } from '../ops/health.js';
import { alertsOf, changeAlert, changedBy, type AlertServiceParts } from '../api/alert-service.js';
import { cancelJob, jobsOf } from '../api/training-service.js';
import type { Alert } from '../drift/alert-store.js';
import type { TrainingJob } from '../learning/retraining/job-store.js';
import { newestEntries } from '../ops/audit-log.js';
import type { HealthView } from './wire.js';
import type {
  AlertView,
  AuditView,
  LatencyView,
  DeadLettersView,
  InstrumentRow,
  JobView,
  JobsView,
  QuotaView,
  RetriedView,
} from './wire-operations.js';

/** Instruments of one answer at most: those in trouble come first. */
const INSTRUMENTS_MAX = 500;
/** Rows of the lists within the health at most. */
const LISTED_MAX = 100;
/** Entries of the audit log that are shown. */
const AUDIT_MAX = 100;
/** Pages of dead letters that one request retries at most; the page asks again for the rest. */
const RETRY_PAGES_MAX = 10;
/** Characters of an error that a list shows. */
const ERROR_MAX = 500;

const COUNTS = [
  'actors',
  'queued',
  'bars',
  'quotes',
  'feature_rows',
  'signals',
  'trades',
  'rejected',
  'duplicates',
  'late',
  'conflicts',
  'rows_shed',
  'dead_letters',
  'parked_actors',
  'subscribers',
  'features_checked',
  'features_differing',
] as const satisfies readonly (keyof HealthSnapshot)[];

/** How the engine is, and what an operator can do about it: the same that the API and the command line give. */
export class Operations {
  readonly #engine: Engine;
  readonly #api: ApiServer;

  constructor(engine: Engine, api: ApiServer) {
    this.#engine = engine;
    this.#api = api;
  }

  /** The whole engine's health for an operator, the tenant's for anyone else. */
  health({ role, tenantId }: Caller): HealthView {
    const { health } = this.#api;
    return healthView(role === 'operator' ? health.snapshot() : health.snapshotFor(tenantId));
  }

  /** Instruments of the tenant, or all for an operator; those that are not live come first. */
  instruments({ role, tenantId }: Caller): readonly InstrumentRow[] {
    const all = instrumentsOf(this.#engine).list(role === 'operator' ? undefined : tenantId);
    const rank = ({ state }: { readonly state: string }): number => (state === 'live' ? 1 : 0);
    return [...all]
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, INSTRUMENTS_MAX)
      .map((view) => ({
        id: view.id,
        owner: view.owner,
        symbol: view.symbol,
        base: view.base,
        calendar: view.calendar,
        timeframes: view.signalTimeframes,
        state: view.state,
        error: (view.error ?? '').slice(0, ERROR_MAX),
        bars: view.bars,
        lastBarTime: view.lastBarTime ?? null,
      }));
  }

  deadLetters(after: number): DeadLettersView {
    const { letters, nextAfter } = this.#engine.refused.list(after);
    return {
      letters: letters.map(({ key, source, name, tenantId, about, error, at }) => ({
        key,
        source,
        name,
        tenantId,
        about,
        error: error.slice(0, ERROR_MAX),
        at,
      })),
      nextAfter: nextAfter ?? null,
    };
  }

  /** Writes refused records again: one letter, or all of a sink, a thousand at most. */
  async retry(sink: string, key: number | undefined): Promise<RetriedView> {
    const { refused } = this.#engine;
    if (key !== undefined) {
      const answer = await refused.retry(sink, key);
      return { written: Number(answer === 'written'), refused: Number(answer === 'refused') };
    }
    let written = 0;
    let again = 0;
    let after: number | undefined = 0;
    for (let page = 0; page < RETRY_PAGES_MAX && after !== undefined; page++) {
      const counts = await refused.retryPage(sink, after);
      written += counts.written;
      again += counts.refused;
      after = counts.nextAfter;
    }
    return { written, refused: again };
  }

  /** Alerts the caller sees, newest first: those not closed, or every one. */
  async alerts(caller: Caller, all: boolean): Promise<readonly AlertView[]> {
    const mayChange = this.#mayChange(caller);
    return (await alertsOf(this.#alertParts(), caller, all))
      .slice(0, LISTED_MAX)
      .map((alert) => alertView(alert, mayChange(alert.tenantId)));
  }

  async changeAlert(caller: Caller, to: 'acknowledge' | 'close', id: string): Promise<AlertView> {
    return alertView(await changeAlert(this.#alertParts(), caller, to, id), true);
  }

  /** Trainings that wait or run, or every one, and the budget they share. */
  async jobs(caller: Caller, all: boolean): Promise<JobsView> {
    const { retraining } = this.#engine;
    const { cpuSeconds, budgetSeconds } = retraining.counts();
    const mayChange = this.#mayChange(caller);
    const jobs = await jobsOf({ retraining, tenantIds: this.#api.tenantIds }, caller, all);
    return {
      jobs: jobs.slice(0, LISTED_MAX).map((job) => jobView(job, mayChange(job.tenantId))),
      cpuSeconds,
      budgetSeconds,
    };
  }

  async cancelJob(caller: Caller, id: string): Promise<JobView> {
    const { retraining } = this.#engine;
    return jobView(await cancelJob({ retraining, tenantIds: this.#api.tenantIds }, caller, id), true);
  }

  /** How long bars take, stage by stage, and how it is at the door. */
  async latencies(): Promise<LatencyView> {
    const { latencies, intake } = this.#engine;
    const { values } = await latencies.metric.get();
    const bucketsOf = (stage: string): LatencyView['stages'][number]['buckets'] => {
      let before = 0;
      return values.flatMap(({ labels, metricName, value }) => {
        const { le } = labels as { readonly le?: string | number };
        if (labels.stage !== stage || le === undefined || metricName?.endsWith('_bucket') !== true) return [];
        const count = value - before;
        before = value;
        return [{ atMost: le === '+Inf' ? null : Number(le) * 1000, count }];
      });
    };
    const { waiting, waited, refused, rowsMax } = intake.door;
    return {
      stages: latencies.recent().map(({ stage, count, p50Ms, p99Ms, maxMs }) => ({
        stage,
        count,
        p50: p50Ms,
        p99: p99Ms,
        max: maxMs,
        buckets: bucketsOf(stage),
      })),
      door: { waiting, waited, refused, rowsMax },
    };
  }

  /** What engineers and operators did, newest first: an operator sees all, anyone else its own tenant's. */
  async audit({ role, tenantId }: Caller): Promise<readonly AuditView[]> {
    const entries = await newestEntries(
      this.#engine.config.data,
      AUDIT_MAX,
      ({ tenant }) => role === 'operator' || tenant === tenantId,
    );
    return entries.map(({ time, tenant, user, peer, ...entry }) => ({
      role: entry.role,
      action: entry.action,
      request: entry.request.slice(0, ERROR_MAX),
      outcome: entry.outcome,
      time: Date.parse(time),
      who: user === '' ? tenant : `${tenant}/${user}`,
      from: peer,
    }));
  }

  #alertParts(): AlertServiceParts {
    return { alerts: this.#engine.alerts, tenantIds: this.#api.tenantIds, now: () => Date.now() };
  }

  #mayChange(caller: Caller): (tenantId: string) => boolean {
    if (!covers(caller.role, 'engineer')) return () => false;
    const own = new Set(changedBy(caller, this.#api.tenantIds).map(({ tenantId }) => tenantId));
    return (tenantId) => own.has(tenantId);
  }

  quotas({ tenantId }: Caller): readonly QuotaView[] {
    const limits = this.#api.quotas.limitsOf(tenantId);
    let instruments = 0;
    let series = 0;
    for (const { definition } of this.#engine.instruments.all()) {
      if (definition.owner === tenantId) instruments++;
      series += definition.signals.filter((signal) => signal.tenantId === tenantId).length;
    }
    return [
      { name: 'calls a second', limit: limits.callsPerSecond, used: null },
      { name: 'rows a second', limit: limits.rowsPerSecond, used: null },
      { name: 'messages a second', limit: limits.messagesPerSecond, used: null },
      { name: 'bytes a second', limit: limits.bytesPerSecond, used: null },
      { name: 'open streams', limit: limits.streams, used: this.#api.quotas.openStreams(tenantId) },
      { name: 'instruments', limit: limits.instruments, used: instruments },
      { name: 'series with signals', limit: limits.series, used: series },
    ];
  }
}

function alertView(alert: Alert, mayChange: boolean): AlertView {
  const { tenantId, version, kind, severity, state, summary, raisedAt } = alert;
  return {
    tenantId,
    version,
    kind,
    severity,
    state,
    summary,
    raisedAt,
    id: alert.alertId,
    series: alert.seriesId,
    acknowledgedBy: alert.acknowledgedBy ?? null,
    closedBy: alert.closedBy ?? null,
    mayChange: mayChange && state !== 'closed',
  };
}

function jobView(job: TrainingJob, mayCancel: boolean): JobView {
  const { tenantId, status, cause, reason, attempts, queuedAt } = job;
  return {
    tenantId,
    status,
    cause,
    reason,
    attempts,
    queuedAt,
    id: job.jobId,
    series: job.seriesId,
    version: job.version ?? null,
    error: job.error?.slice(0, ERROR_MAX) ?? null,
    cpuSeconds: job.cpuMs / 1000,
    startedAt: job.startedAt ?? null,
    finishedAt: job.finishedAt ?? null,
    mayCancel: mayCancel && (status === 'queued' || status === 'running'),
  };
}

function healthView(health: HealthSnapshot): HealthView {
  return {
    state: health.state,
    degraded: health.degraded,
    version: health.version,
    uptimeSeconds: Math.floor(health.uptime_seconds),
    simulated: health.simulated,
    counts: Object.fromEntries(COUNTS.map((name) => [name, health[name]])),
    withheld: health.withheld,
    journalBytes: health.journal_bytes,
    journalBytesMax: health.journal_bytes_max,
    sinks: health.sinks.map((sink) => ({
      name: sink.name,
      healthy: sink.healthy,
      lagRows: sink.lag_rows,
      lagSeconds: sink.lag_seconds,
      deadLetters: sink.dead_letters,
      error: sink.error,
    })),
    sources: health.sources,
    instruments: health.instruments.slice(0, LISTED_MAX),
    withheldModels: health.withheld_models
      .slice(0, LISTED_MAX)
      .map(({ version, reason }) => ({ version, reason })),
    firstModels: health.first_models.series.slice(0, LISTED_MAX).map((series) => ({
      symbol: series.symbol,
      timeframe: series.timeframe.replace('TIMEFRAME_', '').toLowerCase(),
      state: series.state,
      barsMissing: series.bars_missing,
      reason: series.reason,
    })),
  };
}
