import type { Bar } from '../../actors/market/bar.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { BarAssembler, type Admission } from '../../actors/series-machine.js';
import { readMarketFile } from './market-file.js';

/** What became of a file's rows. */
export interface IntakeCounts {
  inputs: number;
  rejected: number;
  /** Repeated or out of order. */
  late: number;
}

/**
 * The closed bars of a market file as the engine would take them, in chunks: bars of `timeframe` as they
 * are, quotes built into bars. Impossible, repeated and late rows are counted and left out.
 */
export async function* closedBars(
  file: string,
  timeframe: Timeframe,
  basis: PriceBasis,
  counts: IntakeCounts,
): AsyncGenerator<Bar[]> {
  const lengthMs = timeframeMs(timeframe);
  const assembler = new BarAssembler(lengthMs, lengthMs, basis);
  let closed: Bar[] = [];
  const close = (bar: Bar): void => void closed.push(bar);
  const count = (admission: Admission): void => {
    counts.inputs++;
    if (admission === 'behind') counts.late++;
    else if (admission !== 'accepted') counts.rejected++;
  };
  for await (const chunk of readMarketFile(file, 1024)) {
    closed = [];
    if (chunk.kind === 'bars') for (const bar of chunk.bars) count(assembler.addBar(bar, close));
    else for (const quote of chunk.quotes) count(assembler.addQuote(quote, close));
    yield closed;
  }
  closed = [];
  assembler.finish(close);
  yield closed;
}
