import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse';
import { MarketFile } from '../engine/files/market-file.js';
import { inventedBars } from '../test/support/markets.js';
import { paired, report } from './report.js';

const ROWS = 300_000;
const MINUTE_MS = 60_000;

/** Rows of a file as three kinds of users have them. */
function contents(): Readonly<Record<string, string>> {
  const bars = inventedBars(ROWS, { lengthMs: MINUTE_MS }).map((bar) => ({
    ...bar,
    // As written by exports: five decimals.
    prices: [bar.open, bar.high, bar.low, bar.close].map((price) => price.toFixed(5)),
  }));
  const file = (header: string, row: (bar: (typeof bars)[number], i: number) => string): string =>
    `${header}\n${bars.map(row).join('\n')}\n`;
  return {
    'bars by column name': file(
      'ts,open,high,low,close,volume',
      ({ openTime, prices, volume }) => `${openTime},${prices.join(',')},${volume}`,
    ),
    'ticks of Dukascopy': file(
      'timestamp,askPrice,bidPrice,askVolume,bidVolume',
      ({ openTime, prices }, i) => `${openTime + (i % 977)},${prices[1]},${prices[2]},0.75,0.9`,
    ),
    'MetaTrader 5 export': file(
      '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>',
      ({ openTime, prices, volume }) => {
        const iso = new Date(openTime).toISOString();
        const date = iso.slice(0, 10).replaceAll('-', '.');
        return `${date}\t${iso.slice(11, 19)}\t${prices.join('\t')}\t${volume}\t0\t7`;
      },
    ),
  };
}

/** A Python with pandas; `SUHO_PYTHON` names one that is not on the path. */
const PYTHON = process.env['SUHO_PYTHON'] ?? 'python3';
/** Seconds of the median of three readings, after one that warms up. */
const PANDAS_SECONDS = `
import pandas, statistics, sys, time
def seconds():
    start = time.perf_counter()
    rows = len(pandas.read_csv(sys.argv[1], sep=sys.argv[2]))
    if rows != int(sys.argv[3]): sys.exit(f"pandas read {rows} rows")
    return time.perf_counter() - start
print(statistics.median([seconds() for _ in range(4)][1:]))
`;

function pandasVersion(): string | undefined {
  const probe = spawnSync(PYTHON, ['-c', 'import pandas; print(pandas.__version__)'], { encoding: 'utf8' });
  return probe.status === 0 ? probe.stdout.trim() : undefined;
}

/** Seconds in which pandas reads a file. Throws when it cannot. */
function pandasSeconds(file: string, delimiter: string): number {
  return Number(
    execFileSync(PYTHON, ['-c', PANDAS_SECONDS, file, delimiter, String(ROWS)], { encoding: 'utf8' }),
  );
}

/** Files recognised, read and checked, beside csv-parse and pandas alone on the same file, which check nothing. */
export async function benchFiles(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
  const version = pandasVersion();
  const lines: string[] = [
    version === undefined
      ? `pandas: SKIPPED, ${PYTHON} has none; set SUHO_PYTHON to a Python that has it`
      : `pandas ${version}, read_csv with its C parser`,
  ];
  const results: Record<string, unknown> = { pandasVersion: version };
  for (const [name, content] of Object.entries(contents())) {
    const file = path.join(folder, `${name}.csv`);
    writeFileSync(file, content);
    const seconds = async (read: () => Promise<number>): Promise<number> => {
      const start = performance.now();
      const rows = await read();
      if (rows !== ROWS) throw new Error(`${name}: ${rows} rows instead of ${ROWS}`);
      return (performance.now() - start) / 1000;
    };
    const delimiter = name.includes('MetaTrader') ? '\t' : ',';
    const { ours, peer, ratio } = await paired(
      3,
      async () => await seconds(async () => await rowsRead(file)),
      async () => await seconds(async () => await rowsParsed(file, delimiter)),
    );
    const pandas = version === undefined ? undefined : pandasSeconds(file, delimiter);
    const rate = (x: number): string => `${Math.round(ROWS / x).toLocaleString('en')} rows/s`;
    const besides = [
      `csv-parse alone ${rate(peer)}, Suho ${ratio.toFixed(2)} times that`,
      ...(pandas === undefined
        ? []
        : [`pandas alone ${rate(pandas)}, Suho ${(pandas / ours).toFixed(2)} times that`]),
    ];
    lines.push(`${name}: ${rate(ours)}; ${besides.join('; ')}`);
    results[name] = {
      rowsPerSecond: ROWS / ours,
      csvParse: ROWS / peer,
      ratio,
      ...(pandas === undefined ? {} : { pandas: ROWS / pandas, pandasRatio: pandas / ours }),
    };
  }
  rmSync(folder, { recursive: true, force: true });
  report('files', lines, results);
}

async function rowsRead(file: string): Promise<number> {
  const input = await MarketFile.open(file, { timeZone: 'UTC' });
  let rows = 0;
  for await (const { lines } of input.chunks()) rows += lines.length;
  return rows;
}

/** The header is not counted. */
async function rowsParsed(file: string, delimiter: string): Promise<number> {
  let rows = -1;
  const records = createReadStream(file).pipe(parse({ delimiter })) as AsyncIterable<string[]>;
  for await (const record of records) if (record.length > 0) rows++;
  return rows;
}
