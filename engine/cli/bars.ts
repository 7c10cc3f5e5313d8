import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { Command, Option } from 'commander';
import type { Bar } from '../../actors/market/bar.js';
import { PRICE_BASES, type PriceBasis } from '../../actors/market/quote.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { BarAssembler, type Admission } from '../../actors/series-machine.js';
import { readMarketFile } from '../feeds/market-file.js';
import { jsonOption, timeframeOption } from './options.js';
import { startCounter } from './progress.js';
import { writeWhole } from './whole-file.js';

interface Options {
  readonly timeframe: Timeframe;
  readonly basis: PriceBasis;
  readonly out?: string;
  readonly json?: boolean;
}

interface Counts {
  inputs: number;
  bars: number;
  rejected: number;
  late: number;
}

export function barsCommand(): Command {
  return new Command('bars')
    .description('build bars from quotes or from shorter bars, as CSV')
    .argument('<file>', 'CSV of quotes or bars, plain or .gz')
    .addOption(timeframeOption('timeframe of the bars to build'))
    .addOption(new Option('--basis <price>', 'price of a quote').choices([...PRICE_BASES]).default('bid'))
    .option('--out <file>', 'write there instead of standard output; gzipped when it ends in .gz')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  suho bars ticks.csv.gz --timeframe 1m > m1.csv\n  suho bars m1.csv --timeframe 1h --out h1.csv.gz',
    )
    .action(async (file: string, options: Options) => {
      const { out } = options;
      const counter = startCounter('bars');
      const counts: Counts = { inputs: 0, bars: 0, rejected: 0, late: 0 };
      const lines = barLines(file, options, counts, (n, stage) => counter.update(n, stage));
      try {
        if (out !== undefined)
          await writeWhole(out, async (temporary) => await writeLines(temporary, out.endsWith('.gz'), lines));
        else if (options.json === true) for await (const line of lines) void line;
        else
          for await (const line of lines)
            if (!process.stdout.write(line)) await once(process.stdout, 'drain');
      } finally {
        counter.stop();
      }
      if (options.json === true) process.stdout.write(`${JSON.stringify(counts)}\n`);
      else {
        process.stderr.write(
          `${counts.bars} bars from ${counts.inputs} rows; ${counts.rejected} rejected, ${counts.late} out of order\n`,
        );
      }
    });
}

async function writeLines(file: string, zipped: boolean, lines: AsyncIterable<string>): Promise<void> {
  const target = createWriteStream(file);
  const sink = zipped ? createGzip() : target;
  if (sink !== target) sink.pipe(target);
  await once(target, 'open');
  for await (const line of lines) if (!sink.write(line)) await once(sink, 'drain');
  sink.end();
  await once(target, 'finish');
}

function csvLine(bar: Bar): string {
  const numbers = [
    bar.openTime,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.bid,
    bar.ask,
    bar.tickCount,
  ];
  return `${numbers.map((x) => (Number.isNaN(x) ? '' : String(x))).join(',')}\n`;
}

/** The built bars as CSV lines, the header first. */
async function* barLines(
  file: string,
  { timeframe, basis }: Options,
  counts: Counts,
  onProgress: (n: number, stage: string) => void,
): AsyncGenerator<string> {
  const assembler = new BarAssembler(timeframeMs(timeframe), 1, basis);
  let text = 'ts,open,high,low,close,volume,bid,ask,tick_count\n';
  const close = (bar: Bar): void => {
    counts.bars++;
    text += csvLine(bar);
  };
  const count = (admission: Admission): void => {
    counts.inputs++;
    if (admission === 'behind') counts.late++;
    else if (admission !== 'accepted') counts.rejected++;
  };
  for await (const chunk of readMarketFile(file, 1024)) {
    if (chunk.kind === 'quotes') for (const quote of chunk.quotes) count(assembler.addQuote(quote, close));
    else for (const bar of chunk.bars) count(assembler.addShorterBar(bar, close));
    if (text !== '') yield text;
    text = '';
    onProgress(counts.inputs, '');
  }
  assembler.finish(close);
  if (text !== '') yield text;
}
