import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { BarAssembler, type Admission } from '../../actors/series-machine.js';
import { calendarOfRule } from '../calendars.js';
import type { MarketFile } from './market-file.js';

/**
 * The closed bars of a market file as the engine would take them, in chunks: bars of `timeframe` as they are, shorter ones and
 * quotes built into bars. The last bar is left out while it is not over at `now`.
 */
export async function* closedBars(
  file: MarketFile,
  timeframe: Timeframe,
  basis: PriceBasis,
  now = Date.now(),
): AsyncGenerator<Bar[]> {
  const grid = BarGrid.of(timeframe, calendarOfRule(file.calendar));
  const assembler = new BarAssembler(grid, file.kind === 'quotes' ? grid : file.grid, basis);

  let closed: Bar[] = [];
  const close = (bar: Bar): void => void closed.push(bar);
  const expect = (admission: Admission): void => {
    if (admission !== 'accepted') throw new Error(`A checked row was ${admission}.`);
  };
  for await (const chunk of file.chunks()) {
    closed = [];
    if (chunk.kind === 'quotes') for (const quote of chunk.quotes) expect(assembler.addQuote(quote, close));
    else if (file.grid.lengthMs === grid.lengthMs)
      for (const bar of chunk.bars) expect(assembler.addBar(bar, close));
    else for (const bar of chunk.bars) expect(assembler.addShorterBar(bar, close));
    yield closed;
  }
  closed = [];
  assembler.finish(close);
  yield closed.filter(({ openTime }) => grid.closeOf(openTime) <= now);
}
