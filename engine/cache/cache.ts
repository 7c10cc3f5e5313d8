import { gridName } from '../../actors/market/bar-grid.js';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { CATALOGUE } from '../../actors/features/catalogue.js';
import type { Signal } from '../../actors/signals/signal.js';
import { SuhoError, messageOf } from '../errors.js';
import type { IdentifiedRow } from '../feature-store/feature-store.js';

/** A series nobody has written for this long is forgotten. */
const KEPT_SECONDS = 14 * 86_400;

/** Sets a value unless a newer one is there; the time comes first in it, in 15 digits, so that text order is time order. */
const SET_NEWER = `
local before = redis.call('GET', KEYS[1])
if before and string.sub(before, 1, 15) > string.sub(ARGV[1], 1, 15) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('PUBLISH', KEYS[1], string.sub(ARGV[1], 1, 15))
return 1`;

interface WithScript extends Redis {
  setNewer(key: string, value: string, seconds: number): Promise<number>;
}

/**
 * The newest signal and the newest feature row of every series in Redis (or DragonflyDB, Valkey), for readers
 * beside the engine: `suho:TENANT:signal:SYMBOL:TIMEFRAME` and `suho:TENANT:features:FEED:SYMBOL:TIMEFRAME`. A value
 * is the bar's close time in 15 digits, a space, and JSON. Each new value is announced on the channel of the
 * key's own name, so that readers drop what they hold. Never the only copy of anything.
 */
export class Cache {
  readonly client: WithScript;

  constructor(url: string, log: Logger) {
    this.client = new Redis(url, {
      lazyConnect: true,
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      connectTimeout: 5_000,
      retryStrategy: (times) => Math.min(5_000, times * 200),
    }) as WithScript;
    let told = false;
    this.client.on('error', (error: Error) => {
      if (!told) log.warn({ error: error.message }, 'the cache is away');
      told = true;
    });
    this.client.on('ready', () => (told = false));
    this.client.defineCommand('setNewer', { numberOfKeys: 1, lua: SET_NEWER });
    // A first failure is told by the event; the client goes on trying.
    this.client.connect().catch(() => undefined);
  }

  /** Writes signals; of one series the last. Rejects while the cache is away. */
  async putSignals(
    signals: readonly { readonly sequence: number; readonly signal: Signal }[],
  ): Promise<void> {
    const values = new Map<string, string>();
    for (const { sequence, signal } of signals) {
      const { tenantId, symbol, timeframe, barCloseTime } = signal;
      values.set(
        `suho:${tenantId}:signal:${symbol}:${timeframe}`,
        timed(barCloseTime, { sequence, ...signal }),
      );
    }
    await this.#put(values);
  }

  /** Writes feature rows; of one series the newest. Rejects while the cache is away. */
  async putRows(rows: readonly IdentifiedRow[]): Promise<void> {
    const newest = new Map<string, IdentifiedRow>();
    for (const own of rows) {
      const { tenantId, feed, symbol } = own.series;
      const key = `suho:${tenantId}:features:${feed}:${symbol}:${gridName(own.series)}`;
      if ((newest.get(key)?.row.closeTime ?? 0) <= own.row.closeTime) newest.set(key, own);
    }
    const values = new Map<string, string>();
    for (const [key, { row }] of newest) {
      const features = Object.fromEntries(
        CATALOGUE.map(({ name }, i) => [name, Number.isNaN(row.values[i]!) ? null : row.values[i]]),
      );
      values.set(
        key,
        timed(row.closeTime, { closeTime: row.closeTime, qualityScore: row.qualityScore, features }),
      );
    }
    await this.#put(values);
  }

  async #put(values: ReadonlyMap<string, string>): Promise<void> {
    try {
      await Promise.all([...values].map(([key, value]) => this.client.setNewer(key, value, KEPT_SECONDS)));
    } catch (error) {
      // A key of another type that someone else made, a value too large: about that key alone.
      const refused = /WRONGTYPE|exceeds maximum allowed size|invalid bulk length/.test(messageOf(error));
      throw new SuhoError(
        refused ? 'RECORD_REFUSED' : 'STORE_UNAVAILABLE',
        `Redis answered: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  close(): void {
    this.client.disconnect();
  }
}

function timed(time: number, value: object): string {
  return `${String(time).padStart(15, '0')} ${JSON.stringify(value)}`;
}
