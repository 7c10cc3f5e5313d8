import type { Timeframe } from '../../actors/market/timeframe.js';

/** A wish for signals: for a tenant, on a timeframe of a feed's symbol. */
export interface FollowRequest {
  readonly feed: string;
  /** Tenant of a private feed; undefined for a shared one. */
  readonly owner?: string | undefined;
  readonly symbol: string;
  /** Timeframe of the bars that come, or that quotes are built into; fixed by the first request. */
  readonly base: Timeframe;
  /** Name of the calendar its bars lie on, by default the symbol's; fixed by the first request too. */
  readonly calendar?: string | undefined;
  readonly tenantId: string;
  readonly timeframe: Timeframe;
}
