import { readFileSync } from 'node:fs';
import weaviate, {
  ApiKey,
  type WeaviateClass,
  type WeaviateClient,
  type WeaviateObject,
  type WhereFilter,
} from 'weaviate-ts-client';
import type { Neighbour } from '../../actors/signals/pattern-vote.js';
import { SuhoError, messageOf } from '../errors.js';
import type { LoggedPattern } from '../journal/moments.js';
import {
  momentId,
  partitionName,
  readPartitionName,
  type PartitionKey,
  type Pattern,
  type PatternIndex,
  type PatternQuery,
} from './pattern-index.js';
import { ANOMALY, LIVE, PATTERN, anomalyObject, liveObject, patternObject } from './weaviate-objects.js';

const SCHEMA = new URL('../../../schemas/04_weaviate_pattern_vectors.json', import.meta.url);

/** The package's types are for CommonJS and put `default` one step deeper than its module has it. */
const { client: makeClient } = weaviate as unknown as typeof weaviate.default;

/** Objects sent at once: 1,000 of 64 numbers are ~1 MB. */
const BATCH = 1_000;

/** First version whose object TTL expires live states. */
const FORGETS_SINCE = [1, 35] as const;
const LIVE_MS = 86_400_000;
/** Time between two deletions of a tenant's old live states, on servers that do not forget by themselves. */
const SWEEP_EVERY_MS = 3_600_000;

export interface WeaviateSettings {
  readonly url: string;
  readonly apiKey?: string | undefined;
  /** Moments at least this unlike the usual become an AnomalyPattern. */
  readonly anomalyFrom: number;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Patterns in Weaviate: one shard per tenant, created and activated automatically, and the tenant's id in each object
 * as well. Embedding versions, symbols and timeframes are told apart by filters.
 */
export class WeaviatePatternIndex implements PatternIndex {
  readonly #client: WeaviateClient;
  readonly #anomalyFrom: number;
  #prepared: Promise<void> | undefined;
  #serverForgets = true;
  /** When a tenant's old live states were deleted last. */
  readonly #swept = new Map<string, number>();

  constructor({ url, apiKey, anomalyFrom }: WeaviateSettings) {
    const { protocol, host } = new URL(url);
    this.#client = makeClient({
      scheme: protocol.replace(':', ''),
      host,
      ...(apiKey === undefined ? {} : { apiKey: new ApiKey(apiKey) }),
    });
    this.#anomalyFrom = anomalyFrom;
  }

  /** Makes the classes that are not there; tried again by the next use when it fails. */
  async prepare(): Promise<void> {
    this.#prepared ??= this.#makeClasses().catch((error: unknown) => {
      this.#prepared = undefined;
      throw unavailable(error);
    });
    await this.#prepared;
  }

  /** Whether all classes are there. Throws `STORE_UNAVAILABLE`. */
  async isPrepared(): Promise<boolean> {
    try {
      const there = await Promise.all(
        [PATTERN, LIVE, ANOMALY].map(async (name) => await this.#client.schema.exists(name)),
      );
      return there.every(Boolean);
    } catch (error) {
      throw unavailable(error);
    }
  }

  async #makeClasses(): Promise<void> {
    const { classes } = JSON.parse(readFileSync(SCHEMA, 'utf8')) as { readonly classes: WeaviateClass[] };
    for (const wanted of classes) {
      if (await this.#client.schema.exists(wanted.class!)) {
        await this.#addProperties(wanted);
        continue;
      }
      try {
        await this.#client.schema.classCreator().withClass(wanted).do();
      } catch (error) {
        // Another engine was quicker.
        if (!/already exists/i.test(messageOf(error))) throw error;
      }
    }
    const [major = 0, minor = 0] = (await this.version()).split('.').map(Number);
    this.#serverForgets =
      major > FORGETS_SINCE[0] || (major === FORGETS_SINCE[0] && minor >= FORGETS_SINCE[1]);
  }

  /** Gives a class of an earlier version the properties that came since. */
  async #addProperties({ class: name = '', properties = [] }: WeaviateClass): Promise<void> {
    const { properties: known = [] } = (await this.#client.schema
      .classGetter()
      .withClassName(name)
      .do()) as WeaviateClass;
    const names = new Set(known.map((property) => property.name));
    for (const property of properties)
      if (!names.has(property.name))
        await this.#client.schema.propertyCreator().withClassName(name).withProperty(property).do();
  }

  async add(partition: PartitionKey, patterns: readonly Pattern[]): Promise<void> {
    await this.addLogged(
      patterns.map(({ closeTime, ...pattern }) => ({
        partition: partitionName(partition),
        closeTime,
        pattern: { conditions: {}, ...pattern },
      })),
    );
  }

  /**
   * Writes moments of any partitions as they are now: those whose outcome is known as patterns, the newest of each
   * series as its live state, those unlike the usual as anomalies. Throws `STORE_UNAVAILABLE`.
   */
  async addLogged(moments: readonly LoggedPattern[]): Promise<void> {
    await this.prepare();
    const objects: WeaviateObject[] = [];
    const newest = new Map<string, LoggedPattern>();
    for (const moment of moments) {
      const { partition, closeTime, pattern } = moment;
      if ((pattern.anomaly ?? 0) >= this.#anomalyFrom) objects.push(anomalyObject(moment));
      if (pattern.resolvedAt > 0) {
        if (!pattern.directions.some(Number.isNaN)) objects.push(patternObject(moment));
        continue;
      }
      const { tenantId, symbol, timeframe } = readPartitionName(partition);
      const series = `${tenantId}|${symbol}|${timeframe}`;
      if ((newest.get(series)?.closeTime ?? 0) < closeTime) newest.set(series, moment);
    }
    for (const [series, moment] of newest) objects.push(liveObject(series, moment));
    for (let from = 0; from < objects.length; from += BATCH) {
      try {
        const answers = await this.#client.batch
          .objectsBatcher()
          .withObjects(...objects.slice(from, from + BATCH))
          .do();
        const refused = answers.find(({ result }) => result?.errors !== undefined);
        if (refused !== undefined) throw new Error(refused.result?.errors?.error?.[0]?.message ?? 'refused');
      } catch (error) {
        throw writeFailure(error);
      }
    }
    if (this.#serverForgets) return;
    const now = Date.now();
    for (const tenantId of new Set(
      [...newest.values()].map(({ partition }) => readPartitionName(partition).tenantId),
    )) {
      if (now - (this.#swept.get(tenantId) ?? 0) < SWEEP_EVERY_MS) continue;
      await this.forgetLiveStates(tenantId, now - LIVE_MS);
      this.#swept.set(tenantId, now);
    }
  }

  /** Deletes a tenant's live states that were last written before a time. Throws `STORE_UNAVAILABLE`. */
  async forgetLiveStates(tenantId: string, before: number): Promise<void> {
    try {
      await this.#client.batch
        .objectsBatchDeleter()
        .withClassName(LIVE)
        .withTenant(tenantId)
        .withWhere({ path: ['_lastUpdateTimeUnix'], operator: 'LessThan', valueText: String(before) })
        .do();
    } catch (error) {
      throw unavailable(error, tenantId);
    }
  }

  async search(partition: PartitionKey, query: PatternQuery): Promise<Neighbour[]> {
    const { asOf } = query;
    const found = await this.#nearest(partition, query, []);
    // As a rule everything in the index was known by now, and a filter on time costs five times the search.
    if (found.every(({ resolvedAt }) => resolvedAt <= asOf)) return found.map(({ neighbour }) => neighbour);
    const known = await this.#nearest(partition, query, [
      { path: ['resolvedAt'], operator: 'LessThanEqual', valueDate: new Date(asOf).toISOString() },
    ]);
    return known.map(({ neighbour }) => neighbour);
  }

  async #nearest(
    partition: PartitionKey,
    { vector, k, related = [] }: PatternQuery,
    further: readonly WhereFilter[],
  ): Promise<{ readonly neighbour: Neighbour; readonly resolvedAt: number }[]> {
    const operands = [...ofPartition(partition, related), ...further];
    const found = await this.#ask(partition.tenantId, async () => {
      const answer = await this.#client.graphql
        .get()
        .withClassName(PATTERN)
        .withTenant(partition.tenantId)
        .withNearVector({ vector: Array.from(vector) })
        .withWhere({ operator: 'And', operands })
        .withLimit(k)
        .withFields('symbol closeTime resolvedAt directions outcomePercent _additional { distance }')
        .do();
      return objectsOf(answer, PATTERN);
    });
    return found.map((fields) => {
      const symbol = fields['symbol'] as string;
      const closeTime = Date.parse(fields['closeTime'] as string);
      const { distance } = fields['_additional'] as { readonly distance: number };
      return {
        resolvedAt: Date.parse(fields['resolvedAt'] as string),
        neighbour: {
          id: momentId({ ...partition, symbol }, closeTime),
          symbol,
          closeTime,
          similarity: Math.max(-1, Math.min(1, 1 - distance)),
          directions: fields['directions'] as number[],
          returns: (fields['outcomePercent'] as number[]).map((percent) => percent / 100),
        },
      };
    });
  }

  async size(partition: PartitionKey): Promise<number> {
    const [row] = await this.#ask(partition.tenantId, async () => {
      const answer = await this.#client.graphql
        .aggregate()
        .withClassName(PATTERN)
        .withTenant(partition.tenantId)
        .withWhere({ operator: 'And', operands: ofPartition(partition) })
        .withFields('meta { count }')
        .do();
      return (answer as { data: { Aggregate: Record<string, Fields[]> } }).data.Aggregate[PATTERN] ?? [];
    });
    return (row?.['meta'] as { readonly count: number } | undefined)?.count ?? 0;
  }

  /** All patterns of a tenant, a page at a time, in no order. */
  async *patterns(tenantId: string): AsyncGenerator<{ key: PartitionKey; pattern: Pattern }> {
    for (let after = ''; ;) {
      const page = await this.#ask(tenantId, async () => {
        const query = this.#client.graphql
          .get()
          .withClassName(PATTERN)
          .withTenant(tenantId)
          .withLimit(BATCH)
          .withFields(
            'embeddingVersion symbol timeframe closeTime resolvedAt directions outcomePercent _additional { id vector }',
          );
        return objectsOf(await (after === '' ? query : query.withAfter(after)).do(), PATTERN);
      });
      for (const fields of page) {
        const { id, vector } = fields['_additional'] as { readonly id: string; readonly vector: number[] };
        after = id;
        yield {
          key: {
            tenantId,
            embeddingVersion: fields['embeddingVersion'] as string,
            symbol: fields['symbol'] as string,
            timeframe: fields['timeframe'] as string,
          },
          pattern: {
            closeTime: Date.parse(fields['closeTime'] as string),
            resolvedAt: Date.parse(fields['resolvedAt'] as string),
            vector: Float32Array.from(vector),
            directions: fields['directions'] as number[],
            returns: (fields['outcomePercent'] as number[]).map((percent) => percent / 100),
          },
        };
      }
      if (page.length < BATCH) return;
    }
  }

  /** Tenants that have patterns. */
  async tenants(): Promise<string[]> {
    await this.prepare();
    const found = await this.#client.schema.tenantsGetter(PATTERN).do();
    return found.flatMap(({ name }) => (name === undefined ? [] : [name]));
  }

  /** The server's version. Throws `STORE_UNAVAILABLE`. */
  async version(): Promise<string> {
    try {
      const { version } = (await this.#client.misc.metaGetter().do()) as { readonly version?: string };
      return version ?? 'unknown';
    } catch (error) {
      throw unavailable(error);
    }
  }

  close(): void {}

  /** Asks about a tenant; one that has never written anything has nothing. */
  async #ask(tenantId: string, work: () => Promise<Fields[]>): Promise<Fields[]> {
    try {
      return await work();
    } catch (error) {
      const text = messageOf(error);
      if (/tenant not found|could not find class|no graphql provider|Cannot query field/i.test(text))
        return [];
      throw unavailable(error, tenantId);
    }
  }
}

/** What Weaviate says of an object rather than of itself. */
const ABOUT_OBJECT =
  /\(422\)|vector lengths? (don't|do not) match|invalid (date|number|text|property|object|uuid)|not a valid|parse error/i;

/** What a write failed of: `RECORD_REFUSED` when it is about an object, else `STORE_UNAVAILABLE`. */
function writeFailure(error: unknown): SuhoError {
  const text = messageOf(error);
  if (!ABOUT_OBJECT.test(text)) return unavailable(error);
  return new SuhoError('RECORD_REFUSED', `Weaviate answered: ${text.slice(0, 500)}`, { cause: error });
}

function unavailable(error: unknown, tenantId?: string): SuhoError {
  if (error instanceof SuhoError) return error;
  const about = tenantId === undefined ? '' : ` about ${tenantId}`;
  return new SuhoError('STORE_UNAVAILABLE', `Weaviate answered${about}: ${messageOf(error).slice(0, 500)}`, {
    cause: error,
  });
}

/** Filters for a partition, with the moments of related symbols where some are named. */
function ofPartition(
  { tenantId, embeddingVersion, symbol, timeframe }: PartitionKey,
  related: readonly string[] = [],
): WhereFilter[] {
  const equal = ([name, valueText]: readonly [string, string]): WhereFilter => ({
    path: [name],
    operator: 'Equal',
    valueText,
  });
  const symbols = [symbol, ...related].map((each) => equal(['symbol', each]));
  const ofSymbols = symbols.length === 1 ? symbols : [{ operator: 'Or' as const, operands: symbols }];
  return [...Object.entries({ tenantId, embeddingVersion, timeframe }).map(equal), ...ofSymbols];
}

function objectsOf(answer: unknown, className: string): Fields[] {
  const { data } = answer as { readonly data: { readonly Get: Readonly<Record<string, Fields[]>> } };
  return data.Get[className] ?? [];
}
