import type { Costs, Market } from './market.js';

/** Bars `from` ≤ bar < `to`. */
export interface BarRange {
  readonly from: number;
  readonly to: number;
}

/** One position from its opening to its end. */
export interface Trade {
  /** Bar whose open filled the entry, and the one that filled the exit. */
  readonly entryBar: number;
  readonly exitBar: number;
  readonly entryTime: number;
  readonly exitTime: number;
  /** +1 long, −1 short. */
  readonly side: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  /** What it added to the equity, as a share of the equity at its entry, all costs paid. */
  readonly return: number;
  /** What spread, slippage and commission took of that. */
  readonly cost: number;
  /** `end`: the data ended. */
  readonly exit: 'turned' | 'closed' | 'end';
}

/** How a run of positions went. Equity begins at 1. */
export interface Run {
  /** At the close of each bar of the range, at the price one could get out at. */
  readonly equity: Float64Array;
  /** Value traded, in units of the equity at the time, summed over all fills. */
  readonly traded: number;
  /** Bars with a position. */
  readonly barsIn: number;
}

/** The account of one run. */
class Account {
  /** Equity without the open position's gain. */
  balance = 1;
  units = 0;
  traded = 0;
  entry = { bar: 0, price: 0, equity: 1, quote: 0 };
  readonly #market: Market;
  readonly #costs: Costs;
  readonly #onTrade: ((trade: Trade) => void) | undefined;

  constructor(market: Market, costs: Costs, onTrade: ((trade: Trade) => void) | undefined) {
    this.#market = market;
    this.#costs = costs;
    this.#onTrade = onTrade;
  }

  /** Price of a fill that buys (+1) or sells (−1), of a bid and a spread. */
  #price(bid: number, spread: number, way: number): number {
    const quote = way > 0 ? bid + spread : bid;
    return quote * (1 + (way * this.#costs.slippageBps) / 10_000);
  }

  open(bar: number, side: number): void {
    if (!(this.balance > 0)) return;
    const { bidOpens, openSpreads } = this.#market;
    const [bid, spread] = [bidOpens[bar]!, openSpreads[bar]!];
    const price = this.#price(bid, spread, side);
    this.entry = { bar, price, equity: this.balance, quote: bid + spread / 2 };
    this.units = (side * this.balance) / price;
    this.balance *= 1 - this.#costs.commissionBps / 10_000;
    this.traded++;
  }

  /** Ends the position at a bid and a spread. */
  close(bar: number, time: number, bid: number, spread: number, exit: Trade['exit']): void {
    const side = Math.sign(this.units);
    const price = this.#price(bid, spread, -side);
    const commission = (Math.abs(this.units) * price * this.#costs.commissionBps) / 10_000;
    this.balance += this.units * (price - this.entry.price) - commission;
    this.traded += (Math.abs(this.units) * price) / this.entry.equity;
    const gained = this.balance / this.entry.equity - 1;
    const free = (this.units * (bid + spread / 2 - this.entry.quote)) / this.entry.equity;
    this.units = 0;
    this.#onTrade?.({
      entryBar: this.entry.bar,
      exitBar: bar,
      entryTime: this.#market.openTimes[this.entry.bar]!,
      exitTime: time,
      side,
      entryPrice: this.entry.price,
      exitPrice: price,
      return: gained,
      cost: free - gained,
      exit,
    });
  }

  /** Equity if the position were ended at a bar's closing quotes, slippage and commission left out. */
  equity(bar: number): number {
    const { bidCloses, closeSpreads } = this.#market;
    const out = this.units < 0 ? bidCloses[bar]! + closeSpreads[bar]! : bidCloses[bar]!;
    return Math.max(0, this.balance + this.units * (out - this.entry.price));
  }
}

/**
 * Trades positions over a range of bars: the position that is wanted after a bar's close is filled at the next bar's open, buys at
 * the ask, sells at the bid, each worse by the slippage, with commission. Each position is worth the whole equity when it is opened.
 * Any change of a number is another position, its sign the side: ±2 after ±1 closes one and opens the next the same way. What is open at the end is closed at the last close.
 */
export function simulate(
  market: Market,
  positions: Int8Array,
  { from, to }: BarRange,
  costs: Costs,
  onTrade?: (trade: Trade) => void,
): Run {
  const account = new Account(market, costs, onTrade);
  const equity = new Float64Array(Math.max(0, to - from));
  let barsIn = 0;
  let held = 0;
  for (let bar = from; bar < to; bar++) {
    const wanted = bar === from ? 0 : positions[bar - 1]!;
    if (wanted !== held) {
      if (account.units !== 0)
        account.close(
          bar,
          market.openTimes[bar]!,
          market.bidOpens[bar]!,
          market.openSpreads[bar]!,
          wanted === 0 ? 'closed' : 'turned',
        );
      if (wanted !== 0) account.open(bar, Math.sign(wanted));
      held = wanted;
    }
    if (account.units !== 0) barsIn++;
    equity[bar - from] = account.equity(bar);
  }
  if (account.units !== 0) {
    const last = to - 1;
    account.close(last, market.closeTimes[last]!, market.bidCloses[last]!, market.closeSpreads[last]!, 'end');
    equity[last - from] = Math.max(0, account.balance);
  }
  return { equity, traded: account.traded, barsIn };
}
