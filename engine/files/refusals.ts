import type { RejectReason } from '../../actors/market/bar.js';

/** Why a row of a file is not taken. */
export type RefusalReason =
  | RejectReason
  | 'columns'
  | 'no_prices'
  | 'not_a_number'
  | 'lost_digits'
  | 'other_unit'
  | 'skipped_local_time'
  | 'spacing'
  | 'duplicate'
  | 'conflict'
  | 'out_of_order'
  | 'ahead'
  | 'unfinished';

const TITLES: Readonly<Record<RefusalReason, string>> = {
  columns: 'another number of columns',
  no_prices: 'no prices',
  not_a_number: 'not a number',
  not_finite: 'not finite',
  not_positive: 'a price that is not above 0',
  implausible_price: 'a price of no market',
  implausible_size: 'a volume or size of no market',
  high_below_low: 'high below low',
  outside_range: 'open or close outside high and low',
  negative_volume: 'negative volume',
  negative_size: 'negative size',
  crossed_quote: 'ask below bid',
  bad_time: 'no time',
  lost_digits: 'times with lost digits',
  other_unit: 'a time in another unit',
  implausible_time: 'an implausible time',
  skipped_local_time: 'a local time that the change of clocks skips',
  misaligned_time: 'not on the grid of the bars',
  spacing: 'followed by a row before its end, so a shorter bar',
  duplicate: 'exact duplicates',
  conflict: 'conflicting versions of a bar; the first is kept',
  out_of_order: 'out of order',
  ahead: 'ahead of the rows that follow',
  unfinished: 'unfinished bars',
};

/** Refusals that repeat or contradict rows that were taken, or come too late for them. */
const OF_ORDER: ReadonlySet<RefusalReason> = new Set(['duplicate', 'conflict', 'out_of_order']);

/** The rows refused for one reason. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly count: number;
  /** Line of the first of them; the row's number in a Parquet file. */
  readonly line: number;
  /** What was wrong with the first of them. */
  readonly detail: string;
}

/** Counts refused rows by reason, each with its first line. */
export class RefusalAccount {
  readonly #reasons = new Map<RefusalReason, { count: number; line: number; detail: string }>();
  #total = 0;

  /** `detail` is asked for only at the first of a reason. */
  refuse(reason: RefusalReason, line: number, detail: () => string): void {
    this.#total++;
    const known = this.#reasons.get(reason);
    if (known === undefined) this.#reasons.set(reason, { count: 1, line, detail: detail() });
    else known.count++;
  }

  get total(): number {
    return this.#total;
  }

  /** Those that repeat, contradict or come too late. */
  get ofOrder(): number {
    let sum = 0;
    for (const [reason, { count }] of this.#reasons) if (OF_ORDER.has(reason)) sum += count;
    return sum;
  }

  /** By reason, the most frequent first. */
  list(): Refusal[] {
    return [...this.#reasons]
      .map(([reason, { count, line, detail }]) => ({ reason, count, line, detail }))
      .sort((a, b) => b.count - a.count);
  }
}

/** A refusal in words: "3 rows: high below low, first at line 17 (1.2 < 1.3)". */
export function describeRefusal({ reason, count, line, detail }: Refusal): string {
  return `${count} ${count === 1 ? 'row' : 'rows'}: ${TITLES[reason]}, first at line ${line}${detail === '' ? '' : ` (${detail})`}`;
}
