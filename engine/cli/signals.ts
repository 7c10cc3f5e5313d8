import { status, type ServiceError } from '@grpc/grpc-js';
import { Command, InvalidArgumentError } from 'commander';
import { parseTimeframe } from '../../actors/market/timeframe.js';
import { toProtoTimeframe, type SignalUpdate } from '../api/contract.js';
import { callStream, connect, explainCall } from './client.js';
import { addressOption, jsonOption } from './options.js';
import { SIGNAL_HEADER, signalLine } from './signal-line.js';

interface Options {
  readonly address: string;
  readonly symbol?: readonly string[];
  readonly timeframe?: readonly string[];
  readonly resumeAfter?: number;
  readonly follow?: boolean;
  readonly actionable?: boolean;
  readonly latest?: boolean;
  readonly json?: boolean;
}

function sequence(text: string): number {
  const n = Number(text);
  if (!Number.isSafeInteger(n) || n < 0)
    throw new InvalidArgumentError(`"${text}" is not a sequence number.`);
  return n;
}

export function signalsCommand(): Command {
  return new Command('signals')
    .description('show the signals of a running engine')
    .addOption(addressOption())
    .option('--symbol <symbols...>', 'only these symbols')
    .option('--timeframe <timeframes...>', 'only these timeframes')
    .option(
      '--resume-after <sequence>',
      'continue after this sequence number (0: from the oldest kept)',
      sequence,
    )
    .option('--follow', 'go on as new ones come; without it, end when the stored ones are shown')
    .option('--actionable', 'leave out signals that abstain')
    .option('--latest', 'when this reader is slow, keep only the newest signal of each series')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho signals --follow
  suho signals --follow --symbol EURUSD --json
  suho signals --resume-after 0

With --json each line is a signal; its "sequence" is the cursor for --resume-after.
Set SUHO_API_KEY if the engine requires a key.`,
    )
    .action(async (options: Options) => {
      const timeframes = (options.timeframe ?? []).map((text) => {
        const timeframe = parseTimeframe(text);
        if (timeframe === undefined) throw new InvalidArgumentError(`There is no timeframe "${text}".`);
        return toProtoTimeframe(timeframe);
      });
      const follow = options.follow === true;
      const resumeAfter = options.resumeAfter ?? (follow ? undefined : 0);
      const client = connect(options.address, 'SignalService');
      const stream = callStream<SignalUpdate>(client, 'StreamSignals', {
        symbols: options.symbol ?? [],
        timeframes,
        slow_policy: options.latest === true ? 'LATEST_PER_SERIES' : 'KEEP_ALL',
        only_actionable: options.actionable === true,
        ...(resumeAfter === undefined ? {} : { resume_after: resumeAfter }),
      });
      process.once('SIGINT', () => stream.cancel());
      if (options.json !== true) process.stdout.write(`${SIGNAL_HEADER}\n`);
      await show(stream, options, follow).finally(() => client.close());
    });
}

/** Milliseconds without a signal after which the stored ones are taken to be shown. */
const QUIET_MS = 700;

async function show(
  stream: ReturnType<typeof callStream<SignalUpdate>>,
  options: Options,
  follow: boolean,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const rest = (): void => {
      if (follow) return;
      clearTimeout(timer);
      timer = setTimeout(() => stream.cancel(), QUIET_MS);
    };
    stream.on('metadata', rest);
    stream.on('data', ({ signal, skipped }: SignalUpdate) => {
      const skip = skipped > 0 ? ` (${skipped} skipped before it)` : '';
      process.stdout.write(
        options.json === true ? `${JSON.stringify(signal)}\n` : `${signalLine(signal)}${skip}\n`,
      );
      rest();
    });
    stream.on('error', (error: ServiceError) => {
      clearTimeout(timer);
      if (error.code === status.CANCELLED) resolve();
      else reject(explainCall(options.address, error));
    });
    stream.on('end', resolve);
  });
}
