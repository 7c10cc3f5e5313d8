import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { Route } from '../../actors/signals/route.js';
import { armsOf } from '../../actors/signals/route-plan.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { ActorGraph } from './actor-graph.js';
import { seriesIdentity } from './ids.js';
import type { Instruments } from './instruments.js';

/** Ids of the series that some tenant has signals on. */
export function servedSeries(instruments: Pick<Instruments, 'all'>): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const instrument of instruments.all())
    for (const { timeframe } of instrument.definition.signals) ids.add(instrument.seriesId(timeframe));
  return ids;
}

/** A series, and whose models of it are trained again. */
export interface TrainedSeries {
  readonly seriesId: string;
  readonly owner: SignalOwner;
}

/** Series with signals, each for its owner, and for every tenant and user whose own model is in use there. */
export function trainedSeries(instruments: Pick<Instruments, 'all'>): readonly TrainedSeries[] {
  const found = new Map<string, TrainedSeries>();
  const add = (seriesId: string, owner: SignalOwner): void =>
    void found.set(JSON.stringify([seriesId, owner.tenantId, owner.userId]), { seriesId, owner });
  for (const instrument of instruments.all()) {
    const { signals, userSignals = [] } = instrument.definition;
    for (const { timeframe, route } of [...signals, ...userSignals]) {
      const seriesId = instrument.seriesId(timeframe);
      add(seriesId, { tenantId: instrument.definition.owner });
      if (route !== undefined) add(seriesId, ownerOfModel(route, seriesId));
    }
  }
  return [...found.values()];
}

/** Whose the model of a route is on a series: the platform's counts as the series' owner's. */
export function ownerOfModel({ level, trainedOn }: Route, seriesId: string): SignalOwner {
  if (level !== undefined) return level;
  const { tenantId } = seriesIdentity(trainedOn ?? seriesId);
  return { tenantId: tenantId === PLATFORM ? seriesIdentity(seriesId).tenantId : tenantId };
}

/** Whether a model of an owner has a part in signals on a series; undefined where there are none with a model here. */
export function isInUse(
  graph: Pick<ActorGraph, 'series' | 'signal'>,
  of: { readonly seriesId: string; readonly modelId: string } & SignalOwner,
): boolean | undefined {
  const { seriesId, modelId, tenantId, userId } = of;
  const actors = graph.series(seriesId)?.topology.subscribers ?? [];
  const arms = actors.flatMap((id) => graph.signal(id)?.route ?? []).flatMap(armsOf);
  if (arms.length === 0) return undefined;
  return arms.some((arm) => {
    const owner = ownerOfModel(arm, seriesId);
    return arm.modelId === modelId && owner.tenantId === tenantId && owner.userId === userId;
  });
}

/** Tenants that publish or follow instruments, those that are configured, and the platform. */
export function tenantsOf(instruments: Pick<Instruments, 'all'>, configured: readonly string[]): string[] {
  const ids = new Set([PLATFORM, ...configured]);
  for (const { definition } of instruments.all()) {
    ids.add(definition.owner);
    for (const { tenantId } of definition.signals) ids.add(tenantId);
  }
  return [...ids];
}

/** The same tenants, and users that have or had signals of their own. */
export function ownersOf(
  instruments: Pick<Instruments, 'all'>,
  configured: readonly string[],
): readonly SignalOwner[] {
  const users = new Map<string, SignalOwner>();
  for (const { definition } of instruments.all())
    for (const { tenantId, userId } of [
      ...(definition.userSignals ?? []),
      ...(definition.pastUserSignals ?? []),
    ])
      users.set(JSON.stringify([tenantId, userId]), { tenantId, userId });
  return [...tenantsOf(instruments, configured).map((tenantId) => ({ tenantId })), ...users.values()];
}
