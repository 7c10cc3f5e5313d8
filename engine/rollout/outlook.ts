import { SHADOWS_MAX } from '../../actors/signals/route-plan.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import { modelName, type ListedModel, type ModelAct } from '../registry/model-registry.js';
import { percent } from './decision.js';

/** What an act would do: either why it is refused, or what happens. */
export interface Outlook {
  /** One sentence: from what to what, from which bar on, and what is left behind. */
  readonly sentence: string;
  /** Why the registry would refuse it; undefined when it would not. */
  readonly refusal: string | undefined;
}

/** What an act on a model meets. */
export interface Surroundings {
  /** Models of the same name, of whatever level the caller sees, this one among them. */
  readonly models: readonly ListedModel[];
  /** The model of the same level that was production before; undefined when there was none. */
  readonly before: ListedModel | undefined;
  /** The first bar it takes effect with, as a clause: "the first bar that closes after 2024-08-22 16:00 UTC". */
  readonly firstBar: string;
}

type Status = ListedModel['status'];

const TRIED: readonly Status[] = ['shadow', 'canary'];
/** Statuses from which a model may become a shadow or canary: those before are passed on the way. */
const UNTRIED: readonly Status[] = ['draft', 'validated', 'staging'];

/** What of the same level and name stands beside a model. */
function besideOf(model: ListedModel, { models }: Surroundings) {
  const others = models.filter(
    (other) =>
      other.tenantId === model.tenantId &&
      other.userId === model.userId &&
      modelName(other) === modelName(model) &&
      other.version !== model.version,
  );
  return {
    production: others.find(({ status }) => status === 'production'),
    canary: others.find(({ status }) => status === 'canary'),
    shadows: others.filter(({ status }) => status === 'shadow').length,
  };
}

/** What an act on a model would do, in the words that a person confirms. The registry itself has the last word. */
export function outlookOf(model: ListedModel, act: ModelAct, around: Surroundings): Outlook {
  return { sentence: sentenceOf(model, act, around), refusal: refusalOf(model, act, around) };
}

function refusalOf(model: ListedModel, act: ModelAct, around: Surroundings): string | undefined {
  const { version, status } = model;
  const { canary, shadows } = besideOf(model, around);
  const is = `${version} is ${status}`;
  if (status === 'archived') return `${is}, and archived is the end.`;
  const hasOtherCanary =
    canary === undefined ? undefined : `${canary.version} is the canary; decide about that one first.`;
  switch (act.kind) {
    case 'promote':
      if (status === 'production') return `${is} already.`;
      return status === 'deprecated' || status === 'canary' ? undefined : hasOtherCanary;
    case 'shadow':
      // A shadow that stays one may be decided in another way.
      if (status === 'shadow') return undefined;
      if (!UNTRIED.includes(status)) return `${is}, which cannot become a shadow.`;
      return shadows < SHADOWS_MAX
        ? undefined
        : `${SHADOWS_MAX} shadows run already; withdraw or archive one first.`;
    case 'canary':
      if (!UNTRIED.includes(status) && !TRIED.includes(status)) return `${is}, which cannot become a canary.`;
      return hasOtherCanary;
    case 'withdraw':
      if (TRIED.includes(status)) return undefined;
      if (status !== 'production') return `${is}, so there is no trial to end.`;
      return model.userId !== undefined || behind(model, around) !== undefined
        ? undefined
        : `${is}, and no other model would serve in its place; promote another or roll back.`;
    case 'rollback':
      if (status !== 'production') return `${is}; a rollback is from production.`;
      return around.before === undefined
        ? 'Nothing was production before, so there is nothing to roll back to.'
        : undefined;
    case 'archive':
      return status === 'production' ? `${is}; promote another or roll back first.` : undefined;
    case 'stage':
      return UNTRIED.includes(status) ? undefined : `${is}, which is past staging.`;
  }
}

function sentenceOf(model: ListedModel, act: ModelAct, around: Surroundings): string {
  const { version } = model;
  const { firstBar } = around;
  const { production } = besideOf(model, around);
  const from = `${version} of ${modelName(model)} goes from ${statusOf(model)}`;
  const stays =
    production === undefined ? 'production stays as it is' : `${production.version} stays production`;
  switch (act.kind) {
    case 'promote':
      return `${from} to production and serves every bar from ${firstBar} on; ${leftBehind(model, around)}`;
    case 'shadow':
      if (model.status === 'shadow')
        return `${version} of ${modelName(model)} stays a shadow. ${endOf(act.trial)}`;
      return `${from} to shadow: from ${firstBar} on it answers every bar and serves none; ${stays}. ${endOf(act.trial)}`;
    case 'canary':
      return `${from} to canary and serves ${percent(act.share)} of the bars from ${firstBar} on; ${stays} and serves the others. ${endOf(act.trial)}`;
    case 'withdraw':
      if (model.status === 'production')
        return `${from} to deprecated and serves no bar from ${firstBar} on; ${inItsPlace(model, around)}`;
      return `${from} back to staging: its trial ends before ${firstBar}; ${stays}, and what came of its forecasts stays on record.`;
    case 'rollback':
      return `${around.before?.version ?? 'The one before'} is production again from ${firstBar} on; ${version} is left behind as deprecated and can be promoted again.`;
    case 'archive':
      return `${from} to archived for good: it can never serve or be tried again; its files and its history stay.`;
    case 'stage':
      return `${from} to staging; nothing that serves changes.`;
  }
}

/** The production model of the next level behind a model's. */
function behind(model: ListedModel, { models }: Surroundings): ListedModel | undefined {
  const serving = models.filter(({ status }) => status === 'production');
  return (
    serving.find(
      (other) =>
        other.tenantId === model.tenantId && other.userId === undefined && model.userId !== undefined,
    ) ?? serving.find((other) => other.tenantId === PLATFORM && model.tenantId !== PLATFORM)
  );
}

function inItsPlace(model: ListedModel, around: Surroundings): string {
  const next = behind(model, around);
  const signals = model.userId === undefined ? '' : ' The user has the signals of the tenant again.';
  return next === undefined
    ? `no other model serves in its place.${signals}`
    : `${next.version} of the ${next.tenantId === PLATFORM ? 'platform' : 'tenant'} serves in its place.${signals}`;
}

function leftBehind(model: ListedModel, around: Surroundings): string {
  const { production } = besideOf(model, around);
  if (production !== undefined)
    return `${production.version} is left behind as deprecated and can be rolled back to.`;
  const farther = around.models.find(
    (other) => other.status === 'production' && other.tenantId !== model.tenantId,
  );
  return farther === undefined
    ? 'nothing served before it, so there is nothing to roll back to.'
    : `${farther.version} of the ${farther.tenantId} is no longer asked here and stays production for others.`;
}

function endOf(trial: { readonly kind: 'challenger' | 'ab' | 'manual'; readonly until?: number }): string {
  switch (trial.kind) {
    case 'challenger':
      return 'Outcomes move it on or out by themselves.';
    case 'ab':
      return 'The first to gather enough evidence wins; without a winner production stays when the time is up.';
    case 'manual':
      return 'A person ends it, or a guardrail when it is broken.';
  }
}

function statusOf({ status, traffic }: ListedModel): string {
  return traffic === undefined ? status : `${status} with ${percent(traffic)} of the bars`;
}
