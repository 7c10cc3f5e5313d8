import { build, type Histogram as Recorder } from 'hdr-histogram-js';
import { Histogram } from 'prom-client';
import type { Clock } from '../clock.js';
import { STAGES, type Stage, type StageTimes } from '../stage-times.js';

/** Upper bounds of the buckets that a scrape shows, seconds. The goal for a signal is 0.2 s. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
/** The health tells of the last one to two windows. */
const WINDOW_MS = 60_000;
/** Microseconds; longer ones count as this. */
const LONGEST = 60_000_000;

/** How long a stage took lately, milliseconds. */
export interface StageLatency {
  readonly stage: Stage;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Histograms of where the time of bars goes: all since start for the metrics, the last minutes for the health. */
export class StageLatencies implements StageTimes {
  /** `suho_stage_seconds`, by stage. */
  readonly metric = new Histogram({
    name: 'suho_stage_seconds',
    help: 'Time that bars spend: until acknowledged (accept), until models are asked (queue), in models (inference), in similar moments (patterns), until durable and sent (commit), from acceptance to there (total)',
    labelNames: ['stage'],
    buckets: BUCKETS,
    registers: [],
  });
  readonly #clock: Clock;
  readonly #sinceStart: Readonly<Record<Stage, { observe(seconds: number): void }>>;
  #recent = recorders();
  #before = recorders();
  #windowEnd: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#windowEnd = clock.monotonic() + WINDOW_MS;
    this.#sinceStart = byStage((stage) => this.metric.labels(stage));
  }

  observe(stage: Stage, ms: number): void {
    this.#turn();
    this.#sinceStart[stage].observe(ms / 1000);
    this.#recent[stage].recordValue(Math.min(LONGEST, Math.max(0, Math.round(ms * 1000))));
  }

  /** How long each stage took in the last one to two minutes; stages that nothing went through are left out. */
  recent(): readonly StageLatency[] {
    this.#turn();
    return STAGES.map((stage) => {
      const both = recorder();
      both.add(this.#before[stage]);
      both.add(this.#recent[stage]);
      return {
        stage,
        count: both.totalCount,
        p50Ms: Math.min(both.maxValue, both.getValueAtPercentile(50)) / 1000,
        // The recorder's steps are one percent wide.
        p99Ms: Math.min(both.maxValue, both.getValueAtPercentile(99)) / 1000,
        maxMs: both.maxValue / 1000,
      };
    }).filter(({ count }) => count > 0);
  }

  /** Begins the next window once this one is over. */
  #turn(): void {
    const now = this.#clock.monotonic();
    if (now < this.#windowEnd) return;
    // After a pause of a whole window nothing of before is recent.
    const [reused, recent] = [this.#before, this.#recent];
    for (const stage of STAGES) reused[stage].reset();
    if (now >= this.#windowEnd + WINDOW_MS) for (const stage of STAGES) recent[stage].reset();
    this.#before = recent;
    this.#recent = reused;
    this.#windowEnd = now + WINDOW_MS;
  }
}

function recorder(): Recorder {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST,
    numberOfSignificantValueDigits: 2,
  });
}

function recorders(): Record<Stage, Recorder> {
  return byStage(recorder);
}

function byStage<T>(of: (stage: Stage) => T): Record<Stage, T> {
  return Object.fromEntries(STAGES.map((stage) => [stage, of(stage)])) as Record<Stage, T>;
}
