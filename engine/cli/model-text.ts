import { HORIZONS } from '../../actors/features/labels.js';
import type { Model__Output as Model } from '../api/generated/suho/v1/Model.js';
import type { ModelAct__Output as ModelAct } from '../api/generated/suho/v1/ModelAct.js';
import type { ModelComparison__Output as ModelComparison } from '../api/generated/suho/v1/ModelComparison.js';
import type { ModelDetails__Output as ModelDetails } from '../api/generated/suho/v1/ModelDetails.js';
import type { TrialOutcome__Output as TrialOutcome } from '../api/generated/suho/v1/TrialOutcome.js';
import type { ModelDifference__Output as ModelDifference } from '../api/generated/suho/v1/ModelDifference.js';
import type { HorizonScore } from '../learning/evaluation.js';
import { percent } from '../rollout/decision.js';
import { formatTable, percent as rounded, utc } from './table.js';

/** Columns that the name of a fact and the time of an act take, and that a line of text has. */
const INDENT = 12;
const HISTORY_INDENT = 18;
const LINE_MAX = 110;

/** Whose a model is. */
function ownerOf({ level, tenant_id: tenantId, user_id: userId }: Model): string {
  if (level === 'MODEL_LEVEL_PLATFORM') return 'platform';
  return level === 'MODEL_LEVEL_USER' ? `${tenantId}/${userId}` : tenantId;
}

function statusOf({ status, share, trial }: Model): string {
  const part = share > 0 ? ` on ${percent(share)} of the bars` : '';
  return trial === '' ? `${status}${part}` : `${status}${part} (${trial})`;
}

export function describeModels(models: readonly Model[]): string {
  if (models.length === 0) return 'no models';
  const rows = models.map((model) => [
    model.name,
    model.version,
    ownerOf(model),
    statusOf(model),
    model.family,
    utc(Number(model.trained_through)),
    model.rows,
    model.parent_version,
  ]);
  return formatTable(
    ['name', 'version', 'whose', 'status', 'kind', 'trained through (UTC)', 'rows', 'parent'],
    rows,
  );
}

export function describeModel({
  model,
  uses,
  trial,
  history,
  features,
  outcomes,
  ...rest
}: ModelDetails): string {
  if (model === null) return '';
  const { name, version, rows, parent_version: parent, primary_horizon: horizon } = model;
  const places = uses.map(({ series, tenant_id: tenantId, arm }) => `${arm} of ${series} for ${tenantId}`);
  const facts = [
    ['kind', `${model.family}, ${rest.architecture}${parent === '' ? '' : `; after ${parent}`}`],
    [
      'trained',
      `on ${rows} bars, ${utc(Number(model.trained_from))} to ${utc(Number(model.trained_through))} UTC`,
    ],
    ['scored', scoreLine(rest.scores, horizon)],
    ['calibrated', rest.calibration],
    ['direction', `of the ${horizon} forecast`],
    ['relies on', features.slice(0, 5).join(', ')],
    ['in use', places.length === 0 ? 'nowhere' : places.join('; ')],
    ['features', `${model.feature_set_version}; embedding ${model.embedding_version}`],
    ['file', model.model_sha256],
  ];
  return [
    `${name} ${version} of ${whose(model)}: ${statusOf(model)}`,
    facts.flatMap(([key = '', value = '']) => (value === '' ? [] : [key.padEnd(INDENT) + value])).join('\n'),
    ...(trial === null ? [] : [describeComparison(trial)]),
    ...(outcomes.length === 0 ? [] : [describeOutcomes(outcomes)]),
    describeHistory(history),
  ].join('\n\n');
}

/** What would move a trial on or end it, the next step first, and how near each is. */
function describeOutcomes(outcomes: readonly TrialOutcome[]): string {
  const lines = outcomes.map(({ outcome, conditions }) => {
    const so = conditions.map(({ what, value, needed }) => `${what} ${counted(value)} of ${counted(needed)}`);
    return `  ${outcome}\n      ${so.join(', and ')}`;
  });
  return ['what would decide it', ...lines].join('\n');
}

/** Counts whole, evidence and shares with two digits after the point. */
function counted(x: number): string {
  return x >= 1e6 ? 'over a million' : `${Number(x.toFixed(x < 100 ? 2 : 0))}`;
}

function whose(model: Model): string {
  return model.level === 'MODEL_LEVEL_PLATFORM' ? 'the platform' : ownerOf(model);
}

/** How right its directions were on bars it had not seen, over one horizon. */
function scoreLine(scores: readonly string[], horizon: string): string {
  const score = scores
    .map((text) => JSON.parse(text) as HorizonScore)
    .find((each) => each.horizon === horizon);
  if (score === undefined || score.directional.samples === 0) return '';
  const { samples, accuracy, baseline } = score.directional;
  return `right on ${rounded(accuracy)} of ${samples} moves it had not seen, ${rounded(baseline)} without a model`;
}

/** Acts as they followed each other, oldest first; statuses that were passed in one act are named in one line. */
function describeHistory(history: readonly ModelAct[]): string {
  const acts: { readonly steps: ModelAct[] }[] = [];
  for (const act of history.toReversed()) {
    const last = acts.at(-1)?.steps.at(-1);
    const isSame =
      last?.who === act.who && last.reason === act.reason && Number(act.time) - Number(last.time) < 1_000;
    if (isSame) acts.at(-1)!.steps.push(act);
    else acts.push({ steps: [act] });
  }
  return ['history (UTC)', ...acts.flatMap(({ steps }) => actLines(steps))].join('\n');
}

function actLines(steps: readonly ModelAct[]): string[] {
  const { time, to_status: status, share, who, role, reason } = steps.at(-1)!;
  const isNew = steps[0]!.from_status === '' && status === 'validated';
  const part = share > 0 ? ` on ${percent(share)} of the bars` : '';
  const by = role === '' || role === 'engine' ? who : `${who}, ${role}`;
  const why = reason === '' ? [] : wrapped(reason).map((line) => ' '.repeat(HISTORY_INDENT) + line);
  return [`${utc(Number(time))}  ${isNew ? 'registered' : status}${part} (by ${by})`, ...why];
}

/** Text in lines of a terminal's width. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < LINE_MAX - HISTORY_INDENT)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

export function describeComparison(comparison: ModelComparison): string {
  const { version, against, horizon, bars, independent_bars: independent, own, other } = comparison;
  if (own === null || other === null || bars === '0')
    return `no bar that ${version} and ${against} both answered has an outcome over ${horizon} yet`;
  const rows = [
    ['log-loss, nats a bar', own.log_loss.toFixed(4), other.log_loss.toFixed(4)],
    ['Brier score', own.brier.toFixed(4), other.brier.toFixed(4)],
    ['profit after spreads', percent(own.profit), percent(other.profit)],
    ['bars not acted on', rounded(own.abstained), rounded(other.abstained)],
  ];
  const claims = [
    [`${version} is better`, comparison.better],
    [`${version} is worse`, comparison.worse],
    [`${version} is not better by what is worth having`, comparison.not_worth_it],
    [`${version} is right less often than it states`, comparison.overconfident],
  ] as const;
  return [
    `${version} beside ${against} on the ${bars} bars that both answered, by what came ${horizon} later`,
    formatTable(['', version, against], rows),
    `evidence, from ${independent} bars whose outcomes do not overlap (1: none; 100: chance alone gives as much in 1 case of 100 at most)`,
    ...claims.map(([claim, value]) => `  ${evidence(value).padStart(12)}  ${claim}`),
  ].join('\n');
}

function evidence(x: number): string {
  return x >= 1e4 ? 'over 10,000' : x.toFixed(x < 100 ? 1 : 0);
}

export function describeDifferences(
  version: string,
  against: string,
  differences: readonly ModelDifference[],
): string {
  if (differences.length === 0) return `${version} and ${against} do not differ.`;
  return formatTable(
    ['', version, against],
    differences.map(({ field, own, other }) => [NAMES[field] ?? field, told(field, own), told(field, other)]),
  );
}

/** Fields of a registered model in words. */
const NAMES: Readonly<Record<string, string>> = {
  parentVersion: 'after',
  trainedFrom: 'trained from (UTC)',
  trainedThrough: 'trained through (UTC)',
  anomalyScale: 'anomaly scale',
  modelId: 'file',
  encoderId: 'encoder',
  primaryHorizon: 'direction from',
  featureSetVersion: 'features',
  embeddingVersion: 'embedding',
};

/** A value of a field as people read it. */
function told(field: string, value: string): string {
  if (value === 'null' || value === '') return 'none';
  if (field === 'trainedFrom' || field === 'trainedThrough') return utc(Number(value));
  if (field === 'primaryHorizon') return HORIZONS[Number(value)] ?? value;
  if (field === 'anomalyScale') return Number(value).toPrecision(4);
  return field === 'modelId' || field === 'encoderId' ? value.slice(0, 16) : value.replaceAll(', ', ',\n');
}
