import type { Message } from '../../actors/messages.js';
import { unpackBars, unpackQuotes, type InputRecord } from '../journal/records.js';
import type { ActorGraph } from './actor-graph.js';
import { followerOf } from './ids.js';
import type { Instrument } from './instrument.js';

/** Takes an input of an instrument to its definition and its actors; `tell` puts a message into the base series' mailbox. */
export function deliver(
  instrument: Instrument,
  input: InputRecord,
  graph: Pick<ActorGraph, 'extend'>,
  tell: (message: Message) => void,
): void {
  switch (input.kind) {
    case 'bars':
      for (const bar of unpackBars(input.numbers)) tell({ kind: 'bar', bar });
      return;
    case 'quotes':
      for (const quote of unpackQuotes(input.numbers)) tell({ kind: 'quote', quote });
      return;
    case 'clock':
      tell({ kind: 'clock', now: input.now });
      return;
    case 'route':
      instrument.define(input);
      tell({ kind: 'route', target: input.target, route: input.route });
      return;
    case 'unfollow': {
      const target = instrument.signalActorId(input);
      instrument.define(input);
      if (!input.isOver) return tell({ kind: 'route', target, route: undefined });
      instrument.parked.delete(target);
      tell({ kind: 'unsubscribe', actorId: target });
      return;
    }
    case 'follow': {
      const { timeframe, user } = input;
      const since = instrument.cursor.closedThrough;
      instrument.define(input);
      const actorId = followerOf(instrument, input);
      graph.extend(instrument, actorId);
      tell({ kind: 'subscribe', seriesId: instrument.seriesId(timeframe), actorId, since });
      if (user !== undefined) tell({ kind: 'route', target: actorId, route: user.route });
    }
  }
}
