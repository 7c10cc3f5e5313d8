import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CATALOGUE } from '../actors/features/catalogue.js';
import { HORIZONS } from '../actors/features/labels.js';
import type { Bar } from '../actors/market/bar.js';
import { BarGrid } from '../actors/market/bar-grid.js';
import type { Timeframe } from '../actors/market/timeframe.js';
import type { FeatureRow } from '../actors/messages.js';
import { SeriesActor } from '../actors/series-actor.js';
import { SeriesMachine } from '../actors/series-machine.js';
import { backfill } from './backfill/backfill.js';
import { Calendars, calendarOfRule, isBuiltIn, type CalendarRule } from './calendars.js';
import { loadConfig } from './config.js';
import { Engine } from './engine.js';
import type { SeriesIdentity } from './feature-store/feature-store.js';
import { RowDecoder } from './feature-store/table.js';
import { Random } from './learning/random.js';
import { SequenceComparison } from './verify-sequences.js';

/** Moments at which the future is changed, and at which a run is interrupted. */
const CUTS = 3;
const RESTARTS = 25;
const FEED = 'verify';

/** What one proof found. */
export interface Proof {
  readonly name: 'no_look_ahead' | 'no_skew' | 'restart' | 'sequences';
  readonly holds: boolean;
  /** Rows compared bit for bit. */
  readonly compared: number;
  readonly differences: number;
  /** What was done, or the first difference, in one sentence. */
  readonly detail: string;
}

export interface VerifyOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly calendar: CalendarRule;
  readonly seed: number;
  readonly onProgress?: (stage: string) => void;
}

/**
 * Proves on given bars, oldest first, what training rests on: features and labels know nothing of the
 * future, the live engine and a backfill give the same rows, and a restart changes nothing; the sequence channels that models
 * see are those a training computes, in all of it. All bit for bit.
 * Works in a temporary folder, with a real engine and real stores.
 */
export async function verify(bars: readonly Bar[], options: VerifyOptions): Promise<readonly Proof[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-verify-'));
  const verification = new Verification(bars, options, folder);
  try {
    return await verification.run();
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

class Verification {
  readonly #bars: readonly Bar[];
  readonly #options: VerifyOptions;
  readonly #folder: string;
  readonly #random: Random;
  readonly #backfilled: SeriesIdentity;
  readonly #grid: BarGrid;
  readonly #sequences: SequenceComparison;

  constructor(bars: readonly Bar[], options: VerifyOptions, folder: string) {
    this.#bars = bars;
    this.#options = options;
    this.#folder = folder;
    this.#random = new Random(options.seed);
    const { symbol, timeframe, calendar } = options;
    this.#grid = BarGrid.of(timeframe, calendarOfRule(calendar));
    this.#sequences = new SequenceComparison(bars, this.#grid);
    this.#backfilled = { tenantId: 'platform', feed: FEED, symbol, timeframe, calendar: calendar.name };
  }

  async run(): Promise<readonly Proof[]> {
    const say = this.#options.onProgress ?? (() => undefined);
    say('backfilling');
    const reference = await this.#backfill('reference', this.#bars);
    say('changing the future');
    const lookAhead = await this.#noLookAhead(reference);
    say('running the engine');
    const skew = await this.#noSkew(reference);
    say('restarting');
    return [lookAhead, skew, this.#restarts(reference), this.#sequencesProof()];
  }

  /** A backfill of bars from a CSV file, as rows. */
  async #backfill(name: string, bars: readonly Bar[]): Promise<RowDecoder> {
    const file = path.join(this.#folder, `${name}.csv`);
    const field = (x: number): string => (x === x ? String(x) : '');
    const lines = bars.map((bar) =>
      [bar.openTime, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.tickCount, bar.bid, bar.ask]
        .map(field)
        .join(','),
    );
    await writeFile(file, `ts,open,high,low,close,volume,tick_count,bid,ask\n${lines.join('\n')}\n`);
    const segments: Uint8Array[] = [];
    await backfill(
      {
        // The worker takes its memory back, so the rows are copied.
        insert: async (table, rows) => {
          if (table === 'ml_features') segments.push(new Uint8Array(rows));
          return await Promise.resolve();
        },
        barsAfter: async () => await Promise.resolve([]),
      },
      [{ series: this.#backfilled, file }],
      {
        checkpoints: path.join(this.#folder, `checkpoints-${name}`),
        calendars: new Calendars(this.#calendars()),
      },
    );
    return new RowDecoder(this.#backfilled, Buffer.concat(segments), 'inserted');
  }

  /** The calendar as settings, unless it is built in. */
  #calendars(): Record<string, { timeZone: string; dayStart: string; symbols: string[] }> {
    const { name, timeZone, dayStart } = this.#options.calendar;
    return isBuiltIn(name) ? {} : { [name]: { timeZone, dayStart, symbols: [] } };
  }

  async #noLookAhead(reference: RowDecoder): Promise<Proof> {
    let compared = 0;
    let differences = 0;
    let detail = '';
    for (let i = 0; i < CUTS; i++) {
      const cut = this.#between(Math.floor(reference.rows / 4), reference.rows - 2);
      const future = this.#otherFuture(cut);
      const changed = await this.#backfill(`future-${i}`, future);
      const known = reference.closeTime(cut);
      this.#sequences.checkFuture(future, this.#grid, known);
      for (let row = 0; row <= cut; row++) {
        compared++;
        const difference = pastDifference(reference, changed, row, known);
        if (difference === undefined) continue;
        differences++;
        if (detail === '')
          detail = `with another future from ${moment(known)} on, ${difference} of the bar that closed ${moment(reference.closeTime(row))} is another`;
      }
    }
    if (differences === 0)
      detail = `another future from ${CUTS} random bars on changed no feature and no known label of the bars before`;
    return { name: 'no_look_ahead', holds: differences === 0, compared, differences, detail };
  }

  /** The bars with everything after a row scaled and mirrored. */
  #otherFuture(cut: number): Bar[] {
    const scale = 0.5 + this.#random.next();
    const pivot = this.#bars[cut]!.close;
    return this.#bars.map((bar, i) => {
      if (i <= cut) return bar;
      // The mirror of a price in the pivot, on a logarithmic scale, so that it stays above 0.
      const other = (price: number): number => ((pivot * pivot) / price) * scale;
      return {
        openTime: bar.openTime,
        open: other(bar.open),
        high: other(bar.low),
        low: other(bar.high),
        close: other(bar.close),
        volume: bar.volume * (1 + this.#random.next()),
        tickCount: bar.tickCount,
        bid: other(bar.ask),
        ask: other(bar.bid),
      };
    });
  }

  /** The same bars through a live engine, restarted once on the way, read back from its store. */
  async #noSkew(reference: RowDecoder): Promise<Proof> {
    const { symbol, timeframe, calendar } = this.#options;
    const config = loadConfig(
      undefined,
      {},
      {
        data: path.join(this.#folder, 'live'),
        log: 'error',
        bars: { base: timeframe },
        calendars: this.#calendars(),
      },
    );
    const restartAt = this.#between(1, this.#bars.length - 1);
    const pieces = [this.#bars.slice(0, restartAt), this.#bars.slice(restartAt)];
    let stored = new Uint8Array();
    for (const [i, piece] of pieces.entries()) {
      const engine = await Engine.open(config, { waitForEvidence: true });
      try {
        const instrument = await engine.instruments.follow({
          feed: FEED,
          symbol,
          base: timeframe,
          calendar: calendar.name,
          tenantId: 'verify',
          timeframe,
        });
        for (let from = 0; from < piece.length; from += 256) {
          engine.intake.ingestBars(instrument, piece.slice(from, from + 256));
          await engine.settled();
          const series = engine.instruments.graph.series(engine.instruments.get(instrument)!.base);
          if (series !== undefined)
            this.#sequences.check(series.closedThrough, series.sequence, 'in the live engine');
        }
        await engine.journal.durable();
        await engine.stored();
        if (i === 1)
          stored = new Uint8Array(
            await engine.features.rows(this.#backfilled, 0, Infinity, reference.rows + 1),
          );
      } finally {
        await engine.stop();
      }
    }
    const live = new RowDecoder(this.#backfilled, stored);
    let differences = Math.abs(live.rows - reference.rows);
    let detail = differences > 0 ? `the engine stored ${live.rows} rows, the backfill ${reference.rows}` : '';
    for (let row = 0; row < Math.min(live.rows, reference.rows); row++) {
      if (Buffer.compare(live.bytes(row), reference.bytes(row)) === 0) continue;
      differences++;
      if (detail === '')
        detail = `${pastDifference(reference, live, row, Infinity) ?? 'the raw bar or its quality'} of the bar that closed ${moment(reference.closeTime(row))} is another`;
    }
    if (differences === 0)
      detail = `what the live engine stored, restarted once, equals the backfill: raw bars, features, labels and quality`;
    return { name: 'no_skew', holds: differences === 0, compared: reference.rows, differences, detail };
  }

  /** The series actor itself, taken down to a snapshot and back up at random bars. */
  #restarts(reference: RowDecoder): Proof {
    const { symbol, timeframe, calendar } = this.#options;
    const machine = new SeriesMachine(timeframe, 'bid', calendarOfRule(calendar));
    const fresh = (): SeriesActor =>
      new SeriesActor(`${FEED}/${symbol}/${timeframe}`, symbol, machine, {
        longer: [],
        subscribers: [],
        sequenceReaders: new Set([FEED]),
      });
    const cuts = new Set(Array.from({ length: RESTARTS }, () => this.#between(0, this.#bars.length - 1)));
    let actor = fresh();
    let row = 0;
    let differences = 0;
    let detail = '';
    const check = (made: FeatureRow): void => {
      this.#sequences.check(made.closeTime, made.sequence, 'after a restart');
      const differs = CATALOGUE.findIndex(
        (_, column) => !Object.is(made.values[column], reference.feature(row, column)),
      );
      if (differs >= 0) {
        differences++;
        if (detail === '')
          detail = `${CATALOGUE[differs]!.name} of the bar that closed ${moment(made.closeTime)} is another after a restart`;
      }
      row++;
    };
    this.#bars.forEach((bar, i) => {
      actor.receive(
        { kind: 'bar', bar },
        { tell: () => undefined, emit: (effect) => void (effect.kind === 'row' && check(effect.row)) },
      );
      if (!cuts.has(i)) return;
      const bytes = actor.snapshot();
      actor = fresh();
      actor.restore(bytes);
    });
    if (differences === 0)
      detail = `${cuts.size} restarts from snapshots at random bars changed no feature after them`;
    return { name: 'restart', holds: differences === 0, compared: row, differences, detail };
  }

  #sequencesProof(): Proof {
    const { compared, differences, detail } = this.#sequences;
    return {
      name: 'sequences',
      holds: differences === 0 && compared > 0,
      compared,
      differences,
      detail:
        differences > 0
          ? detail
          : 'the sequence channels of the live engine, of restarts and of other futures equal those of a training',
    };
  }

  #between(low: number, high: number): number {
    return low + Math.floor(this.#random.next() * Math.max(1, high - low));
  }
}

const LABEL_NUMBERS = ['direction', 'return', 'max_gain', 'max_loss', 'barrier', 'resolved_at'];

/** The first feature of a row, or label known by then, in which two runs differ. */
function pastDifference(a: RowDecoder, b: RowDecoder, row: number, known: number): string | undefined {
  const column = CATALOGUE.findIndex((_, c) => !Object.is(a.feature(row, c), b.feature(row, c)));
  if (column >= 0) return CATALOGUE[column]!.name;
  for (let horizon = 0; horizon < HORIZONS.length; horizon++) {
    if (!(a.label(row, horizon, 5) <= known) && !(b.label(row, horizon, 5) <= known)) continue;
    const differs = LABEL_NUMBERS.findIndex(
      (_, n) => !Object.is(a.label(row, horizon, n), b.label(row, horizon, n)),
    );
    if (differs >= 0) return `label_${LABEL_NUMBERS[differs]!}_${HORIZONS[horizon]!}`;
  }
  return undefined;
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}
