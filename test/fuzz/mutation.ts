import protobuf from 'protobufjs';

/** A seeded source of random numbers (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `end` - 1. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  chance(share: number): boolean {
    return this.below(1_000_000) < share * 1_000_000;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const DOUBLES = [
  0,
  -0,
  1,
  -1,
  NaN,
  Infinity,
  -Infinity,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  -1e-300,
  1e308,
  1.1,
];
const LONGS = [
  '0',
  '1',
  '9007199254740991',
  '9007199254740993',
  '9223372036854775808',
  '18446744073709551615',
];
const TEXTS = [
  '',
  'EURUSD',
  'gbp/usd',
  '\u0000',
  'EUR\u0000USD',
  'ß',
  '💥',
  '\u202eDSU',
  '../..',
  '"',
  'x'.repeat(5_000),
  'LONG',
];
const SYMBOLS = ['EURUSD', 'GBPUSD', 'USDJPY'];

function scalar(type: string, dice: Dice): unknown {
  switch (type) {
    case 'double':
      return dice.pick(DOUBLES);
    case 'uint64':
      return dice.pick(LONGS);
    case 'string':
      return dice.pick(TEXTS);
    case 'bool':
      return dice.chance(0.5);
    case 'bytes':
      return Buffer.alloc(dice.below(20), 0xff);
    default:
      return dice.pick([0, 1, 2 ** 31 - 1, -1]);
  }
}

/** A message of a type with values of the right types, many of them extreme. */
export function arbitraryMessage(type: protobuf.Type, dice: Dice, depth = 0): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    if (dice.chance(0.25)) continue;
    field.resolve();
    const value = (): unknown => {
      const { resolvedType } = field;
      if (resolvedType instanceof protobuf.Enum) return dice.pick([0, 1, 2, 5, 8, 99, 2 ** 31 - 1, -1]);
      if (resolvedType instanceof protobuf.Type)
        return depth > 3 ? {} : arbitraryMessage(resolvedType, dice, depth + 1);
      if (field.name === 'symbol' && dice.chance(0.7)) return dice.pick(SYMBOLS);
      return scalar(field.type, dice);
    };
    if (field instanceof protobuf.MapField) message[field.name] = { [dice.pick(TEXTS)]: value(), a: value() };
    else if (field.repeated) message[field.name] = Array.from({ length: dice.pick([0, 1, 2, 5, 40]) }, value);
    else message[field.name] = value();
  }
  return message;
}

/** Symbols that come as bars, and such as come as quotes: an instrument takes one of them. */
const ROW_SYMBOLS = { bars: SYMBOLS, quotes: ['AUDUSD', 'NZDUSD'] };
const HOUR = 3_600_000;

/** Rows of market data as a client would send them, each request later than the one before; some with an extreme value. */
export class RowSource {
  #time = 1_704_067_200_000;

  request(rows: 'bars' | 'quotes', dice: Dice): Record<string, unknown> {
    const made = Array.from({ length: 1 + dice.below(5) }, (): Record<string, unknown> => {
      this.#time += HOUR;
      const price = 1 + dice.below(1_000) / 1_000;
      const [bid, ask] = [price, price * 1.0001];
      return rows === 'quotes'
        ? { ts: this.#time, bid, ask, bid_size: 1, ask_size: 2 }
        : { open_time: this.#time, open: price, high: ask, low: bid, close: price, volume: 10, bid, ask };
    });
    if (dice.chance(0.7)) {
      const row = dice.pick(made);
      const name = dice.pick(Object.keys(row));
      row[name] = name === 'ts' || name === 'open_time' ? dice.pick(LONGS) : dice.pick(DOUBLES);
    }
    return { request_id: dice.pick(LONGS), symbol: dice.pick(ROW_SYMBOLS[rows]), timeframe: 5, [rows]: made };
  }
}

/** Changes the bytes of a message in one of the ways in which bytes go wrong. */
export function mutated(bytes: Buffer, dice: Dice): Buffer {
  const copy = Buffer.from(bytes);
  const at = dice.below(Math.max(1, copy.length));
  switch (dice.below(7)) {
    case 0:
      for (let i = dice.below(4) + 1; i > 0 && copy.length > 0; i--)
        copy[dice.below(copy.length)]! ^= 1 << dice.below(8);
      return copy;
    case 1:
      return copy.subarray(0, at);
    case 2:
      return Buffer.concat([copy, copy.subarray(at)]);
    case 3:
      // A length-delimited field that claims 4 GB.
      return Buffer.concat([
        copy.subarray(0, at),
        Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        copy.subarray(at),
      ]);
    case 4:
      if (copy.length >= 8) copy.writeDoubleLE(dice.pick(DOUBLES), dice.below(copy.length - 7));
      return copy;
    case 5:
      return Buffer.concat([copy, Buffer.alloc(dice.below(64), 0x0b)]);
    default:
      return Buffer.from(Array.from({ length: dice.below(100) }, () => dice.below(256)));
  }
}
