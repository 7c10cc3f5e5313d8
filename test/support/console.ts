import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { ApiServer } from '../../engine/api/server.js';
import { ConsoleServer } from '../../engine/console/server.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Role } from '../../engine/credentials/caller.js';
import type { Engine } from '../../engine/engine.js';
import { afterTest } from './cleanup.js';
import { openEngine, temporaryFolder } from './engine.js';
import { TestClient, serve } from './served.js';

/** SHA-256 of a key, as the configuration takes it. */
export const hash = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Tenants of some callers: each a key, its tenant, its role, and its user where it has one. */
export function tenantsOf(
  callers: Readonly<Record<string, readonly [tenantId: string, role: Role, userId: string | undefined]>>,
): { id: string; apiKeySha256: { sha256: string; role: Role; user?: string }[] }[] {
  const ids = new Set(Object.values(callers).map(([tenantId]) => tenantId));
  return [...ids].map((id) => ({
    id,
    apiKeySha256: Object.entries(callers)
      .filter(([, [tenantId]]) => tenantId === id)
      .map(([key, [, role, user]]) => ({ sha256: hash(key), role, ...(user === undefined ? {} : { user }) })),
  }));
}

/** Two tenants that each publish their own market, and an operator. */
export const TENANTS = [
  {
    id: 'acme',
    apiKeySha256: [
      { sha256: hash('key-a'), role: 'trader' as const },
      { sha256: hash('view-a'), role: 'viewer' as const },
    ],
  },
  { id: 'zen', apiKeySha256: [{ sha256: hash('key-z'), role: 'trader' as const }] },
  { id: 'ops', apiKeySha256: [{ sha256: hash('key-o'), role: 'operator' as const }] },
];

export interface ServedConsole {
  readonly engine: Engine;
  readonly api: ApiServer;
  /** Port of gRPC. */
  readonly port: number;
  readonly web: ConsoleServer;
  readonly address: string;
}

/** Serves an engine over gRPC and its console until the test is over. */
export async function serveConsole(
  t: TestContext,
  engine: Engine,
  simulated = false,
): Promise<ServedConsole> {
  const { api, port } = await serve(t, engine);
  const web = new ConsoleServer(engine, api, { simulated });
  const address = await web.listen();
  afterTest(t, async () => await web.stop());
  return { engine, api, port, web, address };
}

/** An engine that trains nothing by itself, with its console and a client, until the test is over. */
export async function openConsole(
  t: TestContext,
  tenants: ConfigInput['tenants'] = [],
): Promise<ServedConsole & { readonly client: TestClient }> {
  const engine = await openEngine(t, temporaryFolder(t), {
    tenants,
    console: { port: 0 },
    training: { firstModels: false },
  });
  const served = await serveConsole(t, engine);
  const client = new TestClient(served.port);
  afterTest(t, () => client.close());
  return { ...served, client };
}

/** An answer of the console's server. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** Asks the console's server, with a key or without. */
export async function asked(
  address: string,
  path: string,
  options: {
    readonly key?: string;
    readonly method?: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<Answered> {
  const { key, method = 'GET', body, headers = {} } = options;
  const stop = new AbortController();
  const response = await fetch(`${address}${path}`, {
    method,
    signal: stop.signal,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    stop.abort();
    return { status: response.status, headers: response.headers, body: {} };
  }
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}
