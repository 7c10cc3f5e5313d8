import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import type { Config } from '../config.js';
import type { Cache } from '../cache/cache.js';
import { StatusFailure, invalid } from './failure.js';

type Quotas = Config['quotas'];

/**
 * What each tenant may use: calls, messages in open streams, bytes and rows of market data a second; open streams.
 * Counted in Redis where there is one, so that several engines share the count, and in this process while it is away.
 */
export class TenantQuotas {
  readonly #config: Config;
  readonly #cache: Cache | undefined;
  readonly #limiters = new Map<string, RateLimiterAbstract>();
  readonly #streams = new Map<string, number>();
  readonly #refusals = new Map<string, [{ readonly tenant: string; readonly quota: string }, number]>();

  constructor(config: Config, cache: Cache | undefined) {
    this.#config = config;
    this.#cache = cache;
  }

  /** What a tenant may use. */
  limitsOf(tenantId: string): Quotas {
    return this.#config.tenants.find(({ id }) => id === tenantId)?.quotas ?? this.#config.quotas;
  }

  /** Counts a call with the bytes of its request. Throws RESOURCE_EXHAUSTED, saying when to come again. */
  async call(tenantId: string, byteLength: number): Promise<void> {
    const { callsPerSecond } = this.limitsOf(tenantId);
    await Promise.all([this.#take('calls', tenantId, 1, callsPerSecond), this.#bytes(tenantId, byteLength)]);
  }

  /** Counts a message of an open stream. */
  async message(tenantId: string, byteLength: number): Promise<void> {
    const { messagesPerSecond } = this.limitsOf(tenantId);
    await Promise.all([
      this.#take('messages', tenantId, 1, messagesPerSecond),
      this.#bytes(tenantId, byteLength),
    ]);
  }

  /**
   * Counts rows of market data, those of the request's `field`. Throws INVALID_ARGUMENT when it holds more than the
   * tenant may have in a second: trying again would never help.
   */
  async rows(tenantId: string, field: string, count: number): Promise<void> {
    const { rowsPerSecond } = this.limitsOf(tenantId);
    if (rowsPerSecond > 0 && count > rowsPerSecond)
      throw invalid(
        field,
        `${count} in one request; the tenant may have ${rowsPerSecond} rows a second, so send at most ${rowsPerSecond} at once.`,
      );
    await this.#take('rows', tenantId, count, rowsPerSecond);
  }

  /** Requests that a quota refused since start. */
  refusals(): Iterable<readonly [{ readonly tenant: string; readonly quota: string }, number]> {
    return this.#refusals.values();
  }

  /** Streams a tenant has open. */
  openStreams(tenantId: string): number {
    return this.#streams.get(tenantId) ?? 0;
  }

  /** Takes a place for a stream; the function given back leaves it. */
  openStream(tenantId: string): () => void {
    const open = this.#streams.get(tenantId) ?? 0;
    const most = this.limitsOf(tenantId).streams;
    if (open >= most) {
      this.#refuse(tenantId, 'streams');
      throw new StatusFailure(
        'QUOTA_EXCEEDED',
        `The tenant has ${open} streams open, as many as it may; close one first.`,
        { metadata: { quota: 'streams', limit: String(most) } },
      );
    }
    this.#streams.set(tenantId, open + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#streams.set(tenantId, (this.#streams.get(tenantId) ?? 1) - 1);
    };
  }

  async #bytes(tenantId: string, count: number): Promise<void> {
    const { bytesPerSecond } = this.limitsOf(tenantId);
    if (bytesPerSecond > 0 && count > bytesPerSecond)
      throw invalid(
        'request',
        `it has ${count} bytes; the tenant may send ${bytesPerSecond} bytes a second, so send fewer at once.`,
      );
    if (count > 0) await this.#take('bytes', tenantId, count, bytesPerSecond);
  }

  async #take(kind: string, tenantId: string, count: number, perSecond: number): Promise<void> {
    if (perSecond === 0) return;
    try {
      await this.#limiter(kind, perSecond).consume(tenantId, count);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      this.#refuse(tenantId, `${kind}PerSecond`);
      throw new StatusFailure(
        'RATE_LIMITED',
        `The tenant may use ${perSecond} ${kind} a second; try again in ${error.msBeforeNext} ms.`,
        {
          metadata: { quota: `${kind}PerSecond`, limit: String(perSecond) },
          retryMs: error.msBeforeNext,
        },
      );
    }
  }

  #refuse(tenant: string, quota: string): void {
    const key = `${tenant} ${quota}`;
    this.#refusals.set(key, [{ tenant, quota }, (this.#refusals.get(key)?.[1] ?? 0) + 1]);
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
