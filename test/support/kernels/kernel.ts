import type { History } from '../../../actors/indicators/history.js';
import type { StateLayout } from '../../../actors/indicators/state.js';
import type { Bar } from '../../../actors/market/bar.js';

type Step = (s: Float64Array, bar: Bar, before: Bar | undefined) => readonly number[];

/** A kernel made on a layout, as a function from a bar to its outputs. */
export type MakeKernel = (
  layout: StateLayout,
  history: History,
) => { readonly first?: number; readonly step: Step };

/** A kernel of single numbers, fed with the close. */
export const ofCloses =
  (
    make: (layout: StateLayout) => { requiredInputs: number; update(s: Float64Array, x: number): number },
  ): MakeKernel =>
  (layout) => {
    const kernel = make(layout);
    return { first: kernel.requiredInputs, step: (s, { close }) => [kernel.update(s, close)] };
  };

/** A kernel that reads the shared history. */
export const ofHistory =
  (
    make: (
      layout: StateLayout,
      history: History,
    ) => { requiredInputs: number; update(s: Float64Array): number },
  ): MakeKernel =>
  (layout, history) => {
    const kernel = make(layout, history);
    return { first: kernel.requiredInputs, step: (s) => [kernel.update(s)] };
  };

/** High to low, widened to the close before; unknown on the first bar. */
export function trueRange(bar: Bar, before: Bar | undefined): number {
  return before === undefined
    ? NaN
    : Math.max(bar.high - bar.low, Math.abs(bar.high - before.close), Math.abs(bar.low - before.close));
}
