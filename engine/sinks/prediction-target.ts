import type { Cache } from '../cache/cache.js';
import type { Journal } from '../journal/journal.js';
import type { PredictionEvent } from '../journal/records.js';
import type { NatsMessaging } from '../messaging/nats.js';
import type { PredictionStore } from '../prediction-store/prediction-store.js';
import type { SinkTarget } from './sink.js';

type SignalEvent = Extract<PredictionEvent, { readonly kind: 'signal' }>;

const STORE_BATCH = 4_000;
const NATS_BATCH = 1_000;

function describe(event: PredictionEvent): { readonly key: string; readonly tenantId: string } {
  switch (event.kind) {
    case 'signal':
    case 'answer':
      return { key: event.signal.predictionId, tenantId: event.signal.tenantId };
    case 'outcome':
      return { key: event.predictionId, tenantId: event.tenantId };
    case 'trade':
      return { key: event.trade.tradeId, tenantId: event.trade.tenantId };
  }
}

/** Whether it is a signal for a whole tenant: what all of the tenant read holds nothing of single users. */
function isOfTenant(entry: { place: number; record: PredictionEvent }): entry is {
  place: number;
  record: SignalEvent;
} {
  return entry.record.kind === 'signal' && entry.record.signal.userId === undefined;
}

/** Signals, outcomes and trades to the prediction store. */
export function predictionTarget(
  journal: Journal,
  predictions: Pick<PredictionStore, 'write'>,
): SinkTarget<PredictionEvent> {
  return {
    name: 'predictions',
    topic: 'predictions',
    batch: STORE_BATCH,
    read: async (offset, limit) => await journal.predictions.after(offset, limit),
    write: async (events) => await predictions.write(events),
    describe,
  };
}

/** Signals alone, to those who wait for them. */
function signalTarget(
  journal: Journal,
  target: Pick<SinkTarget<SignalEvent>, 'name' | 'batch' | 'fromNow' | 'write'>,
): SinkTarget<SignalEvent> {
  return {
    ...target,
    topic: 'predictions',
    lingerMs: 0,
    read: async (offset, limit) => {
      const page = await journal.predictions.after(offset, limit);
      return { ...page, entries: page.entries.filter(isOfTenant) };
    },
    describe,
  };
}

/** The newest signal of each series to the cache. */
export function cachedSignalTarget(journal: Journal, cache: Cache): SinkTarget<SignalEvent> {
  return signalTarget(journal, {
    name: 'cache-signals',
    batch: STORE_BATCH,
    write: async (signals) => await cache.putSignals(signals),
  });
}

/** Signals to NATS, from the moment it was configured on. */
export function natsTarget(journal: Journal, messaging: NatsMessaging): SinkTarget<SignalEvent> {
  return signalTarget(journal, {
    name: 'nats',
    batch: NATS_BATCH,
    fromNow: true,
    write: async (signals) => await messaging.publishSignals(signals),
  });
}
