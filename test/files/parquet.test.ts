import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { SuhoError } from '../../engine/errors.js';
import { bufferSource } from '../../engine/files/byte-source.js';
import { parquetFields } from '../../engine/files/parquet.js';
import { fuzzedFiles, mutatedFile } from '../support/file-mutation.js';
import { refusalOf } from '../support/market-files.js';

/** Mutations whose pages hyparquet decodes for ever: it counts down from a negative length. */
const ENDLESS_SEEDS = [7999];

type Columns = Parameters<typeof parquetWriteBuffer>[0]['columnData'];

function fileOf(columnData: Columns, rowGroupSize: number): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

async function rowsOf(
  bytes: Uint8Array,
  limits: Parameters<typeof parquetFields>[1] = {},
): Promise<string[][]> {
  const rows: string[][] = [];
  for await (const block of parquetFields(bufferSource('rows.parquet', bytes), limits)) {
    assert.equal(block.first, rows.length);
    rows.push(...block.rows.map((row) => [...row]));
  }
  return rows;
}

for (const seed of ENDLESS_SEEDS) {
  test(`a Parquet file whose pages are decoded for ever is refused (mutation ${seed})`, async () => {
    const files = fuzzedFiles();
    const bytes = mutatedFile(files[seed % files.length]!.bytes, seed);
    assert.match(
      await refusalOf(bufferSource('endless.parquet', bytes), { patienceMs: 2_000 }),
      /^endless\.parquet is a damaged Parquet file: decoding it made no progress for 2 s\.$/,
    );
  });
}

test('a Parquet file that takes more memory to decode than it may is refused', async () => {
  const numbers = Array.from({ length: 400_000 }, (_, i) => i + 0.5);
  const bytes = fileOf(
    Array.from({ length: 8 }, (_, i) => ({ name: `c${i}`, data: numbers, type: 'DOUBLE' as const })),
    400_000,
  );
  await assert.rejects(
    rowsOf(bytes, { megabytes: 64 }),
    (error) =>
      error instanceof SuhoError &&
      /^rows\.parquet cannot be read: decoding it takes more than 64 MB of memory; [^.]+\.$/.test(
        error.message,
      ),
  );
});

test('rows of every type come out as they were written, in blocks over several row groups', async () => {
  const length = 10_007;
  const rows = Array.from({ length }, (_, i) => i);
  const bytes = fileOf(
    [
      { name: 'ts', data: rows.map((i) => new Date(Date.UTC(2024, 0, 8) + i * 60_000)), type: 'TIMESTAMP' },
      { name: 'close', data: rows.map((i) => (i % 7 === 0 ? null : 1 + i / 1000)), type: 'DOUBLE' },
      { name: 'volume', data: rows.map((i) => i % 5), type: 'INT32' },
      { name: 'id', data: rows.map((i) => 2n ** 60n + BigInt(i)), type: 'INT64' },
      {
        name: 'ticker',
        data: rows.map((i) => ['EURUSD', 'a\u001fb', 'c\u001ed', ''][i % 4]),
        type: 'STRING',
      },
      { name: 'live', data: rows.map((i) => i % 3 === 0), type: 'BOOLEAN' },
    ],
    4_500,
  );
  const [names, ...read] = await rowsOf(bytes);
  assert.deepEqual(names, ['ts', 'close', 'volume', 'id', 'ticker', 'live']);
  const { buffer, byteOffset, byteLength } = bytes;
  const objects = await parquetReadObjects({
    file: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer,
  });
  const expected = objects.map(({ ts, close, volume, id, ticker, live }) => [
    String((ts as Date).getTime()),
    ...[close, volume, id].map((value) => (value === null ? '' : String(value))),
    // What separates fields on their way between two processes becomes a blank.
    (ticker as string).replaceAll('\u001e', ' ').replaceAll('\u001f', ' '),
    String(live),
  ]);
  assert.deepEqual(read, expected);
});

test('a file that is let go before its end takes its decoder with it', async () => {
  const bytes = fileOf(
    [{ name: 'x', data: Array.from({ length: 50_000 }, (_, i) => i), type: 'INT32' }],
    5_000,
  );
  const fields = parquetFields(bufferSource('rows.parquet', bytes));
  for await (const block of fields) if (block.first > 0) break;
  assert.deepEqual(await fields.next(), { done: true, value: undefined });
});
