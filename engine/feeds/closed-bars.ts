import { barDefect, type Bar } from '../../actors/market/bar.js';
import { BarBuilder } from '../../actors/market/bar-builder.js';
import { quoteDefect, type PriceBasis } from '../../actors/market/quote.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { StateLayout } from '../../actors/indicators/state.js';
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
  const layout = new StateLayout();
  const lengthMs = timeframeMs(timeframe);
  const builder = new BarBuilder(layout, lengthMs, basis);
  const state = new Float64Array(layout.size);
  let last = -Infinity;
  for await (const chunk of readMarketFile(file, 1024)) {
    const closed: Bar[] = [];
    if (chunk.kind === 'bars') {
      for (const bar of chunk.bars) {
        counts.inputs++;
        if (barDefect(bar, lengthMs) !== undefined) counts.rejected++;
        else if (bar.openTime <= last) counts.late++;
        else {
          last = bar.openTime;
          closed.push(bar);
        }
      }
    } else {
      for (const quote of chunk.quotes) {
        counts.inputs++;
        if (quoteDefect(quote) !== undefined) counts.rejected++;
        else if (quote.ts < builder.lastInputTime(state)) counts.late++;
        else {
          const bar = builder.addQuote(state, quote);
          if (bar !== undefined) closed.push(bar);
        }
      }
    }
    yield closed;
  }
  const open = builder.closeDue(state, Infinity);
  if (open !== undefined) yield [open];
}
