import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { Command, Option } from 'commander';
import { barDefect, type Bar } from '../../actors/market/bar.js';
import { BarBuilder } from '../../actors/market/bar-builder.js';
import { PRICE_BASES, quoteDefect, type PriceBasis } from '../../actors/market/quote.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { StateLayout } from '../../actors/indicators/state.js';
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
  const layout = new StateLayout();
  const builder = new BarBuilder(layout, timeframeMs(timeframe), basis);
  const state = new Float64Array(layout.size);
  let header = 'ts,open,high,low,close,volume,bid,ask,tick_count\n';
  for await (const chunk of readMarketFile(file, 1024)) {
    const closed =
      chunk.kind === 'quotes'
        ? chunk.quotes.map((quote) => {
            counts.inputs++;
            if (quoteDefect(quote) !== undefined) return void counts.rejected++;
            if (quote.ts < builder.lastInputTime(state)) return void counts.late++;
            return builder.addQuote(state, quote);
          })
        : chunk.bars.map((bar) => {
            counts.inputs++;
            if (barDefect(bar, 1) !== undefined) return void counts.rejected++;
            if (bar.openTime <= builder.lastInputTime(state)) return void counts.late++;
            return builder.addBar(state, bar);
          });
    let text = header;
    header = '';
    for (const bar of closed) {
      if (bar === undefined) continue;
      counts.bars++;
      text += csvLine(bar);
    }
    if (text !== '') yield text;
    onProgress(counts.inputs, '');
  }
  const last = builder.closeDue(state, Infinity);
  if (last === undefined) return;
  counts.bars++;
  yield csvLine(last);
}
