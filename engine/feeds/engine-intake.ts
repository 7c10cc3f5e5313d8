import { barDefect } from '../../actors/market/bar.js';
import { quoteDefect } from '../../actors/market/quote.js';
import { timeframeMs } from '../../actors/market/timeframe.js';
import type { Engine, IngestResult } from '../engine.js';
import { NatsFeed } from './nats-feed.js';
import { followPublished } from './published-feed.js';
import type { PublishedIntake, PublishedResult } from './published-intake.js';

/** The engine as the one who takes what tenants publish. */
function engineIntake(engine: Engine): PublishedIntake {
  const settled = async ({ durable, ...result }: IngestResult): Promise<PublishedResult> => {
    await durable;
    await engine.backlog();
    return { ...result, conflicts: 0, skipped: [] };
  };
  const nothing = (defects: readonly (string | undefined)[]): PublishedResult | undefined =>
    defects.includes(undefined)
      ? undefined
      : {
          accepted: 0,
          duplicates: 0,
          late: 0,
          conflicts: 0,
          skipped: [],
          rejected: defects.map((reason, index) => ({ index, reason: reason! })),
        };
  return {
    publishBars: async ({ tenantId, symbol, timeframe, signalTimeframes, bars }) => {
      const rejected = nothing(bars.map((bar) => barDefect(bar, timeframeMs(timeframe))));
      if (rejected !== undefined) return rejected;
      const group = await followPublished(engine, tenantId, symbol, timeframe, signalTimeframes);
      return await settled(engine.ingestBars(group, bars));
    },
    publishQuotes: async ({ tenantId, symbol, signalTimeframes, quotes }) => {
      const rejected = nothing(quotes.map(quoteDefect));
      if (rejected !== undefined) return rejected;
      const { base } = engine.config.bars;
      const group = await followPublished(engine, tenantId, symbol, base, signalTimeframes);
      return await settled(engine.ingestQuotes(group, quotes));
    },
  };
}

/** Input from NATS into an engine. */
export function natsFeedOf(engine: Engine): NatsFeed {
  return new NatsFeed({
    intake: engineIntake(engine),
    trades: engine.feedback,
    tenants: engine.config.tenants.map(({ id }) => id),
    log: engine.log,
  });
}
