import { Command } from 'commander';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { DEFAULT_TENANT } from '../api/authentication.js';
import { latestSignalOf } from '../api/engine-adapter.js';
import { signalJson, type SignalJson } from '../api/signal-encoding.js';
import { barsNeeded } from '../learning/history-needed.js';
import { replay, type ReplayReport } from '../replay.js';
import { FILE_HELP, addFileOptions, openInput, sayRefusals, type FileOptions } from './file-options.js';
import { countOption, dataOption, jsonOption, symbolOption, timeframeOption } from './options.js';
import { startCounter } from './progress.js';
import { scoreTable } from './score-table.js';
import { withEngine } from './session.js';
import { SIGNAL_HEADER, signalLine } from './signal-line.js';
import { percent } from './table.js';

interface Options extends FileOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly data: string;
  readonly json?: boolean;
  readonly trainAfter: number;
  readonly retrainEvery: number;
}

export function replayCommand(): Command {
  const command = new Command('replay')
    .description(
      'play a file of bars or quotes through the engine, training walk-forward, and report how good the signals were',
    )
    .argument('<file>', FILE_HELP)
    .addOption(symbolOption())
    .addOption(timeframeOption('timeframe of the bars, or to build from quotes'));
  return addFileOptions(command)
    .addOption(dataOption())
    .addOption(
      countOption(
        '--train-after <bars>',
        'bars before the first training, at least as many as the timeframe needs',
        0,
      ).default(0, 'as many as the timeframe needs'),
    )
    .addOption(
      countOption(
        '--retrain-every <bars>',
        'bars between two trainings; earlier when they have doubled since the last',
        6000,
      ),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho replay EURUSD_h1.csv.gz --symbol EURUSD --timeframe 1h --data eurusd
  suho replay ticks.csv --symbol EUR/USD --timeframe 1m --data ticks --json > report.json
  suho sql predictions 'SELECT count(*) FROM ml_predictions' --data eurusd`,
    )
    .action(async (file: string, options: Options) => {
      const input = await openInput(file, options);
      const counter = startCounter('replay');
      const { report, newest } = await withEngine(
        { data: options.data, bars: { base: options.timeframe } },
        { waitForEvidence: true },
        async (engine) => {
          const played = await replay(engine, {
            ...options,
            file,
            input,
            tenantId: DEFAULT_TENANT,
            onProgress: (rows, stage) => counter.update(rows, stage),
          });
          const of = { tenantId: DEFAULT_TENANT };
          const signal = latestSignalOf(engine, of, options.symbol, options.timeframe);
          return { report: played, newest: signal && signalJson(signal.sequence, signal.signal) };
        },
      ).finally(() => counter.stop());
      sayRefusals(report);
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ...report, newestSignal: newest ?? null })}\n`
          : describe(report, newest),
      );
    });
}

function describe(report: ReplayReport, newest: SignalJson | undefined): string {
  const { acted } = report;
  return [
    `${report.symbol} ${report.timeframe}: ${report.bars} bars (${report.newBars} new, ${report.duplicates} known, ${report.rejected} rejected), ${report.featureRows} feature rows`,
    `${report.predictions} predictions by ${report.models} ${report.models === 1 ? 'model' : 'models'}, ${report.resolved} resolved; ${Math.round(report.barsPerSecond)} bars/s, evidence p50 ${report.latencyMs.p50.toFixed(2)} ms, p99 ${report.latencyMs.p99.toFixed(2)} ms`,
    ...(report.resolved === 0 ? [] : [scoreTable('samples', Object.values(report.accuracy))]),
    ...(newest === undefined ? [] : [`newest signal\n${SIGNAL_HEADER}\n${signalLine(newest)}\n`]),
    report.models === 0
      ? `There are no signals: the first model is trained once there are ${barsNeeded(report.timeframe)} bars, or --train-after.`
      : acted.samples === 0
        ? 'It never acted: no model showed skill beyond the baseline.'
        : `It acted on ${percent(acted.share)} of the bars and was right on ${percent(acted.accuracy)} of ${acted.samples} (${percent(acted.interval[0])} to ${percent(acted.interval[1])}).`,
    '',
  ].join('\n');
}
