import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Bar } from '../../actors/market/bar.js';

/** One recorded call of the TA-Lib C library. */
export interface TalibCall {
  readonly function: string;
  readonly begin: number;
  readonly outputs: Readonly<Record<string, readonly (number | null)[]>>;
  /** Candlesticks of the zoo: only the bars that are not 0. */
  readonly nonzero?: Readonly<Record<string, number>>;
}

const FOLDER = new URL('../../../test/data/talib/', import.meta.url);

function readGz(name: string): string {
  return gunzipSync(readFileSync(new URL(name, FOLDER))).toString('utf8');
}

/** The recorded outputs of a series, by call name. */
export function talibCalls(name: string): Readonly<Record<string, TalibCall>> {
  const parsed = JSON.parse(readGz(`${name}.talib.json.gz`)) as { calls: Record<string, TalibCall> };
  return parsed.calls;
}

/** The bars of a series that TA-Lib was run on. */
export function talibBars(name: string): Bar[] {
  const [, ...lines] = readGz(`${name}.csv.gz`).trim().split('\n');
  return lines.map((line) => {
    const [ts, open, high, low, close, volume] = line.split(',').map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return { openTime: ts, open, high, low, close, volume, tickCount: NaN, bid: NaN, ask: NaN };
  });
}
