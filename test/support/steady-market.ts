import { SHADOWS_MAX } from '../../actors/signals/route-plan.js';
import type { Bar } from '../../actors/market/bar.js';
import type { JobCause, TrainingJob } from '../../engine/learning/retraining/job-store.js';
import { nextJob, ownerAndSeries, stillCounts, type Spent } from '../../engine/learning/retraining/queue.js';
import { PRIORITIES } from '../../engine/learning/retraining/triggers.js';
import { Comparison } from '../../engine/rollout/comparison.js';
import { DEFAULT_RULES, decide } from '../../engine/rollout/decision.js';
import { SimulatedBars, mistakenFor } from './trial-market.js';
import { watch } from './watched-market.js';

const HOUR = 3_600_000;
/** Hourly bars of a year of a market that is open five days a week. */
export const YEAR_BARS = 6_240;
/** What the engine does without any setting (docs/configuration.md): 30 days in hours that the market is open. */
export const EVERY_HOURS = Math.round((30 * YEAR_BARS) / 365);
const EVERY_MS = EVERY_HOURS * HOUR;
const QUEUE = { budgetMsAnHour: 10 * 60_000, cooldownMs: 6 * HOUR };
/** Every model of a market that does not change is as good as the one before. */
const EQUAL = { mistaken: mistakenFor(0.54) };

export interface SteadyOptions {
  /** Series, of as many tenants; each is a market of its own. */
  readonly seeds: number;
  /** Hourly bars that each lives after its training. */
  readonly hours: number;
  readonly trainedRows: number;
  readonly barsOf: (seed: number, count: number) => readonly Bar[];
  /** Processor time of one training. */
  readonly trainingMs: number;
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
  /** Of those, became production: none is better than what it replaced. */
  readonly promoted: number;
  /** Series in which that happened at all. */
  readonly seriesChanged: number;
}

interface Trial {
  readonly comparison: Comparison;
  readonly market: SimulatedBars;
  share: number;
}

interface Series {
  readonly seriesId: string;
  readonly tenantId: string;
  /** What its monitors find, by hour. */
  readonly found: ReadonlyMap<number, JobCause>;
  trainedAt: number;
  trials: Trial[];
  promoted: number;
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
export function liveSteadily({ seeds, hours, trainedRows, barsOf, trainingMs }: SteadyOptions): SteadyLife {
  const all = Array.from({ length: seeds }, (_, i): Series => ({
    seriesId: `t${i}@published/S${i}/1h`,
    tenantId: `t${i}`,
    found: alarmsOf(barsOf(i + 1, 199 + trainedRows + hours), trainedRows),
    // Models are of different ages.
    trainedAt: -Math.floor((i * EVERY_MS) / seeds / HOUR) * HOUR,
    trials: [],
    promoted: 0,
  }));
  const desk = new TrainingDesk(all, trainingMs);
  let challengers = 0;
  for (let hour = 0; hour < hours; hour++) {
    for (const series of all) {
      desk.consider(series, hour);
      playBar(series);
    }
    for (const series of desk.work(hour)) {
      challengers++;
      // The one that has been tried longest makes room.
      if (series.trials.filter(({ share }) => share === 0).length >= SHADOWS_MAX)
        series.trials.splice(
          series.trials.findIndex(({ share }) => share === 0),
          1,
        );
      const market = new SimulatedBars(challengers * 7_919);
      series.trials.push({ comparison: new Comparison(DEFAULT_RULES.worthHaving), market, share: 0 });
    }
  }
  return {
    alarms: all.reduce((sum, { found }) => sum + found.size, 0),
    trainings: desk.trainings,
    mostMsAnHour: desk.mostMsAnHour,
    waitedHours: desk.waitedHours,
    challengers,
    promoted: all.reduce((sum, { promoted }) => sum + promoted, 0),
    seriesChanged: all.filter(({ promoted }) => promoted > 0).length,
  };
}

/** Shows a bar to the trials of a series and does what they say. */
function playBar(series: Series): void {
  for (const trial of series.trials) {
    trial.comparison.observe(trial.market.next(EQUAL, EQUAL, trial.share > 0));
    const stage = { version: 'v1.0.1', against: 'v1.0.0', kind: 'challenger', isOver: false } as const;
    const decision = decide({ ...stage, share: trial.share }, trial.comparison.figures(), DEFAULT_RULES);
    if (decision.act === 'wait') continue;
    if (decision.act === 'canary') {
      // A series has one canary.
      if (!series.trials.some((other) => other !== trial && other.share > 0)) trial.share = decision.share;
      continue;
    }
    series.trials = series.trials.filter((other) => other !== trial);
    if (decision.act !== 'promote') continue;
    series.promoted++;
    // The others are compared with another production from here on.
    series.trials = series.trials.map(({ market, share }) => {
      return { comparison: new Comparison(DEFAULT_RULES.worthHaving), market, share };
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

  /** Trains for an hour, one at a time; the series that have a new model. */
  work(hour: number): Series[] {
    const done: Series[] = [];
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
      series.trainedAt = hour * HOUR;
      this.trainings++;
      done.push(series);
    }
    return done;
  }
}
