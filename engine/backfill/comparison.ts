import { isSameBar, type Bar } from '../../actors/market/bar.js';
import type { BarGrid } from '../../actors/market/bar-grid.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import { BarAssembler } from '../../actors/series-machine.js';
import type { MarketChunk } from '../files/market-file.js';
import type { Comparison, Difference, Span } from './protocol.js';
import type { StoredBars } from './stored-bars.js';

/** Counts differences, and remembers the first. */
export class DifferenceCount {
  count = 0;
  #first: Omit<Difference, 'count' | 'lastTime'> | undefined;
  #lastTime = NaN;

  add(stored: Bar | undefined, given: Bar | undefined): void {
    this.#lastTime = (stored ?? given)!.openTime;
    this.#first ??= {
      openTime: this.#lastTime,
      ...(stored === undefined ? {} : { stored }),
      ...(given === undefined ? {} : { given }),
    };
    this.count++;
  }

  get result(): Difference | undefined {
    return this.#first === undefined
      ? undefined
      : { count: this.count, lastTime: this.#lastTime, ...this.#first };
  }
}

/** Compares the bars a file has in a span of time with those that are stored, writing nothing. */
export async function compareWithStored(
  chunks: AsyncIterable<MarketChunk>,
  stored: StoredBars,
  { grid, basis, span }: { readonly grid: BarGrid; readonly basis: PriceBasis; readonly span: Span },
): Promise<Comparison> {
  const [changed, added, removed] = [new DifferenceCount(), new DifferenceCount(), new DifferenceCount()];
  const assembler = new BarAssembler(grid, grid, basis);
  const isInside = ({ openTime }: Bar): boolean => openTime >= span.from && openTime < span.to;
  let [isBefore, isInSpan, isAfter] = [false, false, false];
  let closed: Bar[] = [];
  const take = (bar: Bar): void => {
    if (bar.openTime < span.from) isBefore = true;
    else if (bar.openTime >= span.to) isAfter = true;
    else closed.push(bar);
  };
  const compare = async (): Promise<void> => {
    for (const bar of closed) {
      isInSpan = true;
      let known: Bar | undefined;
      while ((known = await nextStored(stored, bar.openTime)) !== undefined && known.openTime < bar.openTime)
        if (isInside(known)) removed.add(known, undefined);
      if (known === undefined) added.add(undefined, bar);
      else if (!isSameBar(known, bar)) changed.add(known, bar);
    }
    closed = [];
  };
  for await (const chunk of chunks) {
    if (chunk.kind === 'bars') for (const bar of chunk.bars) assembler.addBar(bar, take);
    else for (const quote of chunk.quotes) assembler.addQuote(quote, take);
    await compare();
  }
  assembler.finish((bar) => grid.closeOf(bar.openTime) <= Date.now() && take(bar));
  await compare();
  let rest: Bar | undefined;
  while ((rest = await nextStored(stored, span.to - 1)) !== undefined)
    if (isInside(rest)) removed.add(rest, undefined);
  return {
    reaches: isInSpan || (isBefore && isAfter),
    changed: changed.result,
    added: added.result,
    removed: removed.result,
  };
}

async function nextStored(stored: StoredBars, openTime: number): Promise<Bar | undefined> {
  if (stored.isExhausted) await stored.read();
  return stored.next(openTime);
}
