/** Seeded random numbers (xoshiro128**, Blackman & Vigna): the same seed gives the same numbers everywhere. */
export class Random {
  readonly #s: Uint32Array;
  #spare: number | undefined;

  constructor(seed: number) {
    // SplitMix32 fills the state, so that near seeds give unlike streams.
    let x = seed >>> 0;
    this.#s = Uint32Array.from({ length: 4 }, () => {
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) >>> 0;
    });
  }

  /** Uniform in 0 ≤ x < 1. */
  next(): number {
    const s = this.#s;
    const product = Math.imul(s[1]!, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result / 4294967296;
  }

  /** Integer in 0 ≤ x < n. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** Standard normal (polar method). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const q = u * u + v * v;
      if (q === 0 || q >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(q)) / q);
      this.#spare = v * scale;
      return u * scale;
    }
  }

  /** Puts an array in random order, in place. */
  shuffle(array: Uint32Array): void {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const x = array[i]!;
      array[i] = array[j]!;
      array[j] = x;
    }
  }

  /** `count` of some ascending numbers, ascending. */
  sample(from: readonly number[], count: number): Int32Array {
    const order = Uint32Array.from(from);
    const taken = Math.min(count, order.length);
    for (let i = 0; i < taken; i++) {
      const j = i + this.below(order.length - i);
      const x = order[i]!;
      order[i] = order[j]!;
      order[j] = x;
    }
    return Int32Array.from(order.subarray(0, taken).sort());
  }
}
