import { SHADOWS_MAX } from '../../actors/signals/route-plan.js';
import type { Bar } from '../../actors/market/bar.js';
import type { JobCause, TrainingJob } from '../../engine/learning/retraining/job-store.js';
import { nextJob, ownerAndSeries, stillCounts, type Spent } from '../../engine/learning/retraining/queue.js';
import { PRIORITIES } from '../../engine/learning/retraining/triggers.js';
import { Comparison } from '../../engine/rollout/comparison.js';
import { DEFAULT_RULES, decide } from '../../engine/rollout/decision.js';
import { evidenceForProduction } from '../../engine/rollout/false-promotions.js';
import { SimulatedBars, mistakenFor } from './trial-market.js';
import { watch } from './watched-market.js';

const HOUR = 3_600_000;
/** Hourly bars of a year of a market that is open five days a week. */
export const YEAR_BARS = 6_240;
/** What the engine does without any setting (docs/configuration.md): 30 days in hours that the market is open. */
export const EVERY_HOURS = Math.round((30 * YEAR_BARS) / 365);
const EVERY_MS = EVERY_HOURS * HOUR;
const QUEUE = { budgetMsAnHour: 10 * 60_000, cooldownMs: 6 * HOUR };
/** How often the model in use is right on the moves; every model of a market that does not change is as good as the one before. */
const ACCURACY = 0.54;
const PRODUCTION = { mistaken: mistakenFor(ACCURACY) };

export interface SteadyOptions {
  /** Series, of as many tenants; each is a market of its own. */
  readonly seeds: number;
  /** Hourly bars that each lives after its training. */
  readonly hours: number;
  readonly trainedRows: number;
  readonly barsOf: (seed: number, count: number) => readonly Bar[];
  /** Processor time of one training. */
  readonly trainingMs: number;
  /** How often challengers are right on the moves, by how many the series had before; as the model in use without it. */
  readonly accuracyOf?: (before: number) => number;
}

/** What became of series in markets that do not change. */
export interface SteadyLife {
  /** Alarms of the monitors, one of a kind until it is closed: all of them are false. */
  readonly alarms: number;
  readonly trainings: number;
  /** The most processor time that trainings took in any hour, of all series together, milliseconds. */
  readonly mostMsAnHour: number;
  /** The longest that a training waited for its turn, hours. */
  readonly waitedHours: number;
  readonly challengers: number;
  /** Of those, became production. */
  readonly promoted: number;
  /** Series in which that happened at all, by the hour of the first time. */
  readonly changedAt: readonly number[];
}

interface Trial {
  readonly comparison: Comparison;
  readonly market: SimulatedBars;
  readonly mistaken: number;
  /** Evidence that makes it production. */
  readonly evidence: number;
  share: number;
}

/** A training that was done: what for, and the hours since the one before. */
interface Trained {
  readonly series: Series;
  readonly cause: JobCause;
  readonly hoursSince: number;
}

interface Series {
  readonly seriesId: string;
  readonly tenantId: string;
  /** What its monitors find, by hour. */
  readonly found: ReadonlyMap<number, JobCause>;
  trainedAt: number;
  trials: Trial[];
  challengers: number;
  promoted: number;
  changedAt: number | undefined;
}

/** The first alarm of each kind, as the cause of a training. */
function alarmsOf(bars: readonly Bar[], trainedRows: number): Map<number, JobCause> {
  const kinds = new Map<string, number>();
  for (const { row, finding } of watch(bars, trainedRows).found)
    if (!kinds.has(finding.kind)) kinds.set(finding.kind, row);
  return new Map([...kinds].map(([kind, row]) => [row, kind === 'performance' ? 'performance' : 'drift']));
}

/**
 * Lets series live in markets that do not change: the engine's monitors see their rows, its rules ask for trainings, its queue
 * gives out the processor time of all of them, and each new model challenges the one in use by its rules. Of the models only
 * what they cost and how right they are is simulated.
 */
export function liveSteadily(options: SteadyOptions): SteadyLife {
  const { seeds, hours, trainedRows, barsOf, trainingMs, accuracyOf = () => ACCURACY } = options;
  const all = Array.from({ length: seeds }, (_, i): Series => ({
    seriesId: `t${i}@published/S${i}/1h`,
    tenantId: `t${i}`,
    found: alarmsOf(barsOf(i + 1, 199 + trainedRows + hours), trainedRows),
    // Models are of different ages.
    trainedAt: -Math.floor((i * EVERY_MS) / seeds / HOUR) * HOUR,
    trials: [],
    challengers: 0,
    promoted: 0,
    changedAt: undefined,
  }));
  const desk = new TrainingDesk(all, trainingMs);
  let challengers = 0;
  for (let hour = 0; hour < hours; hour++) {
    for (const series of all) {
      desk.consider(series, hour);
      playBar(series, hour);
    }
    for (const { series, cause, hoursSince } of desk.work(hour)) {
      challengers++;
      makeRoom(series);
      const isDue = cause === 'schedule' || cause === 'data';
      // A market of 6,240 hours a year.
      const sinceMs = isDue ? hoursSince * HOUR * ((365 * 24) / YEAR_BARS) : undefined;
      series.trials.push({
        comparison: new Comparison(DEFAULT_RULES.worthHaving),
        market: new SimulatedBars(challengers * 7_919),
        mistaken: mistakenFor(accuracyOf(series.challengers++)),
        evidence: evidenceForProduction(sinceMs),
        share: 0,
      });
    }
  }
  return {
    alarms: all.reduce((sum, { found }) => sum + found.size, 0),
    trainings: desk.trainings,
    mostMsAnHour: desk.mostMsAnHour,
    waitedHours: desk.waitedHours,
    challengers,
    promoted: all.reduce((sum, { promoted }) => sum + promoted, 0),
    changedAt: all.flatMap(({ changedAt }) => changedAt ?? []),
  };
}

/** The shadow with the least evidence left makes room. */
function makeRoom(series: Series): void {
  const shadows = series.trials.filter(({ share }) => share === 0);
  if (shadows.length < SHADOWS_MAX) return;
  const least = Math.min(...shadows.map(({ comparison }) => comparison.betterNow));
  series.trials.splice(
    series.trials.findIndex(({ share, comparison }) => share === 0 && comparison.betterNow === least),
    1,
  );
}

/** Shows a bar to the trials of a series and does what they say. */
function playBar(series: Series, hour: number): void {
  for (const trial of series.trials) {
    const { comparison, market, mistaken, evidence, share } = trial;
    comparison.observe(market.next(PRODUCTION, { mistaken }, share > 0));
    const stage = { version: 'v1.0.1', against: 'v1.0.0', kind: 'challenger', isOver: false } as const;
    const decision = decide({ ...stage, share, evidence }, comparison.figures(), DEFAULT_RULES);
    if (decision.act === 'wait') continue;
    if (decision.act === 'canary') {
      // A series has one canary.
      if (!series.trials.some((other) => other !== trial && other.share > 0)) trial.share = decision.share;
      continue;
    }
    series.trials = series.trials.filter((other) => other !== trial);
    if (decision.act !== 'promote') continue;
    series.promoted++;
    series.changedAt ??= hour;
    // The others are compared with another production from here on.
    series.trials = series.trials.map((other) => {
      return { ...other, comparison: new Comparison(DEFAULT_RULES.worthHaving) };
    });
  }
}

/** The queue of trainings, an hour at a time. */
class TrainingDesk {
  readonly #trainingMs: number;
  readonly #bySeries: ReadonlyMap<string, Series>;
  readonly #trainedAt = new Map<string, number>();
  #waiting: TrainingJob[] = [];
  #spent: Spent[] = [];
  trainings = 0;
  mostMsAnHour = 0;
  waitedHours = 0;

  constructor(all: readonly Series[], trainingMs: number) {
    this.#trainingMs = trainingMs;
    this.#bySeries = new Map(all.map((series) => [series.seriesId, series]));
  }

  /** Asks for a training where an alarm or the age of the model does; a series has one open job. */
  consider({ seriesId, tenantId, found, trainedAt }: Series, hour: number): void {
    const now = hour * HOUR;
    const cause = found.get(hour) ?? (now - trainedAt >= EVERY_MS ? 'schedule' : undefined);
    if (cause === undefined || this.#waiting.some((job) => job.seriesId === seriesId)) return;
    this.#waiting.push({
      jobId: `${seriesId}/${hour}`,
      tenantId,
      seriesId,
      model: seriesId,
      cause,
      reason: '',
      priority: PRIORITIES[cause],
      dataFrom: undefined,
      newEncoder: false,
      queuedAt: now,
      status: 'queued',
      attempts: 0,
      version: undefined,
      error: undefined,
      startedAt: undefined,
      finishedAt: undefined,
      cpuMs: 0,
      claimedBy: undefined,
      claimedAt: undefined,
    });
  }

  /** Trains for an hour, one at a time. */
  work(hour: number): Trained[] {
    const done: Trained[] = [];
    for (let now = hour * HOUR; now < (hour + 1) * HOUR;) {
      this.#spent = stillCounts(this.#spent, now);
      const state = { waiting: this.#waiting, spent: this.#spent, trainedAt: this.#trainedAt, now };
      const job = nextJob(state, QUEUE);
      if (job === undefined) break;
      this.#waiting = this.#waiting.filter((other) => other !== job);
      this.waitedHours = Math.max(this.waitedHours, (now - job.queuedAt) / HOUR);
      now += this.#trainingMs;
      this.#spent.push({ tenantId: job.tenantId, cpuMs: this.#trainingMs, at: now });
      const total = stillCounts(this.#spent, now).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
      this.mostMsAnHour = Math.max(this.mostMsAnHour, total);
      this.#trainedAt.set(ownerAndSeries(job), now);
      const series = this.#bySeries.get(job.seriesId)!;
      done.push({ series, cause: job.cause, hoursSince: hour - series.trainedAt / HOUR });
      series.trainedAt = hour * HOUR;
      this.trainings++;
    }
    return done;
  }
}
