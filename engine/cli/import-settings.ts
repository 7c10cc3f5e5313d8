import { z } from 'zod';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { SuhoError } from '../errors.js';
import {
  IMPORT_TASKS,
  type ImportContract,
  type ImportMapping,
  type ImportTask,
} from '../learning/imported-model.js';
import type { ModelImport } from '../learning/model-import.js';

/** What the options of an import say of a file. */
export interface ImportOptions {
  readonly contract: ImportContract;
  readonly timeframe: Timeframe;
  readonly task?: ImportTask;
  readonly horizon?: (typeof HORIZONS)[number];
  readonly output?: string;
  readonly features?: string;
  readonly featureSet?: string;
  readonly sequenceVersion?: string;
  readonly trainedFrom?: number;
  readonly trainedThrough?: number;
  readonly rows?: number;
  readonly fill?: number;
  readonly logits?: boolean;
  readonly classes?: readonly number[];
  readonly classReturns?: readonly number[];
  readonly flatShare?: number;
  readonly deviation?: number;
  readonly deadZone?: number;
}
const list = z.string().transform((text) => text.split(',').map((part) => part.trim()));
const moment = z
  .union([
    z
      .string()
      .regex(/^\d{11,}$/)
      .transform(Number),
    z.string().transform((text) => Date.parse(text)),
  ])
  .pipe(z.number().int());

/** What a file's metadata may say. */
const metadataShape = z.object({
  task: z.enum(IMPORT_TASKS).optional(),
  horizon: z.string().optional(),
  /** All of them, in a file of Suho's own. */
  horizons: z
    .string()
    .transform((text) => text.replaceAll(/[[\]" ]/g, '').replaceAll(',', ', '))
    .optional(),
  timeframe: z.string().optional(),
  output: z.string().optional(),
  features: list.optional(),
  featureSet: z.string().optional(),
  sequenceVersion: z.string().optional(),
  trainedFrom: moment.optional(),
  trainedThrough: moment.optional(),
  rows: z.coerce.number().int().nonnegative().optional(),
  fill: z.coerce.number().optional(),
  logits: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  classes: list.transform((parts) => parts.map(Number)).optional(),
  classReturns: list.transform((parts) => parts.map(Number)).optional(),
  flatShare: z.coerce.number().optional(),
  deviation: z.coerce.number().optional(),
  deadZone: z.coerce.number().optional(),
});

/**
 * What is to be known of a file, from the options and, where they do not say, from its metadata. Throws `BAD_INPUT` for what neither
 * says or makes no sense, `BAD_MODEL` where they contradict each other in what it learned.
 */
export function importSettings(
  options: ImportOptions,
  metadata: Readonly<Record<string, string>>,
): Pick<ModelImport, 'mapping' | 'inputVersion' | 'trainedFrom' | 'trainedThrough' | 'rows'> {
  const parsed = metadataShape.safeParse(metadata);
  if (!parsed.success) {
    const { path: place, message } = parsed.error.issues[0]!;
    throw new SuhoError(
      'BAD_MODEL',
      `The file cannot be imported: its metadata "${place.join()}" cannot be read (${message}).`,
    );
  }
  checkLearned(options, parsed.data);
  const said = {
    ...parsed.data,
    ...options,
    features: options.features?.split(',').map((part) => part.trim()) ?? parsed.data.features,
  };
  const required = <T>(value: T | undefined, flag: string, what: string): T => {
    if (value !== undefined) return value;
    throw new SuhoError('BAD_INPUT', `Neither ${flag} nor the file's metadata says ${what}.`);
  };
  const task = required(said.task, '--task', 'what the output is');
  const horizon =
    task === 'contract' ? undefined : required(said.horizon, '--horizon', 'which horizon it predicts');
  const mapping: ImportMapping = {
    contract: options.contract,
    task,
    horizon: Math.max(
      0,
      HORIZONS.findIndex((each) => each === horizon),
    ),
    output: said.output,
    features: said.features,
    fill: said.fill,
    isLogits: said.logits ?? false,
    classes: said.classes ?? [-1, 0, 1],
    classReturns: said.classReturns ?? [0, 0, 0],
    flatShare: said.flatShare ?? 0,
    deviation: said.deviation,
    deadZone: said.deadZone ?? 0,
  };
  checkMapping(mapping);
  const trainedThrough = required(said.trainedThrough, '--trained-through', 'up to when it was trained');
  const { trainedFrom = trainedThrough } = said;
  if (trainedFrom > trainedThrough)
    throw new SuhoError(
      'BAD_INPUT',
      'The file cannot be imported: --trained-from is later than --trained-through.',
    );
  return {
    mapping,
    inputVersion:
      options.contract === 'row'
        ? required(said.featureSet, '--feature-set', 'which feature set it was trained on')
        : required(said.sequenceVersion, '--sequence-version', 'which sequence channels it was trained on'),
    trainedFrom,
    trainedThrough,
    rows: said.rows ?? 0,
  };
}

/** Throws `BAD_MODEL` when a file's metadata say that it learned something else than it is imported for. */
function checkLearned(
  { task, horizon, timeframe, featureSet, sequenceVersion }: ImportOptions,
  said: z.infer<typeof metadataShape>,
): void {
  const isContract = (task ?? said.task) === 'contract';
  const learned: readonly (readonly [what: string, its: string | undefined, wanted: string | undefined])[] = [
    isContract
      ? ['labels over', said.horizons, HORIZONS.join(', ')]
      : ['labels over', said.horizon, horizon ?? oneOf(HORIZONS, said.horizon)],
    ['bars of', said.timeframe, timeframe],
    ['feature set', said.featureSet, featureSet],
    ['sequence channels', said.sequenceVersion, sequenceVersion],
  ];
  for (const [what, its, wanted] of learned)
    if (its !== undefined && wanted !== undefined && its !== wanted)
      throw new SuhoError(
        'BAD_MODEL',
        `The file cannot be imported: its metadata say that it was trained on ${what} ${its}, not on ${wanted}.`,
      );
}

/** The one of some names that a text is, else all of them. */
function oneOf(names: readonly string[], text: string | undefined): string {
  return names.find((name) => name === text) ?? `one of ${names.join(', ')}`;
}

function checkMapping({ classes, classReturns, flatShare, deviation, deadZone }: ImportMapping): void {
  const fault =
    [...classes].sort((a, b) => a - b).join() === '-1,0,1'
      ? classReturns.length !== 3 || !classReturns.every(Number.isFinite)
        ? 'class returns are three numbers'
        : !(flatShare >= 0 && flatShare < 1)
          ? 'the share left to flat is at least 0 and below 1'
          : !(deadZone >= 0) || !(deviation === undefined || deviation > 0)
            ? 'a deviation is above 0, and a dead zone not below it'
            : undefined
      : 'classes are -1, 0 and 1 in the order of the output';
  if (fault !== undefined) throw new SuhoError('BAD_INPUT', `The file cannot be imported: ${fault}.`);
}
