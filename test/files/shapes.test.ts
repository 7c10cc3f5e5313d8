import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Bar } from '../../actors/market/bar.js';
import { bufferSource } from '../../engine/files/byte-source.js';
import { readFile, refusalOf, textFile } from '../support/market-files.js';
import { inventedBars } from '../support/markets.js';
import { zipOf } from '../support/zip.js';

const BARS = inventedBars(400, { seed: 7 }).map((bar) => ({ ...bar, bid: NaN, ask: NaN }));
const HOUR_MS = 3_600_000;

type Cell = string | number;
const rowsOf = (bars: readonly Bar[], row: (bar: Bar) => readonly Cell[]): Cell[][] =>
  bars.map((bar) => [...row(bar)]);
const text = (header: string | undefined, rows: readonly (readonly Cell[])[], delimiter = ','): string =>
  `${header === undefined ? '' : `${header}\n`}${rows.map((row) => row.join(delimiter)).join('\n')}\n`;
const plainRow = ({ openTime, open, high, low, close, volume }: Bar): Cell[] => [
  openTime,
  open,
  high,
  low,
  close,
  volume,
];
const CSV = text('ts,open,high,low,close,volume', rowsOf(BARS, plainRow));
const iso = (ms: number): string => new Date(ms).toISOString();

/** The same bars in shapes that are not among the case files, and how they are told. */
const SHAPES: readonly (readonly [name: string, text: string, told: RegExp])[] = [
  [
    'Kraken',
    text(
      undefined,
      rowsOf(BARS, (b) => [b.openTime / 1000, b.open, b.high, b.low, b.close, b.volume, 12]),
    ),
    /Kraken/,
  ],
  [
    'Kraken with the average price',
    text(
      undefined,
      rowsOf(BARS, (b) => [b.openTime / 1000, b.open, b.high, b.low, b.close, b.close, b.volume, 12]),
    ),
    /Kraken/,
  ],
  [
    'Binance in microseconds',
    text(
      undefined,
      rowsOf(BARS, (b) => [
        `${b.openTime}000`,
        b.open,
        b.high,
        b.low,
        b.close,
        b.volume,
        `${b.openTime + HOUR_MS - 1}999`,
        1,
        2,
        3,
        4,
        0,
      ]),
    ),
    /Binance.*microseconds/,
  ],
  [
    'Polygon',
    text(
      'ticker,volume,open,close,high,low,window_start,transactions',
      rowsOf(BARS, (b) => ['C:EURUSD', b.volume, b.open, b.close, b.high, b.low, `${b.openTime}000000`, 9]),
    ),
    /Polygon.*nanoseconds/,
  ],
  [
    'ISO times with Z',
    text(
      'Time,Open,High,Low,Close,Volume',
      rowsOf(BARS, (b) => [iso(b.openTime), ...plainRow(b).slice(1)]),
    ),
    /dates with their offset/,
  ],
  [
    'ISO times with an offset',
    text(
      'time,open,high,low,close,volume',
      rowsOf(BARS, (b) => [`${iso(b.openTime + 2 * HOUR_MS).slice(0, 19)}+02:00`, ...plainRow(b).slice(1)]),
    ),
    /offset/,
  ],
  [
    'date and time in two columns, semicolons and decimal commas',
    text(
      'Date;Time;Open;High;Low;Close;Volume',
      rowsOf(BARS, (b) => [
        iso(b.openTime).slice(0, 10),
        iso(b.openTime).slice(11, 16),
        ...plainRow(b)
          .slice(1)
          .map((x) => String(x).replace('.', ',')),
      ]),
      ';',
    ),
    /decimal commas/,
  ],
  [
    'quoted fields, spaces, CRLF, capital letters',
    `"TS", "OPEN","HIGH","LOW","CLOSE","VOLUME"\r\n${rowsOf(BARS, plainRow)
      .map((row) => row.map((x) => `"${x}"`).join(', '))
      .join('\r\n')}\r\n`,
    /by column name/,
  ],
  ['lines that end in CR', CSV.replaceAll('\n', '\r'), /by column name/],
  ['tabs', CSV.replaceAll(',', '\t'), /by column name/],
  ['without a header', CSV.slice(CSV.indexOf('\n') + 1), /without a header/],
  [
    'a web address above the header, newest first',
    `https://www.example.com\nunix,date,symbol,open,high,low,close,Volume\n${rowsOf(BARS, (b) => [
      b.openTime,
      iso(b.openTime).slice(0, 19),
      'EUR/USD',
      ...plainRow(b).slice(1),
    ])
      .reverse()
      .join('\n')}`,
    /newest first/,
  ],
  [
    'Stooq',
    text(
      '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>',
      rowsOf(BARS, (b) => [
        'EURUSD',
        60,
        iso(b.openTime).slice(0, 10).replaceAll('-', ''),
        iso(b.openTime).slice(11, 19).replaceAll(':', ''),
        ...plainRow(b).slice(1),
      ]),
    ),
    /by column name/,
  ],
  [
    'US dates with AM and PM',
    text(
      'Date,Open,High,Low,Close,Volume',
      rowsOf(BARS, (b) => [usDate(b.openTime), ...plainRow(b).slice(1)]),
    ),
    /month-day-year/,
  ],
  [
    'seconds as floats',
    text(
      'timestamp,open,high,low,close,volume',
      rowsOf(BARS, (b) => [`${b.openTime / 1000}.0`, ...plainRow(b).slice(1)]),
    ),
    /seconds/,
  ],
  [
    'digits alone',
    text(
      'time,open,high,low,close,volume',
      rowsOf(BARS, (b) => [iso(b.openTime).replaceAll(/\D/g, '').slice(0, 14), ...plainRow(b).slice(1)]),
    ),
    /dates read as UTC/,
  ],
];

function usDate(ms: number): string {
  const date = new Date(ms);
  const hours = date.getUTCHours();
  return `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()} ${hours % 12 || 12}:00:00 ${hours < 12 ? 'AM' : 'PM'}`;
}

for (const [name, content, told] of SHAPES) {
  test(`bars come through unchanged: ${name}`, async () => {
    const { bars, description, report } = await readFile(textFile(content), {
      timeframe: '1h',
      symbol: 'EURUSD',
    });
    assert.deepEqual(bars, BARS);
    assert.match(description, told);
    assert.equal(report.refused, 0);
  });
}

test('bars come through gzip, zip, UTF-16 and Parquet unchanged', async () => {
  const utf16 = Buffer.from(CSV, 'utf16le');
  const column = (name: string, data: unknown[], type: 'INT64' | 'DOUBLE' | 'TIMESTAMP'): object => ({
    name,
    data,
    type,
  });
  const parquet = (ts: object): Uint8Array =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          ts,
          ...(['open', 'high', 'low', 'close', 'volume'] as const).map((name) =>
            column(
              name,
              BARS.map((bar) => bar[name]),
              'DOUBLE',
            ),
          ),
        ] as Parameters<typeof parquetWriteBuffer>[0]['columnData'],
        rowGroupSize: 150,
      }),
    );
  const packed: readonly (readonly [string, Uint8Array])[] = [
    ['a.csv.gz', gzipSync(CSV)],
    ['two gzip members', Buffer.concat([gzipSync(CSV.slice(0, 5_000)), gzipSync(CSV.slice(5_000))])],
    ['a.zip, deflated', zipOf([['a.csv', CSV]], true)],
    ['a.zip, stored', zipOf([['a.csv', CSV]], false)],
    [
      'a.zip from a Mac',
      zipOf(
        [
          ['a.csv', CSV],
          ['__MACOSX/._a.csv', 'x'],
        ],
        true,
      ),
    ],
    ['UTF-16 with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])],
    ['UTF-16 without one', utf16],
    ['big-endian UTF-16', Buffer.from(utf16).swap16()],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${CSV}`)],
    [
      'a.parquet with whole numbers',
      parquet(
        column(
          'ts',
          BARS.map(({ openTime }) => BigInt(openTime)),
          'INT64',
        ),
      ),
    ],
    [
      'a.parquet with timestamps',
      parquet(
        column(
          'timestamp',
          BARS.map(({ openTime }) => new Date(openTime)),
          'TIMESTAMP',
        ),
      ),
    ],
  ];
  for (const [name, bytes] of packed) {
    const { bars } = await readFile(bufferSource(name, bytes), { timeframe: '1h' });
    assert.deepEqual(bars, BARS, name);
  }
});

test('archives that cannot be read are one sentence that says what to do', async () => {
  const refused: readonly (readonly [string, Uint8Array, RegExp])[] = [
    [
      'two',
      zipOf(
        [
          ['a.csv', CSV],
          ['b.csv', CSV],
        ],
        true,
      ),
      /holds 2 files \(a\.csv, b\.csv\); unpack it/,
    ],
    ['none', zipOf([], true), /without entries/],
    [
      'xlsx',
      zipOf(
        [
          ['[Content_Types].xml', '<x/>'],
          ['xl/workbook.xml', '<x/>'],
        ],
        true,
      ),
      /Excel workbook/,
    ],
    ['xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /Excel workbook/],
    ['zst', Buffer.from('28b52ffd00000000', 'hex'), /zstd archive; decompress it first/],
    ['cut gz', gzipSync(CSV).subarray(0, 3_000), /is cut off: its gzip stream ends too early/],
    [
      'cut zip',
      zipOf([['a.csv', CSV]], true).subarray(0, 3_000),
      /is cut off: a zip file ends with its list/,
    ],
    ['wrong sum', damaged(zipOf([['a.csv', CSV]], false)), /damaged zip file.*checksum/],
    ['cut parquet', Buffer.from('PAR1 and nothing else'), /damaged Parquet file/],
    ['empty', Buffer.alloc(0), /is empty/],
    ['header only', Buffer.from('ts,open,high,low,close\n'), /has no rows/],
    [
      'binary',
      Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 256)),
      /is not a text file|has the columns/,
    ],
    [
      'a gzip in a zip',
      zipOf([['a.csv.gz', gzipSync(CSV).toString('latin1')]], true),
      /is not a text file|has the columns/,
    ],
  ];
  for (const [name, bytes, sentence] of refused)
    assert.match(await refusalOf(bufferSource(name, bytes), { timeframe: '1h' }), sentence, name);
});

function damaged(zip: Uint8Array): Uint8Array {
  const copy = Buffer.from(zip);
  copy[200] = copy[200]! ^ 1;
  return copy;
}

test('MetaTrader ticks write only what changed, and the rest is as before', async () => {
  const header = '<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>';
  const rows = ['00:00:00.100\t1.1\t\t\t\t2', '00:00:01.200\t\t1.2\t\t\t4', '00:00:01.300\t1.15\t\t\t\t2'];
  const content = `${header}\n${rows.map((row) => `2024.01.08\t${row}`).join('\n')}\n`;
  const { quotes, description, report } = await readFile(textFile(content), { timeZone: 'UTC' });
  assert.deepEqual(
    quotes.map(({ ts, bid, ask }) => [ts - Date.UTC(2024, 0, 8), bid, ask]),
    [
      [1_200, 1.1, 1.2],
      [1_300, 1.15, 1.2],
    ],
  );
  assert.match(description, /MetaTrader 5 tick export/);
  assert.deepEqual(
    report.refusals.map(({ line }) => line),
    [2],
    'before the first ask there is no quote',
  );
});

test('a MetaTrader 5 file has the traded volume where the broker gives one', async () => {
  const row = (hour: number, volume: number): string =>
    `2024.01.08\t0${hour}:00:00\t1\t2\t0.5\t1.5\t77\t${volume}\t3`;
  const header = '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>';
  const volumes = async (a: number, b: number): Promise<number[]> =>
    (await readFile(textFile([header, row(0, a), row(1, b), ''].join('\n')))).bars.map(
      ({ volume }) => volume,
    );
  assert.deepEqual(await volumes(0, 0), [77, 77]);
  assert.deepEqual(await volumes(0, 5), [0, 5]);
});
