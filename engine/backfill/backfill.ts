import { gridName } from '../../actors/market/bar-grid.js';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import { Calendars, type CalendarRule } from '../calendars.js';
import { SuhoError, type ErrorCode } from '../errors.js';
import { THREAD_OPTIONS } from '../worker-threads.js';
import type { ExtraDefinition } from '../feature-store/extra-indicators.js';
import type { FeatureStore, ReplacementStore, SeriesIdentity } from '../feature-store/feature-store.js';
import type { Reading } from '../files/reading.js';
import { packBars } from '../journal/records.js';
import type {
  BackfillAnswer,
  BackfillCounts,
  BackfillTask,
  Checkpoint,
  Comparison,
  FromBackfillWorker,
  Span,
  ToBackfillWorker,
} from './protocol.js';

/** Rows of a segment: ~15 MB. An interrupted run recomputes at most one segment and a day. */
const SEGMENT_ROWS = 10_000;
/** Bars read from the store at a time. */
const PAGE = 5_000;

/** A series to compute, and where its bars come from. */
export interface BackfillRequest {
  readonly series: SeriesIdentity;
  /** A file of bars or quotes; without it, the raw bars the store has in `aggregates`. */
  readonly file?: string;
  /** How to read the file, where its content does not say. */
  readonly reading?: Pick<Reading, 'format' | 'timeZone'>;
  /** Price of a quote that bars are built from. Default: bid. */
  readonly basis?: PriceBasis;
  /** Stores only rows of bars that open in [from, to), epoch milliseconds. Earlier bars are still used as warm-up. */
  readonly from?: number;
  readonly to?: number;
  /**
   * Stored bars that open in this span give way to the file's: changed ones are replaced, those that the file has not are
   * removed. Elsewhere stored bars stand.
   */
  readonly replace?: Span;
  /** Further indicators of the tenant, as its configuration names them. */
  readonly extras?: readonly ExtraDefinition[];
}

/** What a backfill needs of a feature store. */
type BackfillStore = Pick<FeatureStore, 'insert' | 'barsAfter'> & Partial<ReplacementStore>;

type Pool = Piscina<BackfillTask & { port: MessagePort }, BackfillAnswer>;
type Told = {
  readonly progress: (inputs: number) => void;
  readonly recognised: (description: string) => void;
};

export interface BackfillOptions {
  /** Folder of the checkpoints that interrupted runs resume from. */
  readonly checkpoints: string;
  /** Series computed at a time. Default: one per core, less one for ClickHouse. */
  readonly parallel?: number;
  /** The calendars that series may name besides the built-in ones. */
  readonly calendars?: Calendars;
  /** Called periodically with the inputs read so far, over all requests. */
  readonly onProgress?: (inputs: number) => void;
  /** Called with what each file was recognised as. */
  readonly onRecognised?: (description: string) => void;
}

export interface BackfillReport extends BackfillCounts {
  readonly series: SeriesIdentity;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  /** What a replacement changed; none without one. */
  readonly replaced?: Comparison;
}

/**
 * Computes the features and labels of historical bars and stores them, with the raw bars.
 *
 * Series are computed in parallel, each in a worker thread; reading, computing and storing overlap. A series
 * is never split: exponential averages, cumulative volume and cycle phases depend on its whole history, so a part started
 * in the middle would differ from the live rows in the last bits. The result is bit-identical to the live rows.
 *
 * A file's bars are taken with those that are stored, in one history: a bar that is stored with other values stands and is
 * counted as a conflict, one that the file has not stands too; all rows that follow are computed again. Inside
 * `replace` the file's bars stand.
 *
 * Re-running replaces the same rows. An interrupted run resumes at its last
 * stored segment if the source is unchanged up to that point. Throws `BAD_FILE` for a file that cannot be
 * read, `NOT_FOUND` when the store has no bars of a series.
 */
export async function backfill(
  store: BackfillStore,
  requests: readonly BackfillRequest[],
  options: BackfillOptions,
): Promise<readonly BackfillReport[]> {
  mkdirSync(options.checkpoints, { recursive: true });
  const pool: Pool = new Piscina({
    ...THREAD_OPTIONS,
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: Math.max(1, Math.min(options.parallel ?? availableParallelism() - 1, requests.length)),
  });
  const inputs = requests.map(() => 0);
  const { calendars = new Calendars() } = options;
  try {
    return await Promise.all(
      requests.map(async (asked, i) => {
        const request = { ...asked, calendar: calendars.rule(asked.series.calendar) };
        const report = (now: number): void => {
          inputs[i] = now;
          options.onProgress?.(inputs.reduce((a, b) => a + b, 0));
        };
        const file = path.join(options.checkpoints, `${checkpointName(request)}.checkpoint`);
        const start = performance.now();
        const told = { progress: report, recognised: once(options.onRecognised) };
        const replaced = await replace(pool, store, request, file, told);
        let answer = await compute(pool, store, request, file, await readCheckpoint(file), told);
        if (answer.kind === 'other_source') {
          await rm(file, { force: true });
          answer = await compute(pool, store, request, file, undefined, told);
        }
        if (answer.kind !== 'done') throw failureOf(answer);
        if (replaced !== undefined) await store.endReplacement?.(request.series);
        const seconds = (performance.now() - start) / 1000;
        const { counts } = answer;
        return {
          series: request.series,
          ...counts,
          seconds,
          rowsPerSecond: counts.rows / seconds,
          ...(replaced === undefined ? {} : { replaced }),
        };
      }),
    );
  } finally {
    await pool.destroy();
  }
}

/** A request with the calendar that its series names. */
type Work = BackfillRequest & { readonly calendar: CalendarRule };

/**
 * Removes what the file replaces: the stored bars of the span, and the rows that follow from them. The file is read to
 * its end before, so that one that cannot be read removes nothing. What was removed is stored again by the backfill that follows; if it
 * does not come to its end, the same command begins again.
 */
async function replace(
  pool: Pool,
  store: BackfillStore,
  request: Work,
  checkpointFile: string,
  told: Told,
): Promise<Comparison | undefined> {
  const { series, replace: span } = request;
  if (span === undefined) return undefined;
  if (request.file === undefined || request.from !== undefined || request.to !== undefined)
    throw new SuhoError('BAD_INPUT', 'A replacement takes a file, and stores all rows of its series.');
  if (store.beginReplacement === undefined) throw new Error('This store replaces nothing.');
  const answer = await compute(pool, store, request, checkpointFile, undefined, told, span);
  if (answer.kind !== 'compared') throw failureOf(answer);
  const { comparison } = answer;
  if (!comparison.reaches) {
    const [from, to] = [span.from, span.to].map((time) => new Date(time).toISOString());
    throw new SuhoError(
      'BAD_INPUT',
      `The file has no ${series.timeframe} bar of ${series.symbol} from ${from} to ${to}; nothing was removed.`,
    );
  }
  // Its state may be from before, and what it vouches for is removed here.
  await rm(checkpointFile, { force: true });
  const { changed, added, removed } = comparison;
  if (changed !== undefined || added !== undefined || removed !== undefined)
    await store.beginReplacement(series, span);
  return comparison;
}

function failureOf(answer: BackfillAnswer): Error {
  return answer.kind === 'failed'
    ? new SuhoError(answer.code as ErrorCode, answer.message)
    : new Error(`A backfill answered "${answer.kind}".`);
}

async function compute(
  pool: Pool,
  store: BackfillStore,
  request: Work,
  checkpointFile: string,
  checkpoint: Checkpoint | undefined,
  told: Told,
  compare?: Span,
): Promise<BackfillAnswer> {
  const { series, file, extras = [] } = request;
  const { port1, port2 } = new MessageChannel();
  const pages = storedBars(store, series, file !== undefined);
  let failure: unknown;
  const abort = new AbortController();
  const tell = (message: ToBackfillWorker): void => port1.postMessage(message);
  const answer = async (message: FromBackfillWorker): Promise<void> => {
    if (message.kind === 'progress') return told.progress(message.inputs);
    if (message.kind === 'recognised') return told.recognised(message.description);
    if (message.kind === 'more') {
      const page = await pages.next();
      tell(page.done === true ? { kind: 'end' } : { kind: 'bars', numbers: page.value });
      return;
    }
    const { features, bars, checkpoint: reached } = message.segment;
    await store.insert('aggregates', bars);
    await store.insert('ml_features', features);
    if (reached !== undefined && extras.length === 0) await writeCheckpoint(checkpointFile, reached);
    port1.postMessage({ kind: 'stored', features, bars } satisfies ToBackfillWorker, [
      features.buffer,
      bars.buffer,
    ] as ArrayBuffer[]);
  };
  // One at a time, in order: a checkpoint stands for everything before it.
  let tail = Promise.resolve();
  port1.on('message', (message: FromBackfillWorker) => {
    tail = tail
      .then(async () => await answer(message))
      .catch((error: unknown) => {
        failure ??= error;
        abort.abort();
      });
  });
  try {
    const task = {
      series,
      calendar: request.calendar,
      source:
        file === undefined
          ? ({ kind: 'stored' } as const)
          : ({ kind: 'file', path: file, reading: request.reading ?? {} } as const),
      basis: request.basis ?? 'bid',
      from: request.from ?? -Infinity,
      to: request.to ?? Infinity,
      segmentRows: SEGMENT_ROWS,
      compare,
      checkpoint: extras.length === 0 ? checkpoint : undefined,
      extras,
      port: port2,
    };
    const result = await pool.run(task, { transferList: [port2], signal: abort.signal });
    await tail;
    return result;
  } catch (error) {
    throw failure ?? error;
  } finally {
    port1.close();
  }
}

/** Passes on the first call only: a backfill that starts over opens its file twice. */
function once(say: ((description: string) => void) | undefined): (description: string) => void {
  let said = false;
  return (description) => {
    if (!said) say?.(description);
    said = true;
  };
}

/** All raw bars the store has of a series, oldest first, packed, a page at a time. Throws when there are none, unless there `mayBeNone`. */
async function* storedBars(
  store: BackfillStore,
  series: SeriesIdentity,
  mayBeNone: boolean,
): AsyncGenerator<Float64Array> {
  let after = -Infinity;
  for (;;) {
    const bars = await store.barsAfter(series, after, PAGE);
    if (bars.length === 0) {
      if (after === -Infinity && !mayBeNone)
        throw new SuhoError(
          'NOT_FOUND',
          `There are no ${gridName(series)} bars of ${series.symbol} from ${series.feed} for ${series.tenantId} in the store.`,
        );
      return;
    }
    after = bars.at(-1)!.openTime;
    yield packBars(bars);
  }
}

/** File name of a checkpoint: one per request and feature set. */
function checkpointName({ series, file, basis, from, to }: BackfillRequest): string {
  const identity = [
    FEATURE_SET_VERSION,
    series.tenantId,
    series.userId,
    series.feed,
    series.symbol,
    gridName(series),
    file === undefined ? '' : 'file',
    basis,
    from,
    to,
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
}

async function readCheckpoint(file: string): Promise<Checkpoint | undefined> {
  try {
    return deserialize(await readFile(file)) as Checkpoint;
  } catch {
    // No checkpoint, or a truncated one: start over.
    return undefined;
  }
}

async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  await writeFile(`${file}.tmp`, serialize(checkpoint));
  await rename(`${file}.tmp`, file);
}
