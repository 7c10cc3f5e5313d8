import { status, type ServiceError } from '@grpc/grpc-js';
import { Command, InvalidArgumentError } from 'commander';
import { parseTimeframe } from '../../actors/market/timeframe.js';
import { toProtoTimeframe } from '../api/fields.js';
import type { SignalUpdate__Output as SignalUpdate } from '../api/generated/suho/v1/SignalUpdate.js';
import { readSignal } from '../api/signal-encoding.js';
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
      const client = connect(options.address, 'SignalService');
      const open = (resumeAfter: number | undefined): Stream =>
        callStream<SignalUpdate>(client, 'StreamSignals', {
          symbols: options.symbol ?? [],
          timeframes,
          slow_policy: options.latest === true ? 'SLOW_POLICY_LATEST_PER_SERIES' : 'SLOW_POLICY_KEEP_ALL',
          only_actionable: options.actionable === true,
          ...(resumeAfter === undefined ? {} : { resume_after: resumeAfter }),
        });
      if (options.json !== true) process.stdout.write(`${SIGNAL_HEADER}\n`);
      const from = options.resumeAfter ?? (options.follow === true ? undefined : 0);
      try {
        const oldest = await show(open(from), options, from === 0);
        if (oldest !== undefined) await show(open(oldest), options, false);
      } finally {
        client.close();
      }
    });
}

type Stream = ReturnType<typeof callStream<SignalUpdate>>;

/** Milliseconds without a signal after which the stored ones are taken to be shown. */
const QUIET_MS = 700;

/**
 * Shows a stream to its end. Returns the cursor to begin with instead when the stream was to begin with the oldest
 * signal (`fromOldest`) and some are no longer kept.
 */
async function show(stream: Stream, options: Options, fromOldest: boolean): Promise<number | undefined> {
  const cancel = (): void => stream.cancel();
  process.once('SIGINT', cancel);
  let timer: NodeJS.Timeout | undefined;
  const rest = (): void => {
    if (options.follow === true) return;
    clearTimeout(timer);
    timer = setTimeout(cancel, QUIET_MS);
  };
  try {
    return await new Promise<number | undefined>((resolve, reject) => {
      stream.on('metadata', rest);
      stream.on('data', (update: SignalUpdate) => {
        process.stdout.write(lineOf(update, options));
        rest();
      });
      stream.on('error', (error: ServiceError) => {
        const [oldest] = error.metadata.get('suho-resume-after');
        if (error.code === status.CANCELLED) resolve(undefined);
        else if (error.code === status.OUT_OF_RANGE && fromOldest && oldest !== undefined)
          resolve(Number(oldest));
        else reject(explainCall(options.address, error));
      });
      stream.on('end', () => resolve(undefined));
    });
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', cancel);
  }
}

function lineOf({ signal, skipped }: SignalUpdate, options: Options): string {
  if (signal === null) return '';
  const shown = readSignal(signal);
  if (options.json === true) return `${JSON.stringify(shown)}\n`;
  return `${signalLine(shown)}${skipped === '0' ? '' : ` (${skipped} skipped before it)`}\n`;
}
