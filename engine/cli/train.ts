import { Command } from 'commander';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { DEFAULT_TENANT } from '../api/authentication.js';
import { FILE_FEED } from '../instruments/ids.js';
import { replay } from '../replay.js';
import type { ModelRecord } from '../registry/model-registry.js';
import { FILE_HELP, addFileOptions, openInput, sayRefusals, type FileOptions } from './file-options.js';
import { dataOption, jsonOption, symbolOption, timeframeOption } from './options.js';
import { startCounter } from './progress.js';
import { scoreTable } from './score-table.js';
import { withEngine } from './session.js';
import { percent, utc } from './table.js';

interface Options extends FileOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly data: string;
  readonly json?: boolean;
}

export function trainCommand(): Command {
  const command = new Command('train')
    .description('train models on a file of bars or quotes and report whether they found skill')
    .argument('<file>', FILE_HELP)
    .addOption(symbolOption())
    .addOption(timeframeOption('timeframe of the bars, or to build from quotes'));
  return addFileOptions(command)
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  suho train EURUSD_h1.csv.gz --symbol EURUSD --timeframe 1h --data eurusd',
    )
    .action(async (file: string, options: Options) => {
      const input = await openInput(file, options);
      const counter = startCounter('train');
      const { record, read } = await withEngine(
        { data: options.data, bars: { base: options.timeframe } },
        { waitForEvidence: true },
        async (engine) => {
          const played = await replay(engine, {
            ...options,
            file,
            input,
            tenantId: DEFAULT_TENANT,
            trainAfter: Infinity,
            retrainEvery: Infinity,
            onProgress: (rows, stage) => counter.update(rows, stage),
          });
          const seriesId = engine.instruments.get(`${FILE_FEED}/${options.symbol}`)!.base;
          const through = engine.instruments.closedThrough(seriesId);
          const trained = await engine.training.train(seriesId, through, (done, total, stage) =>
            counter.update(done, `${stage} ${done}/${total}`),
          );
          return { record: trained.record, read: played };
        },
      ).finally(() => counter.stop());
      sayRefusals(read);
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ...record, verdict: verdict(record), reading: read.reading, refusals: read.refusals })}\n`
          : describe(record),
      );
    });
}

/** What the training found, in words. */
function verdict(record: ModelRecord): string {
  const found = record.scores.filter((_, horizon) => record.edge[horizon] === true);
  if (found.length === 0) {
    return 'It found nothing: on no horizon did it tell up from down better than chance does. The engine will abstain rather than trade on this model.';
  }
  const parts = found.map(
    ({ horizon, directional: { accuracy, baseline, z } }) =>
      `${horizon} (the direction of ${percent(accuracy)} of the moves, against ${percent(baseline)} for always saying the commoner one; ${z.toFixed(1)} standard errors)`,
  );
  return `It found skill over ${parts.join(' and ')}.`;
}

function describe(record: ModelRecord): string {
  return [
    `Model ${record.version} of ${record.symbol} ${record.timeframe}, trained on ${record.rows} bars from ${utc(record.trainedFrom)} to ${utc(record.trainedThrough)}`,
    scoreTable('walk-forward samples', record.scores),
    verdict(record),
    '',
  ].join('\n');
}
