import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { Command, Option } from 'commander';
import type { Bar } from '../../actors/market/bar.js';
import { PRICE_BASES, type PriceBasis } from '../../actors/market/quote.js';
import { dependsOnCalendar } from '../../actors/market/bar-grid.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import { closedBars } from '../files/closed-bars.js';
import type { MarketFile } from '../files/market-file.js';
import { FILE_HELP, addFileOptions, openInput, sayRefusals, type FileOptions } from './file-options.js';
import { jsonOption, symbolSelectOption, timeframeOption } from './options.js';
import { startCounter } from './progress.js';
import { writeWhole } from './whole-file.js';

interface Options extends FileOptions {
  readonly timeframe: Timeframe;
  readonly symbol?: string;
  readonly basis: PriceBasis;
  readonly out?: string;
  readonly json?: boolean;
}

export function barsCommand(): Command {
  const command = new Command('bars')
    .description('build bars from quotes or from shorter bars, as CSV')
    .argument('<file>', FILE_HELP)
    .addOption(timeframeOption('timeframe of the bars to build'))
    .addOption(symbolSelectOption());
  return addFileOptions(command)
    .addOption(new Option('--basis <price>', 'price of a quote').choices([...PRICE_BASES]).default('bid'))
    .option('--out <file>', 'write there instead of standard output; gzipped when it ends in .gz')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  suho bars ticks.csv.gz --timeframe 1m > m1.csv\n  suho bars EURUSD_M1.zip --time-zone Europe/Helsinki --timeframe 1h --out h1.csv.gz\n\nWith --json the report alone goes to standard output; the bars go to --out.',
    )
    .action(async (file: string, options: Options) => {
      const { out } = options;
      const counter = startCounter('bars');
      const input = await openInput(file, { ...options, takesShorter: true });
      if (dependsOnCalendar(timeframeMs(options.timeframe)))
        process.stderr.write(`built for the calendar ${input.calendar.name} (--calendar to change it)\n`);
      let bars = 0;
      const lines = barLines(input, options, (count) => counter.update((bars += count), ''));
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
      const reading = input.report();
      sayRefusals(reading);
      const { rows, refused, late } = reading;
      const counts = {
        inputs: rows,
        bars,
        rejected: refused - late,
        late,
        calendar: input.calendar.name,
        reading,
      };
      if (options.json === true) process.stdout.write(`${JSON.stringify(counts)}\n`);
      else {
        process.stderr.write(
          `${bars} bars from ${rows} rows; ${counts.rejected} rejected, ${late} out of order\n`,
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
  file: MarketFile,
  { timeframe, basis }: Options,
  onBars: (count: number) => void,
): AsyncGenerator<string> {
  yield 'ts,open,high,low,close,volume,bid,ask,tick_count\n';
  for await (const bars of closedBars(file, timeframe, basis)) {
    onBars(bars.length);
    if (bars.length > 0) yield bars.map(csvLine).join('');
  }
}
