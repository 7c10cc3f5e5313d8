import { EMBEDDING } from '../inference/slab.js';
import { INNER_PRODUCTS } from './inner-products-module.js';

/** Vectors of a block: what a partition grows by. */
const BLOCK = 64;
const VECTOR_BYTES = EMBEDDING * 4;
const BLOCK_BYTES = BLOCK * VECTOR_BYTES;
/** Pages of WebAssembly's memory that it grows by: 1 MB. */
const GROWS_BY = 16;
const PAGE_BYTES = 65_536;

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** What of WebAssembly is used here: its types come with a browser's, which an engine has nothing of. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => Memory;
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly vectors: { readonly memory: Memory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> };
};

type Products = (query: number, vectors: number, count: number, products: number) => number;

/**
 * Memory for the vectors of all partitions of a thread, in blocks, with the compiled loop that runs over it. In one piece, for
 * every WebAssembly memory keeps gigabytes of addresses to itself.
 */
class VectorMemory {
  readonly #memory = new WebAssembly.Memory({ initial: GROWS_BY, maximum: 65_536 });
  readonly #products: Products;
  readonly #free: number[] = [];
  /** The first block holds the query and the products. */
  #used = BLOCK_BYTES;
  #floats = new Float32Array(this.#memory.buffer);
  #found = new Float32Array(this.#memory.buffer, VECTOR_BYTES, BLOCK);

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(INNER_PRODUCTS, 'base64'));
    const instance = new WebAssembly.Instance(module, { vectors: { memory: this.#memory } });
    this.#products = instance.exports['products'] as Products;
  }

  /** Takes a block; returns where it begins, in floats. Throws `RangeError` when 4 GB are taken or the machine has no more. */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#used + BLOCK_BYTES > this.#memory.buffer.byteLength) {
      this.#memory.grow(Math.min(GROWS_BY, 65_536 - this.#memory.buffer.byteLength / PAGE_BYTES) || 1);
      this.#floats = new Float32Array(this.#memory.buffer);
      this.#found = new Float32Array(this.#memory.buffer, VECTOR_BYTES, BLOCK);
    }
    const block = this.#used / 4;
    this.#used += BLOCK_BYTES;
    return block;
  }

  giveBack(block: number): void {
    this.#free.push(block);
  }

  /** A copy of a vector. */
  read(at: number): Float32Array {
    return this.#floats.slice(at, at + EMBEDDING);
  }

  write(at: number, vector: Float32Array): void {
    this.#floats.set(vector, at);
  }

  setQuery(query: Float32Array): void {
    this.#floats.set(query, 0);
  }

  /** Computes the inner products of the query with `count` vectors, a block's at most; returns the largest. */
  compute(at: number, count: number): number {
    return this.#products(0, at * 4, count, VECTOR_BYTES);
  }

  /** What was computed last, first in it. */
  get products(): Float32Array {
    return this.#found;
  }
}

const MEMORY = new VectorMemory();

/** Places of the nearest vectors, nearest first, and their inner products with the query. */
export interface Nearest {
  readonly places: Int32Array;
  readonly products: Float64Array;
}

/** Vectors in the order they came; the oldest can be dropped. */
export class VectorStore {
  readonly #blocks: number[] = [];
  /** Vectors of the first block that were dropped. */
  #dropped = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(vector: Float32Array): void {
    const slot = this.#dropped + this.#size;
    if (slot === this.#blocks.length * BLOCK) this.#blocks.push(MEMORY.take());
    this.#size++;
    MEMORY.write(this.#at(this.#size - 1), vector);
  }

  /** A copy of the vector at a place. */
  at(place: number): Float32Array {
    return MEMORY.read(this.#at(place));
  }

  /** Forgets the first vectors; those after move up. */
  dropOldest(count: number): void {
    this.#dropped += count;
    this.#size -= count;
    const whole = Math.floor(this.#dropped / BLOCK);
    for (const block of this.#blocks.splice(0, whole)) MEMORY.giveBack(block);
    this.#dropped -= whole * BLOCK;
  }

  /** The `k` of the first `count` vectors that have the largest inner products with `query`; of equal ones the first. */
  nearest(query: Float32Array, k: number, count: number): Nearest {
    const most = Math.min(k, count);
    const places = new Int32Array(most);
    const products = new Float64Array(most);
    let found = 0;
    let least = -Infinity;
    MEMORY.setQuery(query);
    for (let place = 0; place < count;) {
      const inBlock = (this.#dropped + place) % BLOCK;
      const some = Math.min(BLOCK - inBlock, count - place);
      // Mostly none of a block is among the nearest.
      if (!(MEMORY.compute(this.#at(place), some) <= least)) {
        const computed = MEMORY.products;
        for (let i = 0; i < some; i++) {
          const product = computed[i]!;
          if (product <= least) continue;
          if (found < most) found++;
          insert(places, products, found, place + i, product);
          if (found === most) least = products[most - 1]!;
        }
      }
      place += some;
    }
    return { places: places.subarray(0, found), products: products.subarray(0, found) };
  }

  close(): void {
    this.dropOldest(this.#size);
    for (const block of this.#blocks.splice(0)) MEMORY.giveBack(block);
    this.#dropped = 0;
  }

  #at(place: number): number {
    const slot = this.#dropped + place;
    return this.#blocks[Math.floor(slot / BLOCK)]! + (slot % BLOCK) * EMBEDDING;
  }
}

/** Puts a product in its order among the first `count`, behind those that are not less; the last of them makes room. */
function insert(
  places: Int32Array,
  products: Float64Array,
  count: number,
  place: number,
  product: number,
): void {
  let at = count - 1;
  for (; at > 0 && !(products[at - 1]! >= product); at--) {
    products[at] = products[at - 1]!;
    places[at] = places[at - 1]!;
  }
  products[at] = product;
  places[at] = place;
}
