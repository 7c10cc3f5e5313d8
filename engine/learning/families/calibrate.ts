import { HORIZONS } from '../../../actors/features/labels.js';
import { sharpness, type Held } from '../calibration.js';
import { ascentOf, type Ascent } from '../isotonic.js';
import type { RowRange } from '../split.js';
import { probabilitiesOf, type Calibration } from './calibrated.js';

const WIDTH = HORIZONS.length;
const NONE: RowRange = { from: 0, to: 0 };
const PARTS = 5;
/** With fewer rows whose outcomes have no time in common isotonic regression overfits. Source: Niculescu-Mizil & Caruana 2005. */
const ROWS_MIN = 1_000;

/** Validation rows, and what a model says of them. */
export interface Validated {
  readonly held: Held;
  /** rows × 9. */
  readonly logits: Float32Array;
  /** Log of the base rate of each class. */
  readonly logPriors: readonly number[];
  /** By horizon, the share of the rows whose outcomes have no time in common. */
  readonly sharesApart: readonly number[];
  readonly sharpnessMax: number;
}

/**
 * Calibrates a model on validation rows: each horizon by its sharpness, and by isotonic regression after it where that is better by more than
 * one standard error. Both are fitted to four fifths of the rows and compared on the other one, five times.
 */
export function calibrate(validated: Validated): Calibration {
  const bySharpness = HORIZONS.map((_, horizon) => sharpened(validated, horizon, NONE));
  return {
    sharpness: bySharpness.map((each, horizon) => each.sharpness[horizon]!),
    logPriors: validated.logPriors,
    isotonic: bySharpness.map((each, horizon) =>
      isBetter(validated, horizon) ? isotonicOf(sayings(validated, horizon, each, NONE)) : undefined,
    ),
  };
}

/** The best sharpness of one horizon for all rows but some. */
function sharpened(
  { held, logits, logPriors, sharpnessMax }: Validated,
  horizon: number,
  except: RowRange,
): Calibration {
  const sharp = sharpness(held, logits, logPriors, horizon, sharpnessMax, except);
  return { sharpness: HORIZONS.map(() => sharp), logPriors, isotonic: HORIZONS.map(() => undefined) };
}

/** What a calibration says of one horizon for all rows but some, and the class that came true. */
function sayings(
  { held, logits }: Validated,
  horizon: number,
  calibration: Calibration,
  except: RowRange,
): { readonly said: readonly (readonly number[])[]; readonly came: readonly number[] } {
  const said: (readonly number[])[] = [];
  const came: number[] = [];
  for (let row = 0; row < held.rows; row++) {
    const actual = classOf(held, row, horizon);
    if (actual < 0 || (row >= except.from && row < except.to)) continue;
    said.push(probabilitiesOf(logits, row, horizon, calibration));
    came.push(actual);
  }
  return { said, came };
}

type Sayings = ReturnType<typeof sayings>;

/** Isotonic regressions, one a class. */
function isotonicOf({ said, came }: Sayings): readonly Ascent[] {
  return [0, 1, 2].map((c) =>
    ascentOf(
      said.map((p) => p[c]!),
      came.map((actual) => actual === c),
    ),
  );
}

/** What makes each class as frequent as it was, and changes nothing else. */
function shiftsOf({ said, came }: Sayings): readonly Ascent[] {
  return [0, 1, 2].map((c) => {
    const stated = said.reduce((sum, p) => sum + p[c]!, 0);
    return { at: [0, 1], value: [0, (came.filter((actual) => actual === c).length + 1) / (stated + 1)] };
  });
}

/**
 * Whether rows that neither was fitted to are likelier by isotonic regression, by more than one standard error: likelier than by
 * sharpness, and than by sharpness and the frequencies of these rows, which wander from one month to the next.
 */
function isBetter(validated: Validated, horizon: number): boolean {
  const { held, logits, sharesApart } = validated;
  const share = sharesApart[horizon]!;
  const known = Array.from({ length: held.rows }, (_, row) => row).filter(
    (row) => classOf(held, row, horizon) >= 0,
  );
  if (known.length * share < ROWS_MIN) return false;
  const leads: [number[], number[]] = [[], []];
  // Outcomes of the rows beside a part have time in common with those in it.
  const beside = Math.ceil(1 / share);
  for (let part = 0; part < PARTS; part++) {
    const [from, to] = [part, part + 1].map((p) => Math.floor((p * held.rows) / PARTS)) as [number, number];
    const except = { from: from - beside, to: to + beside };
    const plain = sharpened(validated, horizon, except);
    const others = sayings(validated, horizon, plain, except);
    const [isotonic, shifted] = [isotonicOf(others), shiftsOf(others)].map((ascents) => ({
      ...plain,
      isotonic: HORIZONS.map(() => ascents),
    }));
    for (const row of known) {
      if (row < from || row >= to) continue;
      const actual = classOf(held, row, horizon);
      const of = (calibration: Calibration): number =>
        Math.log(Math.max(1e-12, probabilitiesOf(logits, row, horizon, calibration)[actual]!));
      const own = of(isotonic!);
      [plain, shifted!].forEach((other, i) => leads[i]!.push(own - of(other)));
    }
  }
  return leads.every((own) => isAbove(own, share));
}

/** Whether the mean of numbers is more than a standard error above 0; a `share` of them says something new. */
function isAbove(numbers: readonly number[], share: number): boolean {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
  return mean > Math.sqrt(variance / (numbers.length * share));
}

/** Class 0, 1 or 2 that came true, −1 where that is not known. */
function classOf({ classes, known }: Held, row: number, horizon: number): number {
  const cell = row * WIDTH + horizon;
  return known[cell] === 0 ? -1 : classes.subarray(cell * 3, cell * 3 + 3).indexOf(1);
}
