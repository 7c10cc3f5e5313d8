import { Command, Option } from 'commander';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { DEFAULT_TENANT } from '../api/authentication.js';
import { FILE_FEED } from '../instruments/ids.js';
import { replay } from '../replay.js';
import { calibrationInWords } from '../learning/families/calibrated.js';
import { TRAINABLE, type Trainable } from '../learning/families/names.js';
import type { ModelRecord } from '../registry/model-registry.js';
import { FILE_HELP, addFileOptions, openInput, sayRefusals, type FileOptions } from './file-options.js';
import { dataOption, jsonOption, symbolOption, timeframeOption } from './options.js';
import { startCounter } from './progress.js';
import { scoreTable } from './score-table.js';
import { withEngine } from './session.js';
import { formatTable, percent, utc } from './table.js';

interface Options extends FileOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly data: string;
  readonly family: Trainable;
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
    .addOption(
      new Option(
        '--family <family>',
        'kind of model; auto tries all that fit and keeps the best, or those it cannot tell from it',
      )
        .choices(TRAINABLE)
        .default('auto'),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  suho train EURUSD_h1.csv.gz --symbol EURUSD --timeframe 1h --data eurusd',
    )
    .action(async (file: string, options: Options) => {
      const input = await openInput(file, options);
      const counter = startCounter('train');
      const { record, read } = await withEngine(
        { data: options.data, bars: { base: options.timeframe }, training: { family: options.family } },
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
  const { families, skillZ } = record.tried;
  const bar =
    families > 1
      ? ` With ${families} kinds of model tried, it takes ${skillZ} standard errors on rows that neither fitting nor choosing saw.`
      : '';
  if (found.length === 0) {
    return `It found nothing: on no horizon did it tell up from down better than chance does.${bar} The engine will abstain rather than trade on this model.`;
  }
  const parts = found.map(
    ({ horizon, directional: { accuracy, baseline, z } }) =>
      `${horizon} (the direction of ${percent(accuracy)} of the moves, against ${percent(baseline)} for always saying the commoner one; ${z.toFixed(1)} standard errors)`,
  );
  return `It found skill over ${parts.join(' and ')}.${bar}`;
}

/** What each kind of model was worth, and which one it is. */
function worth({ family, tried }: ModelRecord): string[] {
  if (tried.worth.length === 0) return [`Kind of model: ${family}.`];
  const rows = tried.worth.map((each) => [
    each.family,
    each.logLoss.toFixed(4),
    (each.baseLogLoss - each.logLoss).toFixed(4),
    `${each.chosen} of ${each.fits}`,
  ]);
  const head = ['kind of model', 'validation log-loss', 'better than base rates by', 'kept in'];
  const why =
    family === 'ensemble'
      ? 'the mean of the kinds that the newest validation rows cannot tell from the best'
      : 'the best on the newest validation rows';
  return [formatTable(head, rows), `Kept: ${family}, ${why}.`];
}

/** What the probabilities are worth, and what they rest on. */
function quality({ scores, calibratedBy, importance }: ModelRecord): string[] {
  const rows = scores.flatMap(({ horizon, probabilities: p }) =>
    p === undefined
      ? []
      : [
          [
            horizon,
            `${p.logLoss.toFixed(4)} / ${p.baseLogLoss.toFixed(4)}`,
            `${p.brier.toFixed(4)} / ${p.baseBrier.toFixed(4)}`,
            percent(p.calibrationError),
          ],
        ],
  );
  const strongest = importance.slice(0, 5).map(({ feature }) => feature);
  return [
    formatTable(['horizon', 'log-loss / of base rates', 'Brier / of base rates', 'calibration error'], rows),
    ...(calibratedBy === undefined
      ? []
      : [`Its probabilities are calibrated ${calibrationInWords(calibratedBy)}.`]),
    ...(strongest.length === 0 ? [] : [`It relies most on ${strongest.join(', ')}.`]),
  ];
}

function describe(record: ModelRecord): string {
  return [
    `Model ${record.version} of ${record.symbol} ${record.timeframe}, trained on ${record.rows} bars from ${utc(record.trainedFrom)} to ${utc(record.trainedThrough)}`,
    ...worth(record),
    scoreTable('walk-forward samples', record.scores),
    ...quality(record),
    verdict(record),
    '',
  ].join('\n');
}
