import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { writeWhole } from './whole-file.js';

export const EXPORT_FORMATS = ['parquet', 'csv', 'jsonl'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** A row to export: its bar's open time, then the features in catalogue order, NaN where unknown. */
export interface ExportRow {
  readonly ts: number;
  readonly values: ArrayLike<number>;
}

const ROW_GROUP = 10_000;

/**
 * Writes rows as one file that appears only when it is whole. Unknown values are empty in CSV and null in
 * JSON and Parquet; Parquet columns are INT64 (`ts`) and DOUBLE. Returns the number of rows. Throws
 * `BAD_FILE` when the file cannot be written.
 */
export async function writeExport(
  out: string,
  format: ExportFormat,
  names: readonly string[],
  rows: AsyncIterable<readonly ExportRow[]>,
): Promise<number> {
  const counted = { rows: 0 };
  await writeWhole(out, async (temporary) => {
    if (format === 'parquet') await writeParquet(temporary, names, rows, counted);
    else await writeText(temporary, format === 'csv' ? csv(names) : jsonl(names), rows, counted);
  });
  return counted.rows;
}

interface TextFormat {
  readonly header: string;
  readonly line: (row: ExportRow) => string;
}

function csv(names: readonly string[]): TextFormat {
  return {
    header: `ts,${names.join(',')}\n`,
    line: ({ ts, values }) => {
      let line = String(ts);
      for (let i = 0; i < names.length; i++) {
        const x = values[i]!;
        line += x === x ? `,${x}` : ',';
      }
      return `${line}\n`;
    },
  };
}

function jsonl(names: readonly string[]): TextFormat {
  const keys = names.map((name) => `,${JSON.stringify(name)}:`);
  return {
    header: '',
    line: ({ ts, values }) => {
      let line = `{"ts":${ts}`;
      for (let i = 0; i < keys.length; i++) {
        const x = values[i]!;
        line += keys[i]! + (x === x ? String(x) : 'null');
      }
      return `${line}}\n`;
    },
  };
}

async function writeText(
  file: string,
  format: TextFormat,
  rows: AsyncIterable<readonly ExportRow[]>,
  counted: { rows: number },
): Promise<void> {
  const target = createWriteStream(file);
  await once(target, 'open');
  target.write(format.header);
  for await (const chunk of rows) {
    counted.rows += chunk.length;
    if (!target.write(chunk.map(format.line).join(''))) await once(target, 'drain');
  }
  target.end();
  await once(target, 'finish');
}

async function writeParquet(
  file: string,
  names: readonly string[],
  rows: AsyncIterable<readonly ExportRow[]>,
  counted: { rows: number },
): Promise<void> {
  async function* records(): AsyncGenerator<Record<string, bigint | number | null>> {
    for await (const chunk of rows) {
      for (const { ts, values } of chunk) {
        counted.rows++;
        const record: Record<string, bigint | number | null> = { ts: BigInt(ts) };
        for (let i = 0; i < names.length; i++) {
          const x = values[i]!;
          record[names[i]!] = x === x ? x : null;
        }
        yield record;
      }
    }
  }
  await parquetWriteRows({
    writer: fileWriter(file),
    rows: records(),
    columns: [
      { name: 'ts', type: 'INT64', nullable: false },
      ...names.map((name) => ({ name, type: 'DOUBLE' as const, nullable: true })),
    ],
    rowGroupSize: ROW_GROUP,
    createdBy: 'suho',
  });
}
