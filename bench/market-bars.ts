import type { Bar } from '../actors/market/bar.js';
import type { Timeframe } from '../actors/market/timeframe.js';
import { MarketFile } from '../engine/files/market-file.js';

/** All bars of a file. */
export async function barsOf(file: string, timeframe: Timeframe): Promise<readonly Bar[]> {
  const input = await MarketFile.open(file, { timeframe });
  const bars: Bar[] = [];
  for await (const chunk of input.chunks()) if (chunk.kind === 'bars') bars.push(...chunk.bars);
  return bars;
}
