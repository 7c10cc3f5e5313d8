import { HurstExponent } from '../indicators/hurst-exponent.js';
import { ratio } from '../indicators/kernel.js';
import type { StateLayout } from '../indicators/state.js';
import { windowAutocorrelation, windowVarianceRatio } from '../indicators/window-statistics.js';
import {
  minutesToWeekClose,
  sessionsAt,
  utcMinute,
  utcWeekday,
  type SessionState,
} from '../market/trading-session.js';
import { specs, type ColumnOf } from './feature.js';
import type { MarketState } from './market-state.js';

const TAU = 2 * Math.PI;
/** Sine and cosine of every minute of a day and of every weekday: looked up, not computed at each bar. */
export const MINUTES = 1440;
const circle = (f: (angle: number) => number, steps: number): Float64Array =>
  Float64Array.from({ length: steps }, (_, i) => f((TAU * i) / steps));
export const SIN_OF_DAY = circle(Math.sin, MINUTES);
export const COS_OF_DAY = circle(Math.cos, MINUTES);
export const SIN_OF_WEEK = circle(Math.sin, 7);
export const COS_OF_WEEK = circle(Math.cos, 7);
const GAP_LIMIT = 1000;

export const TIME_FEATURES = specs('time', [
  ['hour_sin', 'raw', '−1..1', 1, 'sin(2π · hour / 24) at the close, UTC'],
  ['hour_cos', 'raw', '−1..1', 1, 'cos(2π · hour / 24) at the close, UTC'],
  ['weekday_sin', 'raw', '−1..1', 1, 'sin(2π · weekday / 7) at the close, UTC'],
  ['weekday_cos', 'raw', '−1..1', 1, 'cos(2π · weekday / 7) at the close, UTC'],
  ['session_asia', 'flag', '0/1', 1, '09:00-18:00 Tokyo'],
  ['session_london', 'flag', '0/1', 1, '08:00-17:00 London'],
  ['session_newyork', 'flag', '0/1', 1, '08:00-17:00 New York'],
  [
    'minutes_since_session_open',
    'as:session_days',
    'minutes',
    1,
    'Since the newest opening of the three sessions',
  ],
  ['minutes_to_week_close', 'as:week_fraction', 'minutes', 1, 'To Friday 17:00 New York'],
  ['autocorrelation_1_20', 'raw', '−1..1', 21, 'Lag-1 autocorrelation of 20 log returns; 0 when flat'],
  [
    'variance_ratio_2_50',
    'raw',
    'ratio',
    51,
    'Lo-MacKinlay variance ratio, lag 2, 50 log returns; 1 when flat',
  ],
  ['hurst_100', 'raw', 'exponent', 101, 'ln(R/S) / ln 50 of 100 log returns; 0.5 when flat'],
  ['vol_regime', 'raw', 'ratio', 101, 'realized_vol_20 / realized_vol_100'],
  ['quality_score', 'raw', '0..1', 1, 'Data quality of the bar'],
  ['bars_since_gap', 'as:gap_fraction', 'bars', 1, 'Bars since bars were missing, at most 1000'],
]);

/** Clock, sessions, regime and data quality. */
export class TimeFeatures {
  readonly #first: number;
  readonly #modelOnly: number;
  readonly #volatility20: number;
  readonly #gapAt: number;
  readonly #hurst: HurstExponent;
  /** Scratch, filled anew by every call. */
  readonly #sessions: SessionState = { asia: false, london: false, newYork: false, minutesSinceOpen: 0 };

  constructor(layout: StateLayout, m: MarketState, columnOf: ColumnOf) {
    this.#first = columnOf('hour_sin');
    this.#modelOnly = columnOf('session_days');
    this.#volatility20 = columnOf('realized_vol_20');
    this.#gapAt = layout.reserve(1);
    this.#hurst = new HurstExponent(layout, m.history, 100);
  }

  /** `missing` is the number of bars missing right before this one. */
  update(s: Float64Array, m: MarketState, quality: number, missing: number, out: Float64Array): void {
    const at = this.#first;
    // Bars are of whole minutes and lie on their grid.
    const minute = utcMinute(m.closeTime);
    const weekday = utcWeekday(m.closeTime);
    out[at] = SIN_OF_DAY[minute]!;
    out[at + 1] = COS_OF_DAY[minute]!;
    out[at + 2] = SIN_OF_WEEK[weekday]!;
    out[at + 3] = COS_OF_WEEK[weekday]!;
    const sessions = this.#sessions;
    sessionsAt(m.closeTime, sessions);
    out[at + 4] = sessions.asia ? 1 : 0;
    out[at + 5] = sessions.london ? 1 : 0;
    out[at + 6] = sessions.newYork ? 1 : 0;
    out[at + 7] = sessions.minutesSinceOpen;
    out[at + 8] = minutesToWeekClose(m.closeTime);
    const history = m.history;
    out[at + 9] =
      m.bars > 20
        ? windowAutocorrelation(s, history.logReturns, m.bars, 20, m.meanReturn20, m.returnSquares20)
        : NaN;
    out[at + 10] =
      m.bars > 50
        ? windowVarianceRatio(
            s,
            history.logReturns,
            m.bars,
            50,
            Math.log(m.close / history.close(s, 50)) / 50,
          )
        : NaN;
    out[at + 11] = this.#hurst.update(s, m.meanReturn100, m.returnSquares100);
    out[at + 12] = ratio(out[this.#volatility20]!, out[this.#volatility20 + 1]!);
    out[at + 13] = quality;
    s[this.#gapAt] = missing > 0 ? 0 : Math.min(GAP_LIMIT, s[this.#gapAt]! + 1);
    out[at + 14] = s[this.#gapAt]!;
    const forms = this.#modelOnly;
    out[forms] = out[at + 7]! / 1440;
    out[forms + 1] = out[at + 8]! / 10_080;
    out[forms + 2] = out[at + 14]! / GAP_LIMIT;
  }
}
