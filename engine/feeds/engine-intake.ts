import { SYSTEM_CLOCK } from '../clock.js';
import type { Engine } from '../engine.js';
import { NatsFeed } from './nats-feed.js';
import { PolygonFeed } from './polygon/polygon-feed.js';

/** Input from NATS into an engine. */
export function natsFeedOf(engine: Engine): NatsFeed {
  return new NatsFeed({
    intake: engine.intake,
    trades: engine.feedback,
    tenants: engine.config.tenants.map(({ id }) => id),
    log: engine.log,
  });
}

/** Live market data of Polygon into an engine, seen in its health. */
export function polygonFeedOf(engine: Engine, key: string, clock = SYSTEM_CLOCK): PolygonFeed {
  const { instruments, intake, log } = engine;
  const feed = new PolygonFeed({ instruments, intake, settings: engine.config.polygon, key, clock, log });
  engine.sources.add(() => feed.sources);
  return feed;
}
