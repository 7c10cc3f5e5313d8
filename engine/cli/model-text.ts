import type { Model__Output as Model } from '../api/generated/suho/v1/Model.js';
import type { ModelAct__Output as ModelAct } from '../api/generated/suho/v1/ModelAct.js';
import type { ModelComparison__Output as ModelComparison } from '../api/generated/suho/v1/ModelComparison.js';
import type { ModelDetails__Output as ModelDetails } from '../api/generated/suho/v1/ModelDetails.js';
import type { ModelDifference__Output as ModelDifference } from '../api/generated/suho/v1/ModelDifference.js';
import { formatTable, percent, utc } from './table.js';

/** Whose a model is. */
function ownerOf({ level, tenant_id: tenantId, user_id: userId }: Model): string {
  if (level === 'MODEL_LEVEL_PLATFORM') return 'platform';
  return level === 'MODEL_LEVEL_USER' ? `${tenantId}/${userId}` : tenantId;
}

function statusOf({ status, share, trial }: Model): string {
  const part = share > 0 ? ` ${percent(share)}` : '';
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

export function describeModel({ model, uses, trial, history, features, ...rest }: ModelDetails): string {
  if (model === null) return '';
  const facts = [
    `${model.name} ${model.version} of ${ownerOf(model)}: ${statusOf(model)}`,
    `${model.family}, ${rest.architecture}; parent ${model.parent_version === '' ? 'none' : model.parent_version}`,
    `trained on ${model.rows} bars from ${utc(Number(model.trained_from))} to ${utc(Number(model.trained_through))}`,
    `features ${model.feature_set_version}, embedding ${model.embedding_version}, direction from ${model.primary_horizon}`,
    `file ${model.model_sha256}`,
  ];
  if (features.length > 0) facts.push(`relies most on ${features.slice(0, 5).join(', ')}`);
  const places = uses.map(({ series, tenant_id: tenantId, arm }) => `${arm} of ${series} for ${tenantId}`);
  facts.push(places.length === 0 ? 'serves nowhere' : `in use: ${places.join('; ')}`);
  const parts = [facts.join('\n')];
  if (trial !== null) parts.push(describeComparison(trial));
  parts.push(describeHistory(history));
  return parts.join('\n\n');
}

function describeHistory(history: readonly ModelAct[]): string {
  const line = (act: ModelAct): string => {
    const step = act.from_status === '' ? 'registered' : `${act.from_status} to ${act.to_status}`;
    const share = act.share > 0 ? ` with ${percent(act.share)} of the bars` : '';
    const role = act.role === '' ? '' : ` (${act.role})`;
    const reason = act.reason === '' ? '' : `: ${act.reason}`;
    return `${utc(Number(act.time))}  ${step}${share}, by ${act.who}${role}${reason}`;
  };
  return ['history, newest first:', ...history.map(line)].join('\n');
}

export function describeComparison(comparison: ModelComparison): string {
  const { version, against, horizon, bars, independent_bars: independent, own, other } = comparison;
  if (own === null || other === null || bars === '0')
    return `No bar that ${version} and ${against} both answered has an outcome over ${horizon} yet.`;
  const rows = [
    ['log-loss', own.log_loss.toFixed(4), other.log_loss.toFixed(4)],
    ['Brier score', own.brier.toFixed(4), other.brier.toFixed(4)],
    ['profit after spreads', percent(own.profit), percent(other.profit)],
    ['bars not acted on', percent(own.abstained), percent(other.abstained)],
  ];
  return [
    `${bars} bars that both answered, over ${horizon}; evidence from ${independent} that do not overlap`,
    formatTable(['', version, against], rows),
    `evidence that ${version} is better: ${evidence(comparison.better)}, worse: ${evidence(comparison.worse)}, not better by what is worth having: ${evidence(comparison.not_worth_it)}, overconfident: ${evidence(comparison.overconfident)} (1: none; 20: the odds that chance alone gives are 1 in 20 at most)`,
  ].join('\n');
}

function evidence(x: number): string {
  return x >= 1e4 ? 'over 10,000' : x.toFixed(1);
}

export function describeDifferences(
  version: string,
  against: string,
  differences: readonly ModelDifference[],
): string {
  if (differences.length === 0) return `${version} and ${against} do not differ.`;
  return formatTable(
    ['', version, against],
    differences.map(({ field, own, other }) => [field, own, other]),
  );
}
