import { IANAZone } from 'luxon';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A clock that a file's times without an offset of their own were read from. */
export interface Zone {
  /** As messages call it. */
  readonly title: string;
  /**
   * Epoch milliseconds of a local time (its digits read as if they were UTC); NaN for one that a change of clocks skips.
   * Of two moments with one local time it is the earlier, unless that is not after `after`, the row before: rows are in
   * order, so then it is the later.
   */
  toUtc(local: number, after: number): number;
}

/** A clock without changes. */
function fixedZone(title: string, offsetMs: number): Zone {
  return { title, toUtc: (local) => local - offsetMs };
}

const UTC = fixedZone('UTC', 0);

/** What `--time-zone` takes beside names of the tz database and fixed offsets. */
const NAMED: ReadonlyMap<string, readonly [zone: string, hours: number, title: string]> = new Map([
  ['eet-us', ['America/New_York', 7, 'New York + 7 h (EET with the US change of clocks)']],
  ['new_york+7', ['America/New_York', 7, 'New York + 7 h (EET with the US change of clocks)']],
  ['eet', ['Europe/Helsinki', 0, 'EET with the EU change of clocks']],
  ['eet-eu', ['Europe/Helsinki', 0, 'EET with the EU change of clocks']],
]);

/** The clock of most brokers' MetaTrader servers: their day ends with New York's, at 17:00 there. */
export const SERVER_ZONE = 'EET-US';

/**
 * Reads a time zone: a name of the tz database (`Europe/Helsinki`), `EET-US` (New York + 7 h), `EET-EU`, `UTC`, `EST`, or an
 * offset (`UTC+2`, `-05:00`). Undefined when it is none of these.
 */
export function parseZone(text: string): Zone | undefined {
  const name = text.trim();
  if (/^(utc|gmt|z)$/i.test(name)) return UTC;
  if (/^est$/i.test(name)) return fixedZone('EST (UTC-5 all year)', -5 * HOUR_MS);
  const offset = /^(?:utc|gmt)?([+-])(\d{1,2})(?::?([0-5]\d))?$/i.exec(name);
  if (offset !== null) {
    const [, sign, hours, minutes = '00'] = offset;
    const ms = (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS);
    return Math.abs(ms) > 14 * HOUR_MS
      ? undefined
      : fixedZone(`UTC${sign}${Number(hours)}${minutes === '00' ? '' : `:${minutes}`}`, ms);
  }
  const known = NAMED.get(name.toLowerCase());
  if (known !== undefined) return new ChangingZone(known[0], known[1] * HOUR_MS, known[2]);
  return IANAZone.isValidZone(name) ? new ChangingZone(name, 0, name) : undefined;
}

/** A clock of the tz database, some hours ahead of it. */
class ChangingZone implements Zone {
  readonly title: string;
  readonly #zone: IANAZone;
  readonly #aheadMs: number;
  /** Offset of each UTC day whose clocks do not change, in milliseconds; NaN for the others. */
  readonly #days = new Map<number, number>();

  constructor(name: string, aheadMs: number, title: string) {
    this.title = title;
    this.#zone = IANAZone.create(name);
    this.#aheadMs = aheadMs;
  }

  toUtc(local: number, after: number): number {
    const clock = local - this.#aheadMs;
    const candidates = [this.#offset(clock - DAY_MS), this.#offset(clock + DAY_MS)];
    if (candidates[0] === candidates[1]) return clock - candidates[0]!;
    // The clocks change within a day of it. The larger offset gives the earlier moment.
    const moments = [Math.max(...candidates), Math.min(...candidates)]
      .map((offset) => [clock - offset, offset] as const)
      .filter(([moment, offset]) => this.#offset(moment) === offset)
      .map(([moment]) => moment);
    return moments.find((moment) => moment > after) ?? moments.at(-1) ?? NaN;
  }

  #offset(utc: number): number {
    const day = Math.floor(utc / DAY_MS);
    let offset = this.#days.get(day);
    if (offset === undefined) {
      const [first, last] = [this.#exact(day * DAY_MS), this.#exact((day + 1) * DAY_MS - 1)];
      offset = first === last ? first : NaN;
      this.#days.set(day, offset);
    }
    return offset === offset ? offset : this.#exact(utc);
  }

  #exact(utc: number): number {
    return this.#zone.offset(utc) * MINUTE_MS;
  }
}
