import { InputWindow, type ColumnDrift } from './input-window.js';
import type { DriftReference } from './reference.js';
import { benjaminiHochberg } from './significance.js';

/** Share of the marked cells that may be false. */
const FALSE_DISCOVERIES = 0.01;
/** As the monitors have it: a change of less is of no consequence, however certain (Siddiqi 2006). */
const PSI_MIN = 0.1;

/** How the rows of one stretch of time differ from a reference, column by column. */
export interface DriftStretch {
  /** Close times of its first and last row. */
  readonly from: number;
  readonly through: number;
  readonly rows: number;
  readonly psi: readonly number[];
  readonly ks: readonly number[];
  /** Which of the differences are more than chance, among all stretches and columns together, and large enough to matter. */
  readonly significant: readonly boolean[];
}

/**
 * Compares stretches of rows (rows × columns, in model form, oldest first) with a reference, each for itself: a map of which
 * column left its distribution, and when. Rows that are left over come first and are not compared.
 */
export function driftMapOf(
  reference: DriftReference,
  { rows, closeTimes }: { readonly rows: Float32Array; readonly closeTimes: ArrayLike<number> },
  stretchRows: number,
): readonly DriftStretch[] {
  const { columns } = reference;
  const count = closeTimes.length;
  const window = new InputWindow(reference, 1);
  const stretches: { from: number; drifts: ColumnDrift[] }[] = [];
  for (let from = count % stretchRows; from < count; from += stretchRows) {
    window.clear();
    for (let row = from; row < from + stretchRows; row++)
      window.add(rows.subarray(row * columns, (row + 1) * columns));
    stretches.push({
      from,
      drifts: Array.from({ length: columns }, (_, column) => ({
        ...window.distance(column),
        psi: window.stability(column),
      })),
    });
  }
  const all = stretches.flatMap(({ drifts }) => drifts);
  const real = new Set(
    benjaminiHochberg(
      all.map(({ p }) => p),
      FALSE_DISCOVERIES,
    ),
  );
  return stretches.map(({ from, drifts }, i) => ({
    from: closeTimes[from]!,
    through: closeTimes[from + stretchRows - 1]!,
    rows: stretchRows,
    psi: drifts.map(({ psi }) => psi),
    ks: drifts.map(({ ks }) => ks),
    significant: drifts.map(({ psi }, column) => psi >= PSI_MIN && real.has(i * columns + column)),
  }));
}
