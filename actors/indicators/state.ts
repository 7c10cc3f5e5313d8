/**
 * Hands out consecutive slots of one `Float64Array` to kernels.
 *
 * A kernel is shared code; all it remembers of one series lies in that series' array, at the slots it
 * reserved when it was built. Counters are read with `| 0`: a ring index by integer modulo costs a tenth of one
 * by floating-point modulo. So a series' snapshot is a copy of one array, and fifty thousand series share
 * one set of kernels. A zero-filled array is the state before the first bar.
 */
export class StateLayout {
  #size = 0;

  /** Reserves `slots` numbers and returns the index of the first. */
  reserve(slots: number): number {
    const at = this.#size;
    this.#size += slots;
    return at;
  }

  /** Numbers reserved so far. */
  get size(): number {
    return this.#size;
  }
}
