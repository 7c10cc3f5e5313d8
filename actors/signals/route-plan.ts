import { parse, v5 } from 'uuid';
import { takesSequence, type Route } from './route.js';

/** Models tried beside production without serving, at most. */
export const SHADOWS_MAX = 4;

/** Models that serve a share of the bars in production's place. */
interface Canary {
  readonly route: Route;
  /** Share of the bars it serves, 0..1. */
  readonly share: number;
}

/** What a signal actor asks: production's models, and those that are tried beside them. A route alone is a plan with nothing beside. */
export interface RoutePlan extends Route {
  /** Names what is beside production; it decides, with the bar, which arm serves. */
  readonly planId?: string;
  readonly canary?: Canary;
  readonly shadows?: readonly Route[];
}

const NAMESPACE = parse('0c9a8d0e-53a4-5c53-8d6e-2f0c7f0d3b16');
const UTF8 = new TextEncoder();
const TWO_TO_32 = 2 ** 32;

/**
 * The arm that serves a bar. It follows from a hash of (tenant, symbol, timeframe, close time, plan), uniform over [0, 1),
 * so a replay gives the same one; below the canary's share the canary serves.
 */
export function servingArm(
  plan: RoutePlan,
  tenantId: string,
  symbol: string,
  timeframe: string,
  closeTime: number,
): Route {
  const { canary, planId = '' } = plan;
  if (canary === undefined) return plan;
  const name = UTF8.encode(JSON.stringify([tenantId, symbol, timeframe, closeTime, planId]));
  const hash = v5(name, NAMESPACE, new Uint8Array(16));
  const place = new DataView(hash.buffer).getUint32(0) / TWO_TO_32;
  return place < canary.share ? canary.route : plan;
}

/** All arms of a plan, production's first. */
export function armsOf(plan: RoutePlan): readonly Route[] {
  const { canary, shadows = [] } = plan;
  return canary === undefined ? [plan, ...shadows] : [plan, canary.route, ...shadows];
}

/** The arms that answer a bar beside the one that serves it. */
export function armsBeside(plan: RoutePlan, serving: Route): readonly Route[] {
  if (plan.canary === undefined && plan.shadows === undefined) return NONE;
  return armsOf(plan).filter((arm) => arm !== serving);
}

const NONE: readonly Route[] = [];

/** Whether an arm of a plan takes the sequence channels that are computed now. */
export function asksForSequences(plan: RoutePlan | undefined): boolean {
  return plan !== undefined && armsOf(plan).some(takesSequence);
}
