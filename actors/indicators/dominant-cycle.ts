import type { HilbertCycle } from './hilbert.js';
import type { History } from './history.js';
import type { Kernel } from './kernel.js';
import type { StateLayout } from './state.js';

const DEG_TO_RAD = Math.PI / 180;
const RAD_TO_DEG = 180 / Math.PI;
const RING = 50;

const BARS = 0;
const SMOOTH_PERIOD = 1;
const PHASE = 2;
const SINE = 3;
const LEAD_SINE = 4;
const TREND_1 = 5;
const TREND_2 = 6;
const TREND_3 = 7;
const DAYS_IN_TREND = 8;
const RING_INDEX = 9;
const PRICES = 10;
const SLOTS = PRICES + RING;

/*
 * sin and cos of 2π·i/n for every n a dominant cycle can have (0..51): a lookup table. Correctly rounded, which
 * the C library nearly is and JavaScript's is not: in a flat market the sums over a cycle consist of these last bits
 * alone, and the phase is their quotient.
 */
const FRACTION_BITS = 110n;
const SIN: Float64Array[] = [];
const COS: Float64Array[] = [];
for (let n = 0; n <= 51; n++) {
  const constant = Math.atan(1) * 8;
  const angles = Float64Array.from({ length: n }, (_, i) => (i * constant) / n);
  SIN.push(angles.map((angle) => taylor(toFixed(angle), 1n)));
  COS.push(angles.map((angle) => taylor(toFixed(angle), 0n)));
}

/** A number of [0, 8) with {@link FRACTION_BITS} bits after the point, exactly. */
function toFixed(x: number): bigint {
  return BigInt(x * 2 ** 60) << (FRACTION_BITS - 60n);
}

/** The series of sin (`first` 1) or cos (`first` 0) of a fixed-point angle, rounded to the nearest number. */
function taylor(x: bigint, first: 0n | 1n): number {
  const square = (x * x) >> FRACTION_BITS;
  let term = first === 1n ? x : 1n << FRACTION_BITS;
  let sum = term;
  for (let k = first; term !== 0n; k += 2n) {
    term = -((term * square) >> FRACTION_BITS) / ((k + 1n) * (k + 2n));
    sum += term;
  }
  return Number(sum) / 2 ** Number(FRACTION_BITS);
}

/** Smoothed dominant cycle period in bars. Source: TA-Lib `HT_DCPERIOD`. */
export class DominantCyclePeriod implements Kernel {
  readonly requiredInputs = 33;
  readonly #at: number;

  constructor(layout: StateLayout) {
    this.#at = layout.reserve(2);
  }

  update(s: Float64Array, cycle: HilbertCycle): number {
    const at = this.#at;
    s[at] = s[at]! + 1;
    if (cycle.active) s[at + 1] = 0.33 * cycle.period + 0.67 * s[at + 1]!;
    return s[at]! >= this.requiredInputs ? s[at + 1]! : NaN;
  }
}

/**
 * Phase of the dominant cycle (`phase`, degrees), its `sine` and `leadSine`, the instantaneous `trendline`
 * (price) and `trendMode` (1 trend, 0 cycle). Source: Ehlers; TA-Lib `HT_DCPHASE`, `HT_SINE`,
 * `HT_TRENDLINE`, `HT_TRENDMODE` (the trendline averages raw prices).
 */
export class DominantCycle implements Kernel {
  readonly requiredInputs = 64;
  phase = NaN;
  sine = NaN;
  leadSine = NaN;
  trendline = NaN;
  trendMode = NaN;
  readonly #at: number;
  readonly #history: History;

  constructor(layout: StateLayout, history: History) {
    this.#at = layout.reserve(SLOTS);
    this.#history = history;
  }

  update(s: Float64Array, cycle: HilbertCycle): void {
    const at = this.#at;
    s[at + BARS] = s[at + BARS]! + 1;
    if (cycle.active) this.#step(s, cycle);
    if (s[at + BARS]! < this.requiredInputs) {
      this.phase = this.sine = this.leadSine = this.trendline = this.trendMode = NaN;
    }
  }

  #step(s: Float64Array, cycle: HilbertCycle): void {
    const at = this.#at;
    const index = s[at + RING_INDEX]!;
    s[at + PRICES + index] = cycle.smoothed;
    s[at + RING_INDEX] = index === RING - 1 ? 0 : index + 1;
    const smoothPeriod = 0.33 * cycle.period + 0.67 * s[at + SMOOTH_PERIOD]!;
    s[at + SMOOTH_PERIOD] = smoothPeriod;
    const bars = Math.trunc(smoothPeriod + 0.5);
    const previousPhase = s[at + PHASE]!;
    const phase = this.#cyclePhase(s, index, bars, smoothPeriod);
    s[at + PHASE] = phase;
    const previousSine = s[at + SINE]!;
    const previousLead = s[at + LEAD_SINE]!;
    const sine = Math.sin(phase * DEG_TO_RAD);
    const lead = Math.sin((phase + 45) * DEG_TO_RAD);
    s[at + SINE] = sine;
    s[at + LEAD_SINE] = lead;
    const trendline = this.#trendline(s, bars);

    let mode = 1;
    if ((sine > lead && previousSine <= previousLead) || (sine < lead && previousSine >= previousLead)) {
      s[at + DAYS_IN_TREND] = 0;
      mode = 0;
    }
    s[at + DAYS_IN_TREND] = s[at + DAYS_IN_TREND]! + 1;
    if (s[at + DAYS_IN_TREND]! < 0.5 * smoothPeriod) mode = 0;
    const change = phase - previousPhase;
    if (smoothPeriod !== 0 && change > (0.67 * 360) / smoothPeriod && change < (1.5 * 360) / smoothPeriod)
      mode = 0;
    if (trendline !== 0 && Math.abs((cycle.smoothed - trendline) / trendline) >= 0.015) mode = 1;
    this.phase = phase;
    this.sine = sine;
    this.leadSine = lead;
    this.trendline = trendline;
    this.trendMode = mode;
  }

  #cyclePhase(s: Float64Array, newest: number, bars: number, smoothPeriod: number): number {
    const at = this.#at;
    const sin = SIN[bars]!;
    const cos = COS[bars]!;
    let real = 0;
    let imaginary = 0;
    let index = newest;
    for (let i = 0; i < bars; i++) {
      const price = s[at + PRICES + index]!;
      real += sin[i]! * price;
      imaginary += cos[i]! * price;
      index = index === 0 ? RING - 1 : index - 1;
    }
    let phase = s[at + PHASE]!;
    if (Math.abs(imaginary) > 0) phase = Math.atan(real / imaginary) * RAD_TO_DEG;
    else if (real < 0) phase -= 90;
    else if (real > 0) phase += 90;
    phase += 90;
    phase += 360 / smoothPeriod;
    if (imaginary < 0) phase += 180;
    if (phase > 315) phase -= 360;
    return phase;
  }

  #trendline(s: Float64Array, bars: number): number {
    const at = this.#at;
    let mean = 0;
    for (let ago = 0; ago < bars; ago++) mean += this.#history.close(s, ago);
    if (bars > 0) mean /= bars;
    const trendline = (4 * mean + 3 * s[at + TREND_1]! + 2 * s[at + TREND_2]! + s[at + TREND_3]!) / 10;
    s[at + TREND_3] = s[at + TREND_2]!;
    s[at + TREND_2] = s[at + TREND_1]!;
    s[at + TREND_1] = mean;
    return trendline;
  }
}
