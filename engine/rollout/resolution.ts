import { isOfCurrentFeatures } from '../../actors/signals/route.js';
import { SHADOWS_MAX, type RoutePlan } from '../../actors/signals/route-plan.js';
import type { Route } from '../../actors/signals/route.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import { FILE_FEED, seriesIdentity } from '../instruments/ids.js';
import { modelName, type ListedModel } from '../registry/model-registry.js';

/** For whom models are looked up. */
export interface ModelCaller {
  readonly tenantId: string;
  readonly userId?: string | undefined;
}

/** The models of a caller on a series: those in production, and those that are tried beside them. */
export interface ChosenModels {
  readonly production: ListedModel;
  readonly canary: ListedModel | undefined;
  readonly shadows: readonly ListedModel[];
}

/** How near a model is to a caller: 0 its own, 1 its tenant's, 2 the platform's; undefined for one of others. */
function nearness({ tenantId, userId }: ModelCaller, model: ModelCaller): number | undefined {
  if (model.userId !== undefined)
    return model.tenantId === tenantId && model.userId === userId ? 0 : undefined;
  if (model.tenantId === PLATFORM) return 2;
  return model.tenantId === tenantId ? 1 : undefined;
}

/**
 * The models a caller's signals on a series are made with. The nearest production model serves: the user's own before the
 * tenant's before the platform's, on each level one of the series itself before one that was trained on a file. What is
 * tried on that level or a nearer one is tried beside it. Left out are models of other features, and those that have seen
 * bars after `closedThrough`, the close time of the series' newest bar.
 */
export function chooseModels(
  models: readonly ListedModel[],
  seriesId: string,
  caller: ModelCaller,
  closedThrough: number,
): ChosenModels | undefined {
  const identity = seriesIdentity(seriesId);
  const own = modelName(identity);
  const ofFile = modelName({ ...identity, feed: FILE_FEED });
  const found = models
    .flatMap((model) => {
      const level = nearness(caller, model);
      const name = modelName(model);
      if (level === undefined || (name !== own && name !== ofFile)) return [];
      if (!isOfCurrentFeatures(model) || !(model.trainedThrough <= closedThrough)) return [];
      return [{ model, level, order: level * 2 + (name === own ? 0 : 1) }];
    })
    .sort((a, b) => a.order - b.order);
  const production = found.find(({ model }) => model.status === 'production');
  if (production === undefined) return undefined;
  const tried = found.filter(
    ({ model, level }) => level <= production.level && model.modelId !== production.model.modelId,
  );
  return {
    production: production.model,
    canary: tried.find(({ model }) => model.status === 'canary')?.model,
    shadows: tried.flatMap(({ model }) => (model.status === 'shadow' ? [model] : [])).slice(0, SHADOWS_MAX),
  };
}

/** The plan of chosen models. Its id names everything that is beside production, so equal plans have one id wherever they are made. */
export function planOf(
  { production, canary, shadows }: ChosenModels,
  routeOf: (model: ListedModel, arm: string) => Route,
): RoutePlan {
  const route = routeOf(production, 'production');
  if (canary === undefined && shadows.length === 0) return route;
  const share = canary?.traffic ?? 0;
  const names = shadows.map(({ modelId }) => modelId.slice(0, 12)).join(',');
  return {
    ...route,
    planId: `${production.modelId.slice(0, 12)}/${canary?.modelId.slice(0, 12) ?? ''}@${share}/${names}`,
    ...(canary === undefined ? {} : { canary: { route: routeOf(canary, 'canary'), share } }),
    ...(shadows.length === 0 ? {} : { shadows: shadows.map((model) => routeOf(model, 'shadow')) }),
  };
}

/** What makes two plans the same: the models of their arms and the canary's share. */
export function planKey(plan: RoutePlan): string {
  const name = ({ modelId, encoderId, version }: Route): string => `${version} ${modelId}/${encoderId}`;
  const { canary, shadows = [] } = plan;
  return [
    name(plan),
    canary === undefined ? '' : `${name(canary.route)}@${canary.share}`,
    ...shadows.map(name),
  ].join('|');
}
