import type { Engine } from '../engine.js';
import { NatsFeed } from './nats-feed.js';

/** Input from NATS into an engine. */
export function natsFeedOf(engine: Engine): NatsFeed {
  return new NatsFeed({
    intake: engine.intake,
    trades: engine.feedback,
    tenants: engine.config.tenants.map(({ id }) => id),
    log: engine.log,
  });
}
