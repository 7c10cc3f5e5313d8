import { fileURLToPath } from 'node:url';
import type { BarGrid } from '../../actors/market/bar-grid.js';
import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import { SuhoError } from '../../engine/errors.js';
import { bufferSource, type ByteSource } from '../../engine/files/byte-source.js';
import { MarketFile, type FileReport } from '../../engine/files/market-file.js';
import type { Reading } from '../../engine/files/reading.js';

/** A file of test/data/cases. */
export function caseFile(name: string): string {
  return fileURLToPath(new URL(`../../../test/data/cases/${name}`, import.meta.url));
}

export interface ReadFile {
  readonly description: string;
  readonly grid: BarGrid;
  readonly bars: readonly Bar[];
  readonly quotes: readonly Quote[];
  readonly lines: readonly number[];
  readonly report: FileReport;
}

/** Reads a file to its end; a text is one in memory. */
export async function readFile(file: ByteSource | string, reading: Reading = {}): Promise<ReadFile> {
  const input = await MarketFile.open(file, reading);
  const bars: Bar[] = [];
  const quotes: Quote[] = [];
  const lines: number[] = [];
  for await (const chunk of input.chunks()) {
    lines.push(...chunk.lines);
    if (chunk.kind === 'bars') bars.push(...chunk.bars);
    else quotes.push(...chunk.quotes);
  }
  return { description: input.description, grid: input.grid, bars, quotes, lines, report: input.report() };
}

export function textFile(text: string, name = 'market.csv'): ByteSource {
  return bufferSource(name, Buffer.from(text));
}

/** The sentence that a file is refused with. */
export async function refusalOf(file: ByteSource | string, reading: Reading = {}): Promise<string> {
  try {
    const { report } = await readFile(file, reading);
    return `taken: ${JSON.stringify(report)}`;
  } catch (error) {
    if (error instanceof SuhoError) return error.message;
    throw error;
  }
}
