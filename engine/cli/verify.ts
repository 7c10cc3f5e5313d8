import { Command, Option } from 'commander';
import type { Bar } from '../../actors/market/bar.js';
import { UTC_CALENDAR } from '../../actors/market/calendar.js';
import { TIMEFRAMES, type Timeframe } from '../../actors/market/timeframe.js';
import { ruleOf, type CalendarRule } from '../calendars.js';
import { SuhoError } from '../errors.js';
import { simulatedBars } from '../feeds/simulator.js';
import { closedBars } from '../files/closed-bars.js';
import { timeframeOf } from '../files/grid.js';
import type { FileReport } from '../files/market-file.js';
import { verify, type Proof } from '../verify.js';
import { FILE_HELP, addFileOptions, openInput, sayRefusals, type FileOptions } from './file-options.js';
import { countOption, jsonOption, readTimeframe, symbolSelectOption } from './options.js';
import { startCounter } from './progress.js';

interface Options extends FileOptions {
  readonly symbol?: string;
  readonly timeframe?: Timeframe;
  readonly bars: number;
  readonly seed: number;
  readonly json?: boolean;
}

const TITLES: Readonly<Record<Proof['name'], string>> = {
  no_look_ahead: 'no look-ahead',
  no_skew: 'no skew',
  restart: 'restart',
  sequences: 'sequences',
};
/** Below this the longest windows never fill. */
const BARS_MIN = 400;

export function verifyCommand(): Command {
  const command = new Command('verify')
    .description(
      'prove on your own data, bit for bit: no look-ahead, no skew between live and backfill, restarts change nothing, and models see what a training computes',
    )
    .argument('[file]', `${FILE_HELP}; a simulated market without it`)
    .addOption(
      new Option(
        '--timeframe <timeframe>',
        `timeframe of the bars (${TIMEFRAMES.join(' ')}); without it, the spacing of the file's bars`,
      ).argParser(readTimeframe),
    )
    .addOption(symbolSelectOption());
  return addFileOptions(command)
    .addOption(countOption('--bars <n>', 'newest bars to use', 20_000))
    .addOption(countOption('--seed <n>', 'seed of the random bars', 1))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho verify
  suho verify GBPUSD_h1.csv.gz
  suho verify ticks.csv.gz --timeframe 1m --bars 5000 --json

Exit code 0 when all four proofs hold, 1 when one does not.`,
    )
    .action(async (file: string | undefined, options: Options) => {
      const { bars, timeframe, calendar, report } = await barsOf(file, options);
      sayRefusals(report);
      if (bars.length < BARS_MIN)
        throw new SuhoError(
          'BAD_INPUT',
          `There are ${bars.length} bars; the proofs need at least ${BARS_MIN}.`,
        );
      const counter = startCounter('verify');
      const proofs = await verify(bars, {
        symbol: 'VERIFY',
        timeframe,
        calendar,
        seed: options.seed,
        onProgress: (stage) => counter.update(bars.length, stage),
      }).finally(() => counter.stop());
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ file: file ?? 'simulated', timeframe, bars: bars.length, ...(report === undefined ? {} : { reading: report }), proofs })}\n`
          : describe(file, timeframe, bars.length, proofs),
      );
      if (!proofs.every(({ holds }) => holds)) process.exitCode = 1;
    });
}

async function barsOf(
  file: string | undefined,
  options: Options,
): Promise<{
  readonly bars: readonly Bar[];
  readonly timeframe: Timeframe;
  readonly calendar: CalendarRule;
  readonly report?: FileReport;
}> {
  const { timeframe, bars: limit, seed } = options;
  if (file === undefined)
    return {
      bars: simulatedBars('EURUSD', seed, timeframe ?? '1h', limit),
      timeframe: timeframe ?? '1h',
      calendar: ruleOf(UTC_CALENDAR),
    };
  const input = await openInput(file, options);
  const found = timeframe ?? timeframeOf(input.grid.lengthMs) ?? '1m';
  let bars: Bar[] = [];
  for await (const chunk of closedBars(input, found, 'bid')) {
    bars.push(...chunk);
    if (bars.length > 2 * limit) bars = bars.slice(-limit);
  }
  return {
    bars: bars.slice(-limit),
    timeframe: found,
    calendar: input.calendar,
    report: input.report(),
  };
}

function describe(
  file: string | undefined,
  timeframe: Timeframe,
  bars: number,
  proofs: readonly Proof[],
): string {
  return [
    `${bars} ${timeframe} bars of ${file ?? 'a simulated market'}`,
    ...proofs.map(({ name, holds, compared, differences, detail }) =>
      holds
        ? `  holds   ${TITLES[name]}: ${detail} (${compared} rows compared)`
        : `  BROKEN  ${TITLES[name]}: ${detail} (${differences} of ${compared} rows differ)`,
    ),
    '',
  ].join('\n');
}
