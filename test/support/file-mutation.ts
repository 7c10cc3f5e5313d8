import { readFileSync, readdirSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { Dice } from '../fuzz/mutation.js';
import { caseFile } from './market-files.js';
import { inventedBars } from './markets.js';
import { zipOf } from './zip.js';

const NUMBERS = [
  '',
  '0',
  '-1',
  'NaN',
  'null',
  '1e308',
  'Infinity',
  '1.2K',
  '"1,5',
  '0x10',
  '9'.repeat(40),
  '1.70468E+12',
  '-0',
  '١',
];
const TIMES = [
  '0',
  '1',
  '1704672000',
  '1704672000000',
  '1704672000000000',
  '1704672000000000000',
  '253402300799000',
  '-1704672000000',
  '1.70468E+12',
  '2024-02-30',
  '2024.13.01',
  '31/12/2024',
  '20240108 250000',
  '24:00',
  '2024-01-08T00:00:00+99:00',
  'yesterday',
  '',
];
const NAMES = ['ts', 'open', 'close', 'ticker', 'bid', 'Date', 'Time', '<DATE>', 'volume', '', 'high'];

/** Bytes changed, lost, doubled or moved. */
function ofBytes(bytes: Buffer, dice: Dice): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return copy;
  const at = dice.below(copy.length);
  switch (dice.below(4)) {
    case 0:
      for (let i = 0; i <= dice.below(20); i++) copy[dice.below(copy.length)] = dice.below(256);
      return copy;
    case 1:
      return copy.subarray(0, at);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + dice.below(200))]);
    default:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(dice.below(copy.length))]);
  }
}

function ofFields(lines: string[], dice: Dice): string[] {
  const delimiter = ['\t', ';', ','].find((candidate) => lines[0]!.includes(candidate)) ?? ',';
  const rows = lines.map((line) => line.split(delimiter));
  const some = (): string[] => dice.pick(rows);
  const width = rows[0]!.length;
  const [a, b] = [dice.below(width), dice.below(width)];
  switch (dice.below(9)) {
    case 0:
      for (let i = 0; i <= dice.below(10); i++) some()[dice.below(width)] = dice.pick(NUMBERS);
      break;
    case 1:
      for (let i = 0; i <= dice.below(10); i++) some()[0] = dice.pick(TIMES);
      break;
    case 2: {
      const time = dice.pick(TIMES);
      for (const row of rows.slice(dice.below(rows.length))) row[0] = time;
      break;
    }
    case 3:
      for (const row of rows) [row[a], row[b]] = [row[b] ?? '', row[a] ?? ''];
      break;
    case 4:
      for (const row of rows) row.splice(a, 1);
      break;
    case 5:
      for (const row of rows.slice(dice.below(rows.length))) row.push(dice.pick(NUMBERS));
      break;
    case 6:
      rows[0]![a] = dice.pick(NAMES);
      break;
    case 7: {
      const factor = dice.pick([1000, 0.001, 1_000_000, 60, -1]);
      for (const row of rows.slice(dice.below(rows.length))) {
        const x = Number(row[0]);
        if (Number.isFinite(x)) row[0] = String(x * factor);
      }
      break;
    }
    default:
      for (const row of rows) row[a] = dice.pick(NUMBERS);
  }
  return rows.map((row) => row.join(delimiter));
}

function ofOrder(lines: string[], dice: Dice): string[] {
  const copy = [...lines];
  const at = dice.below(copy.length);
  switch (dice.below(5)) {
    case 0:
      return copy.reverse();
    case 1:
      for (let i = copy.length - 1; i > 0; i--) {
        const j = dice.below(i + 1);
        [copy[i], copy[j]] = [copy[j]!, copy[i]!];
      }
      return copy;
    case 2:
      return [...copy, ...copy.slice(at)];
    case 3:
      return copy.filter(() => dice.chance(0.5));
    default:
      copy.splice(at, 0, dice.pick(['', '# a remark', copy[0]!, '\0', ' '.repeat(100_000), '"', 'a,b']));
      return copy;
  }
}

/** The files that the fuzz mutates: the one for a seed is that at `seed % length`. */
export function fuzzedFiles(): { readonly name: string; readonly bytes: Buffer }[] {
  const cases = ['formats', 'faults'].flatMap((folder) =>
    readdirSync(caseFile(folder)).map((name) => ({
      name,
      bytes: readFileSync(caseFile(`${folder}/${name}`)),
    })),
  );
  const bars = inventedBars(200);
  const parquet = parquetWriteBuffer({
    columnData: [
      { name: 'ts', data: bars.map(({ openTime }) => BigInt(openTime)), type: 'INT64' },
      ...(['open', 'high', 'low', 'close'] as const).map((name) => ({
        name,
        data: bars.map((bar) => bar[name]),
        type: 'DOUBLE' as const,
      })),
    ],
  });
  return [...cases, { name: 'bars.parquet', bytes: Buffer.from(parquet) }];
}

/** A file as something went wrong with it, by seed. */
export function mutatedFile(original: Buffer, seed: number): Buffer {
  const dice = new Dice(seed);
  let bytes = original;
  const isUtf16 = bytes[0] === 0xff;
  for (let round = 0; round <= dice.below(3); round++) {
    const encoding = isUtf16 ? 'utf16le' : 'utf8';
    const lines = bytes.toString(encoding).split('\n');
    const choice = dice.below(6);
    if (choice <= 1) bytes = ofBytes(bytes, dice);
    else if (choice <= 4) bytes = Buffer.from(ofFields(lines, dice).join('\n'), encoding);
    else bytes = Buffer.from(ofOrder(lines, dice).join('\n'), encoding);
  }
  switch (dice.below(10)) {
    case 0:
      return Buffer.from(bytes.toString('utf8'), 'utf16le');
    case 1:
      return Buffer.from(
        bytes.toString('utf8').length % 2 === 0 ? bytes : Buffer.concat([bytes, bytes.subarray(0, 1)]),
      );
    case 2:
      return ofBytes(gzipSync(bytes), dice);
    case 3:
      return ofBytes(zipOf([['a.csv', bytes.toString('latin1')]], dice.chance(0.5)), dice);
    case 4:
      return gzipSync(gunzipSync(gzipSync(bytes)));
    default:
      return bytes;
  }
}
