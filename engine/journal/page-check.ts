import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** Where lmdb's fork of LMDB keeps what of its two meta pages, in bytes from the page's beginning. */
const META = {
  magic: 24,
  pageSize: 48,
  freeTree: 48,
  mainTree: 96,
  lastPage: 144,
  transaction: 152,
  end: 160,
} as const;
const MAGIC = 0xbeefc0de;
/** A page: its number, the transaction that wrote it, its kind, the space between its nodes' places and its nodes. */
const PAGE = { number: 0, transaction: 8, kind: 18, lower: 20, upper: 22, spanned: 20, end: 24 } as const;
const KIND = { branch: 0x01, leaf: 0x02, overflow: 0x04, all: 0xffff } as const;
/** A node: the page it leads to or the size of its value, flags, the size of its key; then key and value. */
const NODE = { low: 0, high: 2, flags: 4, keySize: 6, end: 8 } as const;
const FLAG = { onOverflowPages: 1, isTree: 2 } as const;
/** Where an overflowing value begins: its first page, and how many there are. */
const OVERFLOW = { page: 0, pages: 16, end: 24 } as const;
/** The record of a tree: flags, how many levels, pages and entries it has, and its first page. */
const TREE = {
  flags: 4,
  depth: 6,
  branches: 8,
  leaves: 16,
  overflows: 24,
  entries: 32,
  root: 40,
  end: 48,
} as const;
/** Trees with another order of keys or several values of one key: a journal has none. */
const UNUSUAL = 0x7e;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const DEPTH_MAX = 32;

class Damage extends Error {}

function assertSound(isSound: boolean, damage: () => string): asserts isSound {
  if (!isSound) throw new Damage(damage());
}

/**
 * What is wrong with a journal's file; undefined for one that is new or sound. LMDB maps the file and believes it: a page
 * that is not what its tree says it is ends the process with a signal, at once or at a later write. So every page that the
 * newest commit reaches is looked at first. Whether keys and values are those that were written is not known to anyone.
 */
export function damageOf(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size > 0) new PageWalk(descriptor, size).check();
    return undefined;
  } catch (error) {
    if (error instanceof Damage) return error.message;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** What a tree's record says of it, and what was found of it so far. */
class Tree {
  readonly name: string;
  /** Of free pages by the transaction that freed them, a number in this machine's order. */
  readonly isOfFreePages: boolean;
  readonly depth: number;
  readonly root: bigint;
  branches = 0;
  leaves = 0;
  overflows = 0;
  entries = 0;
  /** The key before. */
  lastKey: Buffer | undefined;
  readonly #record: Buffer;

  constructor(name: string, record: Buffer, isOfFreePages = false) {
    this.name = name;
    this.isOfFreePages = isOfFreePages;
    this.#record = Buffer.from(record);
    this.depth = record.readUInt16LE(TREE.depth);
    this.root = record.readBigUInt64LE(TREE.root);
  }

  get isUnusual(): boolean {
    return (this.#record.readUInt16LE(TREE.flags) & UNUSUAL) !== 0;
  }

  compare(a: Buffer, b: Buffer): number {
    if (!this.isOfFreePages) return Buffer.compare(a, b);
    return Number(a.readBigUInt64LE(0) - b.readBigUInt64LE(0));
  }

  /** Whether what was found is what the record says. */
  get isComplete(): boolean {
    const { branches, leaves, overflows, entries } = this;
    const found = { branches, leaves, overflows, entries };
    return Object.entries(found).every(
      ([what, count]) => this.#record.readBigUInt64LE(TREE[what as keyof typeof found]) === BigInt(count),
    );
  }
}

type SeeEntry = (key: Buffer, value: Buffer, isTree: boolean) => void;

/** A walk over all pages that the newest commit reaches. Throws {@link Damage}. */
class PageWalk {
  readonly #descriptor: number;
  readonly #pageSize: number;
  readonly #meta: Buffer;
  readonly #transaction: bigint;
  readonly #lastPage: bigint;
  /** 1 for each page of the file that was reached. */
  readonly #reached: Uint8Array;
  /** The page that is looked at on each level of a tree. */
  readonly #levels: Buffer[] = [];
  readonly #overflow = Buffer.alloc(PAGE.end);

  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    const [first, pageSize] = this.#metaAt(0);
    const [second, again] = this.#metaAt(pageSize);
    assertSound(pageSize === again, () => 'it does not begin as one');
    const [a, b] = [first, second].map((meta) => meta.readBigUInt64LE(META.transaction)) as [bigint, bigint];
    this.#pageSize = pageSize;
    this.#meta = b > a ? second : first;
    this.#transaction = b > a ? b : a;
    this.#lastPage = this.#meta.readBigUInt64LE(META.lastPage);
    this.#reached = new Uint8Array(Math.floor(size / pageSize)).fill(1, 0, 2);
  }

  check(): void {
    const tables: Tree[] = [];
    const main = new Tree('the list of tables', this.#meta.subarray(META.mainTree));
    this.#walk(main, (key, value, isTree) => {
      assertSound(isTree && value.length === TREE.end, () => `${main.name} has an entry that is no table`);
      tables.push(new Tree(key.toString('latin1').replace(/\0$/, ''), value));
    });
    for (const table of [main, ...tables])
      assertSound(!table.isUnusual, () => `the table ${table.name} is of another kind`);
    for (const table of tables)
      this.#walk(table, (_key, _value, isTree) =>
        assertSound(!isTree, () => `the table ${table.name} has a table inside`),
      );
    const free = new Tree('the list of free pages', this.#meta.subarray(META.freeTree), true);
    const lists: Buffer[] = [];
    this.#walk(free, (_key, value) => void lists.push(Buffer.from(value)));
    for (const list of lists) this.#checkFree(list);
  }

  #metaAt(offset: number): [Buffer, number] {
    const page = Buffer.alloc(META.end);
    const isWhole = readSync(this.#descriptor, page, 0, META.end, offset) === META.end;
    assertSound(isWhole && page.readUInt32LE(META.magic) === MAGIC, () => 'it does not begin as one');
    const pageSize = page.readUInt32LE(META.pageSize);
    const isPossible = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
    assertSound(isPossible, () => 'it does not begin as one');
    return [page, pageSize];
  }

  #walk(tree: Tree, see: SeeEntry): void {
    assertSound(tree.depth < DEPTH_MAX, () => `${tree.name} has ${tree.depth} levels`);
    if (tree.root !== NO_PAGE) this.#page(tree, tree.root, 1, see);
    assertSound(tree.isComplete, () => `pages or entries of ${tree.name} are missing`);
  }

  /** Looks at a page and, on its way through the keys in their order, at all below it. */
  #page(tree: Tree, number: bigint, level: number, see: SeeEntry): void {
    const at = this.#reach(number, 1);
    const bytes = (this.#levels[level] ??= Buffer.alloc(this.#pageSize));
    readSync(this.#descriptor, bytes, 0, this.#pageSize, at * this.#pageSize);
    const damage = (): string => `page ${at} is not one of ${tree.name}`;
    const isLeaf = level === tree.depth;
    this.#checkHeader(bytes, number, isLeaf ? KIND.leaf : KIND.branch, damage);
    const nodes = bytes.readUInt16LE(PAGE.lower) >> 1;
    const upper = PAGE.end + bytes.readUInt16LE(PAGE.upper);
    assertSound(
      nodes >= (isLeaf ? 1 : 2) && PAGE.end + nodes * 2 <= upper && upper <= this.#pageSize,
      damage,
    );
    if (isLeaf) tree.leaves++;
    else tree.branches++;
    for (let i = 0; i < nodes; i++) {
      const node = PAGE.end + bytes.readUInt16LE(PAGE.end + i * 2);
      assertSound(node >= upper && node + NODE.end <= this.#pageSize, damage);
      const keyEnd = node + NODE.end + bytes.readUInt16LE(node + NODE.keySize);
      assertSound(keyEnd <= this.#pageSize, damage);
      const key = bytes.subarray(node + NODE.end, keyEnd);
      assertSound(!isLeaf || !tree.isOfFreePages || key.length === 8, damage);
      if (isLeaf) this.#entry(tree, bytes, node, key, damage, see);
      else this.#page(tree, pageOf(bytes, node), level + 1, see);
    }
  }

  #entry(tree: Tree, bytes: Buffer, node: number, key: Buffer, damage: () => string, see: SeeEntry): void {
    const valueAt = node + NODE.end + key.length;
    const size = bytes.readUInt16LE(node + NODE.low) + bytes.readUInt16LE(node + NODE.high) * 0x1_0000;
    const flags = bytes.readUInt16LE(node + NODE.flags);
    assertSound((flags & ~(FLAG.onOverflowPages | FLAG.isTree)) === 0, damage);
    const isElsewhere = (flags & FLAG.onOverflowPages) !== 0;
    assertSound(valueAt + (isElsewhere ? OVERFLOW.end : size) <= this.#pageSize, damage);
    const { lastKey } = tree;
    const isInOrder = lastKey === undefined || tree.compare(lastKey, key) < 0;
    assertSound(isInOrder, () => `keys of ${tree.name} are out of order on page ${bytes.readBigUInt64LE(0)}`);
    tree.lastKey = Buffer.from(key);
    tree.entries++;
    const value = bytes.subarray(valueAt, valueAt + (isElsewhere ? OVERFLOW.end : size));
    if (isElsewhere) this.#overflowing(tree, value, size, see);
    else see(key, value, (flags & FLAG.isTree) !== 0);
  }

  /** Looks at the pages of a value that does not fit into its leaf; of a list of free pages, reads it. */
  #overflowing(tree: Tree, place: Buffer, size: number, see: SeeEntry): void {
    const number = place.readBigUInt64LE(OVERFLOW.page);
    // A value that was longer before, in the same transaction, may keep its pages.
    const pages = Number(place.readBigUInt64LE(OVERFLOW.pages));
    const damage = (): string => `page ${number} does not continue ${tree.name}`;
    assertSound(pages * this.#pageSize >= PAGE.end + size, damage);
    const at = this.#reach(number, pages) * this.#pageSize;
    tree.overflows += pages;
    readSync(this.#descriptor, this.#overflow, 0, PAGE.end, at);
    this.#checkHeader(this.#overflow, number, KIND.overflow, damage);
    assertSound(this.#overflow.readUInt32LE(PAGE.spanned) === pages, damage);
    if (!tree.isOfFreePages) return see(tree.lastKey!, place, false);
    const value = Buffer.alloc(size);
    readSync(this.#descriptor, value, 0, size, at + PAGE.end);
    see(tree.lastKey!, value, false);
  }

  /** Takes note of pages that a tree leads to; throws when they are not in the file or belong to something else. */
  #reach(number: bigint, pages: number): number {
    const isInside = number + BigInt(pages) <= BigInt(this.#reached.length);
    assertSound(isInside, () => 'its end is missing');
    const from = Number(number);
    const isNew = this.#reached.subarray(from, from + pages).every((reached) => reached === 0);
    assertSound(isNew, () => `page ${from} belongs to two places`);
    this.#reached.fill(1, from, from + pages);
    return from;
  }

  /** A page that a later transaction wrote would be written in place, where the file is mapped for reading only. */
  #checkHeader(page: Buffer, number: bigint, kind: number, damage: () => string): void {
    const isIt =
      page.readBigUInt64LE(PAGE.number) === number &&
      page.readBigUInt64LE(PAGE.transaction) <= this.#transaction &&
      (page.readUInt16LE(PAGE.kind) & KIND.all) === kind;
    assertSound(isIt, damage);
  }

  /** A list of free pages: their count, then each, or the negative length of a run before its first page. */
  #checkFree(list: Buffer): void {
    const damage = (): string => 'its list of free pages has pages that are in use';
    const count = list.length < 8 ? -1n : list.readBigInt64LE(0);
    assertSound(count >= 0n && (count + 1n) * 8n <= BigInt(list.length), damage);
    for (let at = 8, end = (Number(count) + 1) * 8; at < end; at += 8) {
      const entry = list.readBigInt64LE(at);
      if (entry === 0n) continue;
      if (entry < 0n) at += 8;
      assertSound(at < end, damage);
      const first = entry < 0n ? list.readBigInt64LE(at) : entry;
      const last = entry < 0n ? first - entry - 1n : first;
      assertSound(first > 1n && last <= this.#lastPage, damage);
      // The file may end before its last free pages.
      const inUse = this.#reached.subarray(Number(first), Number(last) + 1);
      assertSound(!inUse.includes(1), damage);
    }
  }
}

/** The page that a branch's node leads to. */
function pageOf(bytes: Buffer, node: number): bigint {
  const low = bytes.readUInt16LE(node + NODE.low) + bytes.readUInt16LE(node + NODE.high) * 0x1_0000;
  return BigInt(low) + (BigInt(bytes.readUInt16LE(node + NODE.flags)) << 32n);
}
