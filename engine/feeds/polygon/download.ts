import { createHash } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { timeframeMs } from '../../../actors/market/timeframe.js';
import type { AggregatesRequest, PolygonRest } from './rest.js';

const HEADER = 'ts,open,high,low,close,volume\n';
/** End of a file that is read to find its last whole line. */
const TAIL_BYTES = 4_096;

/** Bars of Polygon in a file, which a backfill can take. */
export interface Download {
  readonly file: string;
  /** Bars taken now, and bars that an earlier run had taken. */
  readonly taken: number;
  readonly resumed: number;
  /** Whether the file has any bar. */
  readonly hasBars: boolean;
  /** Removes the file, once its bars are stored. */
  remove(): Promise<void>;
}

export interface DownloadOptions {
  readonly folder: string;
  /** Whether the range ends now, whenever that is: a later run goes on with it. */
  readonly isOpen: boolean;
  readonly onProgress: (bars: number) => void;
}

/**
 * Takes a range of bars into a file of a folder, page by page, each on disk before the next is asked for. A run that was cut
 * off at any moment goes on after the last whole bar that it wrote. Throws what {@link PolygonRest.aggregates} throws.
 */
export async function download(
  rest: Pick<PolygonRest, 'aggregates'>,
  request: AggregatesRequest,
  { folder, isOpen, onProgress }: DownloadOptions,
): Promise<Download> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { ticker, timeframe, from, adjusted = false } = request;
  const range = [ticker, timeframe, from, isOpen ? 'now' : request.to, adjusted];
  const identity = createHash('sha256').update(JSON.stringify(range));
  const name = `${ticker.replaceAll(/[^A-Z0-9.]/g, '-')}-${timeframe}-${identity.digest('hex').slice(0, 12)}.csv`;
  const file = path.join(folder, name);
  const handle = await open(file, 'a+', 0o600);
  try {
    const before = await repair(handle);
    let taken = 0;
    const start = before.last === undefined ? from : before.last + timeframeMs(timeframe);
    if (start < request.to) {
      for await (const bars of rest.aggregates({ ...request, from: start })) {
        await handle.appendFile(bars.map(lineOf).join(''));
        await handle.datasync();
        taken += bars.length;
        onProgress(taken);
      }
    }
    return {
      file,
      taken,
      resumed: before.lines,
      hasBars: taken + before.lines > 0,
      remove: async () => await rm(file, { force: true }),
    };
  } finally {
    await handle.close();
  }
}

type Numbers = Readonly<Record<'openTime' | 'open' | 'high' | 'low' | 'close' | 'volume', number>>;

/** A row of the file; what is unknown is empty, and refused by its line where it must be known. */
function lineOf({ openTime, open: first, high, low, close, volume }: Numbers): string {
  return `${[openTime, first, high, low, close, volume].map((x) => (Number.isNaN(x) ? '' : x)).join(',')}\n`;
}

/** Cuts off what was not written whole, and finds where the file ends. */
async function repair(handle: FileHandle): Promise<{ lines: number; last: number | undefined }> {
  const { size } = await handle.stat();
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  await handle.read(tail, 0, tail.length, size - tail.length);
  const whole = size - tail.length + tail.lastIndexOf(0x0a) + 1;
  if (whole < size) await handle.truncate(whole);
  if (whole < HEADER.length) {
    await handle.truncate(0);
    await handle.appendFile(HEADER);
    return { lines: 0, last: undefined };
  }
  const times = tail
    .subarray(0, tail.lastIndexOf(0x0a))
    .toString()
    .split('\n')
    .map((line) => Number(line.split(',')[0] || NaN))
    .filter((time) => Number.isFinite(time));
  let lines = -1;
  for await (const chunk of handle.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>)
    for (const byte of chunk) if (byte === 0x0a) lines++;
  return { lines, last: times.length === 0 ? undefined : Math.max(...times) };
}
