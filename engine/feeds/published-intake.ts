import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';

/** What became of each row of a message. */
export interface PublishedResult {
  readonly accepted: number;
  readonly duplicates: number;
  readonly late: number;
  readonly conflicts: number;
  readonly skipped: readonly { readonly index: number; readonly reason: string }[];
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}

interface Published {
  readonly tenantId: string;
  readonly symbol: string;
  readonly signalTimeframes: readonly Timeframe[];
}

/** Where what a tenant publishes goes. Both settle when what was accepted is durable. */
export interface PublishedIntake {
  publishBars(
    input: Published & { readonly timeframe: Timeframe; readonly bars: readonly Bar[] },
  ): Promise<PublishedResult>;
  publishQuotes(input: Published & { readonly quotes: readonly Quote[] }): Promise<PublishedResult>;
}
