import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { afterTest } from './cleanup.js';
import { clickhouse, nats, redis, s3, weaviate } from './servers/other-servers.js';
import { postgresql, timescaledb } from './servers/postgres-servers.js';
import { missingServer, type ServerName } from './servers/installed.js';
import type { TestServer } from './servers/spawned-server.js';

export { adminUrl, engineUrl, makeEngineLogin } from './servers/postgres-servers.js';
export { missingServer, type ServerName } from './servers/installed.js';
export { natsConfig } from './servers/other-servers.js';
export type { TestServer } from './servers/spawned-server.js';

const MAKERS: Readonly<Record<ServerName, (folder: string) => Promise<TestServer>>> = {
  clickhouse,
  postgresql,
  timescaledb,
  redis,
  nats,
  weaviate,
  s3,
};

/** Starts a real server; says what is missing where it is not installed. Whoever starts it ends it with {@link endServer}. */
export async function launchServer(name: ServerName): Promise<TestServer | string> {
  const missing = missingServer(name);
  if (missing !== undefined) return missing;
  const folder = mkdtempSync(path.join(tmpdir(), `suho-${name}-${randomBytes(3).toString('hex')}-`));
  const server = await MAKERS[name](folder);
  try {
    await server.start();
    return server;
  } catch (error) {
    await endServer(server);
    throw error;
  }
}

/** Ends a server and clears away all it left. */
export async function endServer(server: TestServer): Promise<void> {
  await server.kill();
  server.discard();
  rmSync(server.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/**
 * Starts a real server for a test, ended with it. Where the program is not installed the test is skipped, saying
 * so: the function answers undefined.
 */
export async function startServer(t: TestContext, name: ServerName): Promise<TestServer | undefined> {
  const server = await launchServer(name);
  if (typeof server === 'string') {
    t.skip(`${name}: ${server}`);
    return undefined;
  }
  afterTest(t, async () => await endServer(server));
  return server;
}
