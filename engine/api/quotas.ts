import { status, Metadata } from '@grpc/grpc-js';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import type { Config } from '../config.js';
import type { Cache } from '../cache/cache.js';
import { StatusFailure } from './status.js';

type Quotas = Config['quotas'];

/**
 * What each tenant may use: calls and rows of market data a second, open streams. Counted in Redis where there
 * is one, so that several engines share the count, and in this process while it is away.
 */
export class TenantQuotas {
  readonly #config: Config;
  readonly #cache: Cache | undefined;
  readonly #limiters = new Map<string, RateLimiterAbstract>();
  readonly #streams = new Map<string, number>();

  constructor(config: Config, cache: Cache | undefined) {
    this.#config = config;
    this.#cache = cache;
  }

  #of(tenantId: string): Quotas {
    return this.#config.tenants.find(({ id }) => id === tenantId)?.quotas ?? this.#config.quotas;
  }

  /** Counts a call. Throws RESOURCE_EXHAUSTED, saying when to come again. */
  async call(tenantId: string): Promise<void> {
    await this.#take('calls', tenantId, 1, this.#of(tenantId).callsPerSecond);
  }

  /** Counts rows of market data. */
  async rows(tenantId: string, count: number): Promise<void> {
    await this.#take('rows', tenantId, count, this.#of(tenantId).rowsPerSecond);
  }

  /** Takes a place for a stream; the function given back leaves it. */
  openStream(tenantId: string): () => void {
    const open = this.#streams.get(tenantId) ?? 0;
    const most = this.#of(tenantId).streams;
    if (open >= most)
      throw new StatusFailure(
        status.RESOURCE_EXHAUSTED,
        `The tenant has ${open} streams open, as many as it may.`,
      );
    this.#streams.set(tenantId, open + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#streams.set(tenantId, (this.#streams.get(tenantId) ?? 1) - 1);
    };
  }

  async #take(kind: string, tenantId: string, count: number, perSecond: number): Promise<void> {
    if (perSecond === 0) return;
    try {
      await this.#limiter(kind, perSecond).consume(tenantId, count);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      const metadata = new Metadata();
      metadata.set('retry-after-ms', String(error.msBeforeNext));
      throw new StatusFailure(
        status.RESOURCE_EXHAUSTED,
        `The tenant may use ${perSecond} ${kind} a second; come again in ${error.msBeforeNext} ms.`,
        metadata,
      );
    }
  }

  #limiter(kind: string, perSecond: number): RateLimiterAbstract {
    const name = `${kind}:${perSecond}`;
    let limiter = this.#limiters.get(name);
    if (limiter === undefined) {
      const options = { points: perSecond, duration: 1, keyPrefix: `suho:rate:${kind}` };
      const memory = new RateLimiterMemory(options);
      limiter =
        this.#cache === undefined
          ? memory
          : new RateLimiterRedis({ ...options, storeClient: this.#cache.client, insuranceLimiter: memory });
      this.#limiters.set(name, limiter);
    }
    return limiter;
  }
}
