import type { ByteSource } from './byte-source.js';
import { containerOf, unpacked } from './archive.js';
import { parquetFields } from './parquet.js';
import type { Reading } from './reading.js';
import { delimiterOf } from './recognise.js';
import { readLines, splitFields, type FieldBlock, type LineBlock } from './text.js';

/** Lines that show what separates fields. */
const SHOWN = 60;

/** What rows of a file come from, and by what their fields are separated. */
export interface Table {
  readonly delimiter: string;
  readonly blocks: AsyncGenerator<FieldBlock>;
}

/**
 * Opens a file as a table, whatever it is packed in; `patienceMs` as in `Reading`. Throws `BAD_FILE`, also while it is read.
 */
export async function openTable(
  source: ByteSource,
  { patienceMs }: Pick<Reading, 'patienceMs'> = {},
): Promise<Table> {
  const container = containerOf(source.name, await source.slice(0, 8));
  if (container === 'parquet')
    return {
      delimiter: '\u001f',
      blocks: parquetFields(source, patienceMs === undefined ? {} : { patienceMs }),
    };
  const bytes =
    container === 'plain' ? (source.stream() as AsyncIterable<Buffer>) : unpacked(source, container);
  const lines = readLines(source.name, bytes);
  const shown: LineBlock[] = [];
  let count = 0;
  while (count < SHOWN) {
    const next = await lines.next();
    if (next.done === true) break;
    shown.push(next.value);
    count += next.value.lines.length;
  }
  const delimiter = delimiterOf(shown.flatMap((block) => block.lines.slice(0, SHOWN)));
  return { delimiter, blocks: fieldBlocks(shown, lines, delimiter) };
}

async function* fieldBlocks(
  shown: readonly LineBlock[],
  rest: AsyncGenerator<LineBlock>,
  delimiter: string,
): AsyncGenerator<FieldBlock> {
  const split = ({ first, lines }: LineBlock): FieldBlock => ({
    first,
    rows: lines.map((line) => (line.trim() === '' ? [] : splitFields(line, delimiter))),
  });
  try {
    for (const block of shown) yield split(block);
    for await (const block of rest) yield split(block);
  } finally {
    await rest.return(undefined);
  }
}
