import type { TestContext } from 'node:test';
import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { loadDefinition } from '../../engine/api/definition.js';
import type { ApiServer } from '../../engine/api/server.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Engine } from '../../engine/engine.js';
import { afterTest } from './cleanup.js';
import { openEngine, temporaryFolder } from './engine.js';
import { inventedBars } from './markets.js';
import { RawClient, frame } from './raw-grpc.js';
import { ACME, KEY, STORES_AWAY, TestClient, protoBars, serve } from './served.js';

/** Bars to publish. */
export const bars = inventedBars(3_000);

interface Served {
  readonly engine: Engine;
  readonly api: ApiServer;
  readonly port: number;
  readonly client: TestClient;
  readonly raw: RawClient;
  readonly log: string[];
}

/** An engine whose stores are away, served to one tenant, with a client of gRPC and one without. */
export async function served(t: TestContext, config: ConfigInput = {}): Promise<Served> {
  const log: string[] = [];
  const engine = await openEngine(
    t,
    temporaryFolder(t),
    { ...STORES_AWAY, tenants: [ACME], ...config },
    { log: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }) },
  );
  const { api, port } = await serve(t, engine);
  const client = new TestClient(port);
  const raw = new RawClient(port);
  afterTest(t, () => {
    client.close();
    raw.close();
  });
  return { engine, api, port, client, raw, log };
}

export interface Method {
  readonly path: string;
  readonly requestSerialize: (request: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}

/** What the API declares. */
export const definition = loadDefinition();

/** A method of a service of `suho.v1`. */
export function method(service: string, name: string): Method {
  return (definition[`suho.v1.${service}`] as unknown as Record<string, Method>)[name]!;
}

/** Sends one request as it is, enum numbers that do not exist included, and says how the call ended. */
export async function outcome(
  raw: RawClient,
  service: string,
  name: string,
  request: object,
): Promise<{ code: string; details: string; answers: object[] }> {
  const { path, requestSerialize, responseDeserialize } = method(service, name);
  const ended = await raw.call(path, [frame(requestSerialize(request))], { key: KEY });
  return {
    code: typeof ended.status === 'number' ? status[ended.status]! : ended.status,
    details: ended.details,
    answers: ended.answers.map(responseDeserialize),
  };
}

/** A request of one good bar. */
export const barsRequest = {
  request_id: 1,
  symbol: 'EURUSD',
  timeframe: 'TIMEFRAME_1H',
  bars: protoBars(bars.slice(0, 1)),
};
