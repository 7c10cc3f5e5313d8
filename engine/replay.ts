import path from 'node:path';
import { statSync } from 'node:fs';
import { build as buildHistogram } from 'hdr-histogram-js';
import { HORIZONS } from '../actors/features/labels.js';
import type { Bar } from '../actors/market/bar.js';
import { gridName } from '../actors/market/bar-grid.js';
import { timeframeMs, type Timeframe } from '../actors/market/timeframe.js';
import { wilsonInterval } from '../actors/signals/wilson.js';
import type { Engine } from './engine.js';
import { FILE_FEED, seriesIdentity } from './instruments/ids.js';
import type { Ingestion } from './intake/intake.js';
import { whenTaken } from './feeds/backpressure.js';
import { MarketFile, type FileReport, type MarketChunk } from './files/market-file.js';
import { RecentQuotes } from './files/recent-quotes.js';
import { RefusalAccount, type Refusal } from './files/refusals.js';
import { packQuotes, unpackQuotes } from './journal/records.js';
import { barsNeeded } from './learning/history-needed.js';
import { score, type HorizonScore, type Outcome } from './learning/evaluation.js';

/** Rows handed in together. */
const CHUNK = 256;
const STORED_STANDS = 'another version of this bar is stored, and stands';
/** How long a replay tries to hand in what the engine refuses for now. */
const TAKEN_MS_MAX = 60_000;

export interface ReplayOptions {
  readonly file: string;
  /** The file, opened; by default it is opened as its content says. */
  readonly input?: MarketFile;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly tenantId: string;
  /** Bars before the first training, or as many as one needs, and between two at most. Infinity for none. */
  readonly trainAfter: number;
  readonly retrainEvery: number;
  readonly onProgress?: (rows: number, stage: string) => void;
}

export interface ReplayReport {
  readonly file: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Bars of the series in the data folder, this run's and earlier ones'. */
  readonly bars: number;
  readonly newBars: number;
  readonly rejected: number;
  readonly duplicates: number;
  /** Rows refused by the file's reader, then those that contradict what is stored, by reason. */
  readonly refusals: readonly Refusal[];
  readonly reading: FileReport;
  readonly featureRows: number;
  readonly predictions: number;
  readonly signals: number;
  /** Predictions whose every horizon is known. */
  readonly resolved: number;
  readonly models: number;
  readonly accuracy: Readonly<Record<string, HorizonScore>>;
  /** Signals that did not abstain: their share of all, and how often their primary horizon's direction came true. */
  readonly acted: {
    readonly share: number;
    readonly samples: number;
    readonly accuracy: number;
    readonly interval: readonly [number, number];
  };
  readonly withheld: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly barsPerSecond: number;
  readonly latencyMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
}

interface Feeding {
  readonly engine: Engine;
  readonly options: ReplayOptions;
  readonly instrument: string;
  readonly seriesId: string;
  /** Trainings so far, earlier runs' with them. */
  trainings: number;
  duplicates: number;
  readonly refused: RefusalAccount;
  /** The newest quotes of the instrument, of this file and earlier ones. */
  readonly quotes: RecentQuotes;
}

/**
 * Plays a file through the engine in its own time, training walk-forward along the way: a model sees only
 * what came before the bars it predicts. Takes up where an earlier run on the same folder ended, however
 * that ended. Throws `BAD_FILE` for a file that cannot be read.
 */
export async function replay(engine: Engine, asked: ReplayOptions): Promise<ReplayReport> {
  const { symbol, timeframe, tenantId, file } = asked;
  const options = { ...asked, trainAfter: Math.max(asked.trainAfter, barsNeeded(timeframe)) };
  const start = performance.now();
  const histogram = buildHistogram({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  engine.evidence.onEvidence(({ timing }) =>
    histogram.recordValue(Math.max(1, Math.round((timing.inferenceMs + timing.patternsMs) * 1000))),
  );
  const input = options.input ?? (await MarketFile.open(file, { symbol, timeframe }));
  const instrument = await engine.instruments.follow({
    feed: FILE_FEED,
    symbol,
    base: timeframe,
    calendar: input.calendar.name,
    tenantId,
    timeframe,
  });
  const seriesId = engine.instruments.get(instrument)!.base;
  const trainings = await trainingsDone(engine, tenantId, seriesId);
  const refused = new RefusalAccount();
  const known = engine.journal.fact(`quotes:${instrument}`) as readonly number[] | undefined;
  const quotes = new RecentQuotes(unpackQuotes(Float64Array.from(known ?? [])));
  const feeding: Feeding = {
    engine,
    options,
    instrument,
    seriesId,
    trainings,
    duplicates: 0,
    refused,
    quotes,
  };
  const before = engine.instruments.barsOf(seriesId);

  await trainIfDue(feeding);
  await play(feeding, input);
  const bars = engine.instruments.barsOf(seriesId);
  const seconds = (performance.now() - start) / 1000;
  await engine.stored();
  const reading = input.report();
  const percentile = (p: number): number => histogram.getValueAtPercentile(p) / 1000;
  return {
    file,
    symbol,
    timeframe,
    bars,
    newBars: bars - before,
    rejected: reading.refused - reading.late + rejectedRows(refused.list()),
    duplicates: feeding.duplicates,
    refusals: [...reading.refusals, ...refused.list()],
    reading,
    ...(await summarise(engine, options, seriesId)),
    withheld: engine.status.counts().withheld,
    seconds,
    barsPerSecond: (bars - before) / seconds,
    latencyMs: {
      p50: percentile(50),
      p90: percentile(90),
      p99: percentile(99),
      max: histogram.maxValue / 1000,
    },
  };
}

/** Feeds a file's rows from where an earlier run on the same folder ended. */
async function play(feeding: Feeding, input: MarketFile): Promise<void> {
  const { engine, instrument } = feeding;
  const { file, onProgress } = feeding.options;
  const { format = '', timeZone = '' } = input.reading;
  const asRead = format + timeZone === '' ? '' : `:${format}:${timeZone}`;
  const cursorKey = `cursor:${instrument}:${path.basename(file)}:${statSync(file).size}${asRead}`;
  const skip = (engine.journal.fact(cursorKey) as number | undefined) ?? 0;
  let read = 0;
  let last = 0;
  for await (const chunk of input.chunks(CHUNK)) {
    const size = chunk.lines.length;
    read += size;
    if (read > skip) {
      await feed(feeding, chunk, Math.max(0, size - (read - skip)));
      engine.journal.putFact(cursorKey, read);
    } else if (chunk.kind === 'bars') feeding.duplicates += size;
    last = chunk.kind === 'quotes' ? chunk.quotes.at(-1)!.ts : 0;
    if (chunk.kind === 'quotes') for (const quote of chunk.quotes) feeding.quotes.add(quote);
    onProgress?.(read, 'bars');
  }
  if (last > 0) engine.journal.putFact(`quotes:${instrument}`, [...packQuotes(feeding.quotes.newest())]);
  const { grid } = engine.instruments.get(instrument)!;
  const end = grid.closeOf(grid.openOf(last));
  // The file is over: its last bar's time is, too, unless that is to come.
  if (last > 0 && end <= Date.now()) engine.intake.tick(FILE_FEED, end);
  await engine.settled();
}

/** Feeds a chunk, stopping for training exactly where it is due. */
async function feed(feeding: Feeding, chunk: MarketChunk, from: number): Promise<void> {
  const { engine, instrument } = feeding;
  if (chunk.kind === 'quotes') {
    const quotes = chunk.quotes.slice(from);
    await account(feeding, await taken(() => engine.intake.ingestQuotes(instrument, quotes)), {
      rows: quotes.length,
      lines: chunk.lines.slice(from),
      isKnown: (index) => feeding.quotes.has(quotes[index]!),
    });
    await engine.settled();
    await trainIfDue(feeding);
    return;
  }
  let rest: readonly Bar[] = chunk.bars.slice(from);
  let lines = chunk.lines.slice(from);
  while (rest.length > 0) {
    const have = engine.instruments.barsOf(feeding.seriesId);
    const now = rest.slice(0, Math.max(1, nextTraining(feeding.options, have) - have));
    rest = rest.slice(now.length);
    const ingestion = await taken(() => engine.intake.ingestBars(instrument, now));
    await account(feeding, ingestion, { rows: now.length, lines });
    lines = lines.slice(now.length);
    await engine.settled();
    await trainIfDue(feeding);
  }
}

/** Counts the rows that the engine did not take: those that it has already, and those that it refuses. */
async function account(
  feeding: Feeding,
  ingestion: Ingestion,
  {
    rows,
    lines,
    isKnown = () => false,
  }: {
    readonly rows: number;
    readonly lines: readonly number[];
    /** Whether a row whose time is over was read before. */
    readonly isKnown?: (index: number) => boolean;
  },
): Promise<void> {
  const { refused } = feeding;
  for (const { index, reason } of ingestion.rejected) refused.refuse(reason, lines[index]!, () => '');
  feeding.duplicates += rows - ingestion.accepted - ingestion.rejected.length;
  if (rows === ingestion.accepted + ingestion.rejected.length) return;
  for (const { index, reason } of (await ingestion.done()).skipped) {
    if (reason === 'conflict') refused.refuse('conflict', lines[index]!, () => STORED_STANDS);
    if (reason === 'late' && !isKnown(index))
      refused.refuse('out_of_order', lines[index]!, () => 'the series has gone on');
  }
}

/** Rows that can never be taken, unlike those that were taken before. */
function rejectedRows(refusals: readonly Refusal[]): number {
  return refusals
    .filter(({ reason }) => reason !== 'conflict' && reason !== 'out_of_order')
    .reduce((sum, { count }) => sum + count, 0);
}

/** Waits while an instrument recovers or the journal makes room; a journal that makes none ends the replay. */
async function taken(take: () => Ingestion): Promise<Ingestion> {
  const result = await whenTaken(take, { msMax: TAKEN_MS_MAX });
  return result!;
}

/**
 * Bars at which trainings are due: after `trainAfter`, then whenever there are twice as many bars as at the last, at the latest
 * `retrainEvery` bars later. A young model learns most from more history.
 */
function* trainingsDue({ trainAfter, retrainEvery }: ReplayOptions): Generator<number> {
  for (let at = trainAfter; ; at = Math.min(2 * at, at + retrainEvery)) {
    yield at;
    if (retrainEvery === Infinity) return;
  }
}

/** Bars at which the training after `have` bars is due. */
function nextTraining(options: ReplayOptions, have: number): number {
  for (const at of trainingsDue(options)) if (at > have) return at;
  return Infinity;
}

/** Trainings that are due by `have` bars. */
function trainingsBy(options: ReplayOptions, have: number): number {
  let count = 0;
  for (const at of trainingsDue(options)) {
    if (at > have) break;
    count++;
  }
  return count;
}

async function trainIfDue(feeding: Feeding): Promise<void> {
  const { engine, options, seriesId } = feeding;
  const have = engine.instruments.barsOf(seriesId);
  if (feeding.trainings >= trainingsBy(options, have)) return;
  const through = engine.instruments.closedThrough(seriesId);
  await engine.training.train(seriesId, through, (step, total, stage) =>
    options.onProgress?.(have, `training: ${stage} ${step}/${total}`),
  );
  await engine.settled();
  feeding.trainings++;
}

/** Models of a series that were trained before now and came into use. */
async function trainingsDone(engine: Engine, tenantId: string, seriesId: string): Promise<number> {
  const inUse = engine.instruments.routeOf(tenantId, seriesId)?.trainedThrough ?? -Infinity;
  const models = await engine.registry.list(seriesIdentity(seriesId));
  return models.filter(({ trainedThrough }) => trainedThrough <= inUse).length;
}

interface PredictionRow {
  readonly t: string;
  readonly direction: string;
  readonly primary_horizon: string;
  readonly [column: string]: unknown;
}

async function summarise(
  engine: Engine,
  { symbol, timeframe, tenantId }: ReplayOptions,
  seriesId: string,
): Promise<
  Pick<ReplayReport, 'featureRows' | 'predictions' | 'signals' | 'resolved' | 'models' | 'accuracy' | 'acted'>
> {
  const identity = seriesIdentity(seriesId);
  const [features] = await engine.features.sql(
    `SELECT count() AS n FROM ml_features WHERE tenant_id = '${identity.tenantId}' AND feed = '${identity.feed}' AND symbol = '${symbol}' AND timeframe = '${gridName(identity)}'`,
  );
  const columns = HORIZONS.flatMap((h) => [
    `predicted_${h}`,
    `actual_${h}`,
    `CASE WHEN up_${h} >= down_${h} THEN 1 ELSE -1 END AS leaning_${h}`,
    `(extract(epoch FROM resolved_${h}) * 1000)::bigint AS resolved_${h}`,
  ]);
  const rows = (await engine.predictions.sql(
    `SELECT (extract(epoch FROM bar_close_time) * 1000)::bigint AS t, direction, primary_horizon, ${columns.join(', ')}
     FROM ml_predictions
     WHERE symbol = '${symbol}' AND timeframe = '${timeframe}' ORDER BY bar_close_time`,
    tenantId,
  )) as readonly PredictionRow[];
  const accuracy = Object.fromEntries(
    HORIZONS.map((name, horizon) => [name, score(horizon, outcomesOf(rows, name), timeframeMs(timeframe))]),
  );
  const acted = rows.filter(
    (row) => row.direction !== 'FLAT' && row[`actual_${row.primary_horizon}`] !== null,
  );
  const hits = acted.filter(
    (row) => row[`predicted_${row.primary_horizon}`] === row[`actual_${row.primary_horizon}`],
  ).length;
  const share = acted.length === 0 ? 0 : hits / acted.length;
  return {
    featureRows: Number(features?.['n'] ?? 0),
    predictions: rows.length,
    signals: engine.journal.predictions.conclusions.countSignals(`signal:${tenantId}:${seriesId}`),
    resolved: rows.filter((row) => HORIZONS.every((h) => row[`actual_${h}`] !== null)).length,
    models: (await engine.registry.list(identity)).length,
    accuracy,
    acted: {
      share:
        rows.length === 0 ? 0 : rows.filter(({ direction }) => direction !== 'FLAT').length / rows.length,
      samples: acted.length,
      accuracy: share,
      interval: wilsonInterval(share, acted.length),
    },
  };
}

/** The resolved predictions of one horizon, each with the direction last known when it was made. */
function outcomesOf(rows: readonly PredictionRow[], horizon: string): Outcome[] {
  const outcomes: Outcome[] = [];
  let next = 0;
  let last = NaN;
  for (const row of rows) {
    const time = Number(row.t);
    while (next < rows.length) {
      const resolved = rows[next]![`resolved_${horizon}`];
      if (resolved === null || Number(resolved) > time) break;
      last = Number(rows[next]![`actual_${horizon}`]);
      next++;
    }
    const actual = row[`actual_${horizon}`];
    if (actual === null) continue;
    outcomes.push({
      closeTime: time,
      predicted: Number(row[`predicted_${horizon}`]),
      leaning: Number(row[`leaning_${horizon}`]),
      actual: Number(actual),
      last,
    });
  }
  return outcomes;
}
