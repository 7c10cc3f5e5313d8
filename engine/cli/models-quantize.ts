import { readFile, writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { parseTimeframe } from '../../actors/market/timeframe.js';
import { calendarOfRule } from '../calendars.js';
import { SuhoError, messageOf } from '../errors.js';
import { closedBars } from '../files/closed-bars.js';
import { buildDataset, type Dataset } from '../learning/dataset.js';
import { summariseOnnx } from '../learning/onnx/model-format.js';
import { PRECISIONS, type Precision } from '../learning/onnx/quantization.js';
import { quantizeWithin, type QuantizedWorth } from '../learning/quantized-worth.js';
import { FILE_HELP, addFileOptions, openInput, sayRefusals, type FileOptions } from './file-options.js';
import { jsonOption, symbolSelectOption } from './options.js';
import { formatTable } from './table.js';
import { writeWhole } from './whole-file.js';

interface Options extends FileOptions {
  readonly symbol?: string;
  readonly to: Precision;
  readonly out: string;
  readonly lossMax: number;
  readonly json?: boolean;
}

/** `suho models quantize`: a model's file with smaller weights, measured on history. */
export function modelsQuantizeCommand(): Command {
  const command = new Command('quantize')
    .description('store a model in fewer bits; says what that changes, and refuses what costs too much')
    .argument('<model>', 'ONNX file of a model that was trained here')
    .argument('<file>', `history to measure it on: ${FILE_HELP}`)
    .addOption(
      new Option('--to <precision>', 'int8 weights, products in integers; or fp16 weights')
        .choices(PRECISIONS)
        .default('int8'),
    )
    .requiredOption('--out <file>', 'the file to write')
    .addOption(
      new Option('--loss-max <nats>', 'growth of the log-loss above which it is refused')
        .argParser(readLoss)
        .default(0.001),
    )
    .addOption(symbolSelectOption());
  return addFileOptions(command)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  suho models quantize model.onnx EURUSD_h1.csv.gz --out small.onnx')
    .action(async (model: string, file: string, options: Options) => {
      const bytes = await readFile(model).catch((error: unknown) => {
        throw new SuhoError('BAD_FILE', `${model} cannot be read: ${messageOf(error)}.`);
      });
      const { timeframe = '', trainedThrough = '' } = metadataOf(bytes, model);
      const dataset = await datasetOf(file, timeframe, options);
      const worth = await quantizeWithin(bytes, dataset, {
        precision: options.to,
        lossMax: options.lossMax,
        trainedThrough: Number(trainedThrough),
      });
      await writeWhole(options.out, async (temporary) => await writeFile(temporary, worth.model));
      process.stdout.write(options.json === true ? `${asJson(worth, options)}\n` : describe(worth, options));
    });
}

function readLoss(text: string): number {
  const loss = Number(text);
  if (text.trim() === '' || !(loss >= 0))
    throw new InvalidArgumentError(`"${text}" is not a number of 0 or more.`);
  return loss;
}

function metadataOf(bytes: Uint8Array, model: string): Readonly<Record<string, string>> {
  try {
    return summariseOnnx(bytes).metadata;
  } catch (error) {
    throw new SuhoError('BAD_MODEL', `${model} is not an ONNX file: ${messageOf(error)}.`);
  }
}

async function datasetOf(file: string, timeframe: string, options: Options): Promise<Dataset> {
  const known = parseTimeframe(timeframe);
  if (known === undefined)
    throw new SuhoError(
      'BAD_MODEL',
      'The file does not say which timeframe it was trained on; it was not trained here.',
    );
  const input = await openInput(file, { ...options, timeframe: known });
  const bars: Bar[] = [];
  for await (const chunk of closedBars(input, known, 'bid')) bars.push(...chunk);
  sayRefusals(input.report());
  const dataset = buildDataset(bars, BarGrid.of(known, calendarOfRule(input.calendar)));
  if (dataset.rows < 100)
    throw new SuhoError(
      'BAD_INPUT',
      `${file} has ${bars.length} ${known} bars; 300 are needed to measure on.`,
    );
  return dataset;
}

function asJson(worth: QuantizedWorth, { out, to }: Options): string {
  const { rows, seen, matrices, before, after } = worth;
  return JSON.stringify({ out, precision: to, rows, seen, matrices, before, after });
}

function describe({ rows, seen, matrices, before, after }: QuantizedWorth, { out, to }: Options): string {
  const row = (name: string, of: (worth: typeof before) => string): string[] => [name, of(before), of(after)];
  const table = formatTable(
    ['', 'before', to],
    [
      row('bytes', ({ bytes }) => String(bytes)),
      row('log-loss', ({ logLoss }) => logLoss.toFixed(5)),
      row('µs for one row', ({ microsecondsAlone }) => microsecondsAlone.toFixed(0)),
      row('µs for 64 rows', ({ microsecondsTogether }) => microsecondsTogether.toFixed(0)),
    ],
  );
  return `${table}\n${matrices} matrices, measured on ${rows} rows ${seen ? 'that it was trained on' : 'that it has not seen'}: ${out}\n`;
}
