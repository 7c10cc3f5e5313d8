import { readFileSync } from 'node:fs';
import { v5 as nameUuid } from 'uuid';
import weaviate, {
  ApiKey,
  type WeaviateClass,
  type WeaviateClient,
  type WeaviateObject,
  type WhereFilter,
} from 'weaviate-ts-client';
import { SuhoError, messageOf } from '../errors.js';
import type { RelationSnapshot, RelationStore } from './relation-store.js';
import type { MarketRelation } from './relations.js';

const SCHEMA = new URL('../../../schemas/05_weaviate_market_relations.json', import.meta.url);

/** The package's types are for CommonJS and put `default` one step deeper than its module has it. */
const { client: makeClient } = weaviate as unknown as typeof weaviate.default;

const MARKET = 'Market';
const RELATION = 'MarketRelation';
const SNAPSHOT = 'RelationSnapshot';
/** Namespace of the ids, which are names: writing a relation again replaces it. */
const NAMESPACE = '6b0c5b0e-4d0f-4b55-9f35-8f1ce0a5a6c1';
/** Relations of one snapshot at most: all pairs of 30 markets over 13 lags are fewer. */
const RELATIONS_MAX = 10_000;

const FIELDS = 'fromSymbol toSymbol lag correlation shrunk pValue qValue before returns effective knownAt';

/** Relations in Weaviate: one shard a tenant, each relation with references to its two markets. */
export class WeaviateRelationStore implements RelationStore {
  readonly #client: WeaviateClient;

  constructor({ url, apiKey }: { readonly url: string; readonly apiKey?: string | undefined }) {
    const { protocol, host } = new URL(url);
    this.#client = makeClient({
      scheme: protocol.replace(':', ''),
      host,
      ...(apiKey === undefined ? {} : { apiKey: new ApiKey(apiKey) }),
    });
  }

  async keep(snapshot: RelationSnapshot): Promise<void> {
    const { tenantId, timeframe, at, relations } = snapshot;
    const symbols = new Set(relations.flatMap(({ from, to }) => [from, to]));
    const markets = [...symbols].map((symbol) => object(MARKET, tenantId, symbol, { symbol }));
    const found = relations.map((relation) => relationObject(snapshot, relation));
    const marker = object(SNAPSHOT, tenantId, `${timeframe}|${at}`, {
      timeframe,
      at: new Date(at).toISOString(),
      relations: relations.length,
    });
    await this.#ask(async () => {
      await this.#makeClasses();
      // References point at what is there, and the snapshot appears when it is whole.
      for (const objects of [markets, found, [marker]]) await this.#write(objects);
    });
  }

  async asOf(tenantId: string, timeframe: string, at: number): Promise<RelationSnapshot | undefined> {
    return await this.#ask(async () => {
      await this.#makeClasses();
      const [newest] = await this.#get(tenantId, SNAPSHOT, 'at', 1, [
        equal('timeframe', timeframe),
        { path: ['at'], operator: 'LessThanEqual', valueDate: new Date(at).toISOString() },
      ]);
      if (newest === undefined) return undefined;
      const moment = String(newest['at']);
      const rows = await this.#get(tenantId, RELATION, FIELDS, RELATIONS_MAX, [
        equal('timeframe', timeframe),
        { path: ['at'], operator: 'Equal', valueDate: moment },
      ]);
      const relations = rows.map(readRelation);
      relations.sort((a, b) => Math.abs(b.shrunk) - Math.abs(a.shrunk));
      return { tenantId, timeframe, at: Date.parse(moment), relations };
    });
  }

  async #get(
    tenantId: string,
    name: string,
    fields: string,
    limit: number,
    operands: WhereFilter[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    try {
      const answer = (await this.#client.graphql
        .get()
        .withClassName(name)
        .withTenant(tenantId)
        .withFields(fields)
        .withWhere({ operator: 'And', operands })
        .withSort([{ path: ['at'], order: 'desc' }])
        .withLimit(limit)
        .do()) as { data: { Get: Record<string, Record<string, unknown>[] | undefined> } };
      return answer.data.Get[name] ?? [];
    } catch (error) {
      // A tenant that nothing was written for has no shard.
      if (/tenant not found/i.test(messageOf(error))) return [];
      throw error;
    }
  }

  async #write(objects: readonly WeaviateObject[]): Promise<void> {
    if (objects.length === 0) return;
    const answers = await this.#client.batch
      .objectsBatcher()
      .withObjects(...objects)
      .do();
    const refused = answers.find(({ result }) => result?.errors !== undefined);
    if (refused !== undefined) throw new Error(refused.result?.errors?.error?.[0]?.message ?? 'refused');
  }

  async #makeClasses(): Promise<void> {
    const { classes } = JSON.parse(readFileSync(SCHEMA, 'utf8')) as { readonly classes: WeaviateClass[] };
    for (const wanted of classes) {
      if (await this.#client.schema.exists(wanted.class!)) continue;
      try {
        await this.#client.schema.classCreator().withClass(wanted).do();
      } catch (error) {
        // Another process was quicker.
        if (!/already exists/i.test(messageOf(error))) throw error;
      }
    }
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new SuhoError('STORE_UNAVAILABLE', `Weaviate answered: ${messageOf(error)}`, { cause: error });
    }
  }
}

function equal(property: string, valueText: string): WhereFilter {
  return { path: [property], operator: 'Equal', valueText };
}

function idOf(name: string, tenantId: string, key: string): string {
  return nameUuid(`${name}|${tenantId}|${key}`, NAMESPACE);
}

function object(
  name: string,
  tenantId: string,
  key: string,
  properties: Readonly<Record<string, unknown>>,
): WeaviateObject {
  return {
    class: name,
    id: idOf(name, tenantId, key),
    tenant: tenantId,
    properties: { tenantId, ...properties },
  };
}

function relationObject(
  { tenantId, timeframe, at }: RelationSnapshot,
  relation: MarketRelation,
): WeaviateObject {
  const { from, to, knownAt, before, ...numbers } = relation;
  const reference = (symbol: string): unknown => [
    { beacon: `weaviate://localhost/${MARKET}/${idOf(MARKET, tenantId, symbol)}` },
  ];
  return object(RELATION, tenantId, `${timeframe}|${at}|${from}|${to}|${relation.lag}`, {
    ...numbers,
    ...(before === undefined ? {} : { before }),
    timeframe,
    at: new Date(at).toISOString(),
    knownAt: new Date(knownAt).toISOString(),
    fromSymbol: from,
    toSymbol: to,
    leader: reference(from),
    follower: reference(to),
  });
}

function readRelation(row: Readonly<Record<string, unknown>>): MarketRelation {
  const number = (name: string): number => Number(row[name]);
  return {
    from: String(row['fromSymbol']),
    to: String(row['toSymbol']),
    lag: number('lag'),
    correlation: number('correlation'),
    pValue: number('pValue'),
    before: row['before'] === null || row['before'] === undefined ? undefined : number('before'),
    returns: number('returns'),
    effective: number('effective'),
    knownAt: Date.parse(String(row['knownAt'])),
    qValue: number('qValue'),
    shrunk: number('shrunk'),
  };
}
