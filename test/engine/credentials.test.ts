import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Metadata, credentials, type ServiceError } from '@grpc/grpc-js';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { pino } from 'pino';
import type { EngineHealth__Output } from '../../engine/api/generated/suho/v1/EngineHealth.js';
import { ApiServer } from '../../engine/api/server.js';
import { SuhoError } from '../../engine/errors.js';
import { readHealth, type HealthSnapshot } from '../../engine/ops/health.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { TestClient, codeOf, eventually, serve } from '../support/served.js';

const bars = inventedBars(10);
const hash = (key: string): string => createHash('sha256').update(key).digest('hex');

function clientOf(t: TestContext, ...args: ConstructorParameters<typeof TestClient>): TestClient {
  const client = new TestClient(...args);
  afterTest(t, () => client.close());
  return client;
}

const health = async (client: TestClient, token?: string): Promise<HealthSnapshot> =>
  readHealth(await client.call<EngineHealth__Output>('EngineService', 'GetHealth', {}, token));

test('an API key is made for a running engine, serves its tenant, and ends with its streams when it is revoked', async (t) => {
  const folder = temporaryFolder(t);
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const engine = await openEngine(t, folder, {}, { log });
  const { port } = await serve(t, engine);
  const client = clientOf(t, port);
  assert.equal((await health(client)).state, 'serving', 'without any key everyone on this machine is served');

  for (const tenant of ['platform', 'Platform', 'a@b', 'a|b', ''])
    assert.match(
      (await runCommand(['keys', 'create', '--tenant', tenant, '--data', folder])).stderr,
      /reserved|is not a tenant id/,
      tenant,
    );
  const make = async (tenant: string, role: string): Promise<{ key: string; keyId: string }> => {
    const made = await runCommand([
      'keys',
      'create',
      '--tenant',
      tenant,
      '--role',
      role,
      '--json',
      '--data',
      folder,
    ]);
    assert.equal(made.code, 0, made.stderr);
    return JSON.parse(made.stdout) as { key: string; keyId: string };
  };
  const trader = await make('acme', 'trader');
  await eventually('a key is needed now', async () => (await codeOf(health(client))) === 'UNAUTHENTICATED');
  const viewer = await make('acme', 'viewer');
  await eventually('the second is known', async () => (await codeOf(health(client, viewer.key))) === 'OK');
  assert.equal(await codeOf(health(client, `${trader.key}x`)), 'UNAUTHENTICATED');
  assert.equal((await client.publish(bars, trader.key)).accepted, 10);
  assert.equal(await codeOf(client.publish(bars, viewer.key)), 'PERMISSION_DENIED');
  assert.equal(
    await codeOf(client.call('FeedbackService', 'ReportTrade', {}, viewer.key)),
    'PERMISSION_DENIED',
  );
  assert.equal([...engine.instruments.all()][0]!.definition.owner, 'acme', 'the tenant is the key’s');

  const listed = await runCommand(['keys', 'list', '--data', folder]);
  assert.match(listed.stdout, new RegExp(`${viewer.keyId}.*acme.*viewer.*active`));
  const ended = codeOf(client.stream({}, viewer.key));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const revoked = await runCommand(['keys', 'revoke', viewer.keyId, '--data', folder]);
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.equal(await ended, 'UNAUTHENTICATED');
  assert.equal(await codeOf(health(client, viewer.key)), 'UNAUTHENTICATED');
  assert.equal((await runCommand(['keys', 'revoke', viewer.keyId, '--data', folder])).code, 2);
  await engine.stop();

  // Known also where the store cannot be asked, and nowhere in clear.
  assert.ok(!JSON.stringify([...lines, listed.stdout]).includes(trader.key));
  for (const file of filesBelow(folder)) assert.ok(!readFileSync(file).includes(trader.key), file);
  const again = await openEngine(t, folder);
  const { port: nextPort } = await serve(t, again);
  const next = clientOf(t, nextPort);
  assert.equal(await codeOf(health(next)), 'UNAUTHENTICATED');
  assert.equal(await codeOf(health(next, trader.key)), 'OK');
  const last = next.stream({}, trader.key);
  const lastEnded = codeOf(last);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal((await runCommand(['keys', 'revoke', trader.keyId, '--data', folder])).code, 0);
  assert.equal(await lastEnded, 'UNAUTHENTICATED');
  assert.equal(await codeOf(health(next)), 'UNAUTHENTICATED', 'revoking the last key lets nobody in');
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

test('a JWT gives tenant, user and role; one of another issuer, audience, time or key is refused', async (t) => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const stranger = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
  const issuer = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  afterTest(t, () => issuer.close());
  const address = issuer.address() as { readonly port: number };
  const engine = await openEngine(t, temporaryFolder(t), {
    auth: {
      jwt: { issuer: 'https://issuer', audience: 'suho', jwksUri: `http://127.0.0.1:${address.port}/jwks` },
    },
  });
  const { port } = await serve(t, engine);
  const client = clientOf(t, port);
  const token = async (
    claims: object,
    { iss = 'https://issuer', aud = 'suho', exp = '5m', key = privateKey } = {},
  ): Promise<string> =>
    await new SignJWT({ tenant_id: 'acme', role: 'trader', sub: 'ann', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(iss)
      .setAudience(aud)
      .setExpirationTime(exp)
      .sign(key);
  assert.equal((await client.publish(bars, await token({}))).accepted, 10);
  assert.equal([...engine.instruments.all()][0]!.definition.owner, 'acme');
  assert.equal(await codeOf(client.publish(bars, await token({ role: 'viewer' }))), 'PERMISSION_DENIED');
  assert.equal(await codeOf(client.publish(bars, await token({ role: undefined }))), 'PERMISSION_DENIED');
  const bad = [
    await token({}, { iss: 'https://other' }),
    await token({}, { aud: 'other' }),
    await token({}, { exp: '-1m' }),
    await token({}, { key: stranger.privateKey }),
    await token({ tenant_id: undefined }),
    await token({ tenant_id: 'a|b' }),
    await token({ tenant_id: 'platform' }),
    await token({ tenant_id: ['acme'] }),
    await token({ role: 'god' }),
    // No store could keep the trades of such a user.
    await token({ sub: 'ann\u0000' }),
    await token({ sub: 'half \ud800' }),
    await token({ sub: 'a'.repeat(256) }),
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"tenant_id":"acme","role":"operator","iss":"https://issuer","aud":"suho","exp":99999999999}').toString('base64url')}.`,
  ];
  for (const each of bad) assert.equal(await codeOf(health(client, each)), 'UNAUTHENTICATED', each);
  // A stream ends with the token it was opened with.
  assert.equal(await codeOf(client.stream({}, await token({}, { exp: '2s' }))), 'UNAUTHENTICATED');
});

test('a client certificate gives tenant, user and role; one of another authority is not let in', async (t) => {
  const file = (name: string): string =>
    fileURLToPath(new URL(`../../../test/data/tls/${name}`, import.meta.url));
  const engine = await openEngine(t, temporaryFolder(t), {
    tenants: [{ id: 'acme', apiKeySha256: [hash('key-a')] }],
    grpc: {
      port: 0,
      tls: { certFile: file('server.pem'), keyFile: file('server.key'), clientCaFile: file('ca.pem') },
    },
  });
  const { port } = await serve(t, engine);
  const channel = (name?: string) =>
    credentials.createSsl(
      readFileSync(file('ca.pem')),
      ...(name === undefined
        ? []
        : ([readFileSync(file(`${name}.key`)), readFileSync(file(`${name}.pem`))] as const)),
    );
  assert.equal((await clientOf(t, port, channel('acme-trader')).publish(bars)).accepted, 10);
  assert.equal([...engine.instruments.all()][0]!.definition.owner, 'acme');
  const zen = clientOf(t, port, channel('zen-viewer'));
  assert.equal(await codeOf(zen.publish(bars)), 'PERMISSION_DENIED');
  assert.equal(await codeOf(health(zen)), 'OK');
  assert.equal(
    await codeOf(health(zen, 'key-a')),
    'UNAUTHENTICATED',
    'key and certificate are of two tenants',
  );
  assert.equal(await codeOf(health(clientOf(t, port, channel('nobody')))), 'UNAUTHENTICATED');
  assert.equal(await codeOf(health(clientOf(t, port, channel('stranger')))), 'UNAVAILABLE');
  assert.equal(await codeOf(health(clientOf(t, port, channel()))), 'UNAVAILABLE');
  assert.equal(await codeOf(health(clientOf(t, port))), 'UNAVAILABLE', 'without TLS nothing answers');
});

test('a tenant that calls too often is told when to come again, and no other tenant notices', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), {
    tenants: [
      {
        id: 'acme',
        apiKeySha256: [{ sha256: hash('key-a'), role: 'trader' }],
        quotas: { callsPerSecond: 5, rowsPerSecond: 20, messagesPerSecond: 100, streams: 2 },
      },
      { id: 'zen', apiKeySha256: [hash('key-z')] },
    ],
  });
  const { port } = await serve(t, engine);
  const client = clientOf(t, port);
  const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(health(client, 'key-a'))));
  assert.equal(codes.filter((code) => code === 'OK').length, 5);
  assert.equal(codes.filter((code) => code === 'RESOURCE_EXHAUSTED').length, 15);
  const others = await Promise.all(Array.from({ length: 20 }, () => codeOf(health(client, 'key-z'))));
  assert.ok(others.every((code) => code === 'OK'));
  const failure = await health(client, 'key-a').catch((error: unknown) => error as ServiceError);
  const wait = Number((failure as ServiceError).metadata.get('retry-after-ms')[0]);
  assert.ok(wait > 0 && wait <= 1_000);
  await new Promise((resolve) => setTimeout(resolve, wait + 50));
  assert.equal(await codeOf(client.publish(inventedBars(30), 'key-a')), 'INVALID_ARGUMENT', 'it never fits');
  await client.publish(inventedBars(20), 'key-a');
  assert.equal(await codeOf(client.publish(inventedBars(20), 'key-a')), 'RESOURCE_EXHAUSTED');
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const streams = [client.stream({}, 'key-a'), client.stream({}, 'key-a')];
  for (const stream of streams) {
    stream.on('error', () => undefined);
    await new Promise<void>((resolve) => stream.once('metadata', () => resolve()));
  }
  assert.equal(await codeOf(client.stream({}, 'key-a')), 'RESOURCE_EXHAUSTED');
  streams[0]!.cancel();
  await eventually('a place is free again', async () => {
    const third = client.stream({}, 'key-a');
    const opened = await Promise.race([
      new Promise<boolean>((resolve) =>
        third.once('metadata', (m: Metadata) => resolve(m instanceof Metadata)),
      ),
      codeOf(third).then(() => false),
    ]);
    third.cancel();
    return opened;
  });
  streams[1]!.cancel();
});

test('no call of one tenant reads or changes anything of another', async (t) => {
  const lines = inventedBars(1_260, { momentum: 0.7, seed: 32 });
  const engine = await openEngine(t, temporaryFolder(t), {
    tenants: [
      { id: 'acme', apiKeySha256: [{ sha256: hash('key-a'), role: 'trader' }] },
      { id: 'zen', apiKeySha256: [{ sha256: hash('key-z'), role: 'trader' }] },
      { id: 'ops', apiKeySha256: [{ sha256: hash('key-o'), role: 'operator' }] },
    ],
  });
  const { port } = await serve(t, engine);
  const client = clientOf(t, port);
  for (let i = 0; i < 1_200; i += 400) await client.publish(lines.slice(i, i + 400), 'key-a');
  await engine.settled();
  await engine.training.train('acme@published/EURUSD/1h', lines[1_199]!.openTime + 3_600_000);
  await client.publish(lines.slice(1_200, 1_250), 'key-a');
  await engine.settled();
  // A signal is seen only once it is durable.
  await engine.journal.durable();
  const before = engine.instruments.graph.states();

  // StreamSignals, GetLatestSignal: there is nothing, not even with the other's cursor.
  const latest = { symbol: 'EURUSD', timeframe: 'TIMEFRAME_1H' };
  assert.equal(await codeOf(client.call('SignalService', 'GetLatestSignal', latest, 'key-a')), 'OK');
  assert.equal(await codeOf(client.call('SignalService', 'GetLatestSignal', latest, 'key-z')), 'NOT_FOUND');
  const stream = client.stream({ resume_after: 0 }, 'key-z');
  const stolen: unknown[] = [];
  stream.on('data', (update) => stolen.push(update));
  stream.on('error', () => undefined);

  // PublishBars, PublishQuotes: the same symbol is another series, and the first one's state stays as it was.
  assert.equal((await client.publish(lines.slice(1_250), 'key-z')).accepted, 10);
  await engine.settled();
  for (const [id, state] of before) assert.deepEqual(engine.instruments.graph.states().get(id), state, id);
  assert.equal(engine.instruments.barsOf('zen@published/EURUSD/1h'), 10);
  assert.equal(
    engine.instruments.routeOf('zen', 'zen@published/EURUSD/1h'),
    undefined,
    'a model of its own it has not',
  );

  // ReportTrade: a prediction of another is one that is not there.
  const { prediction_id: predictionId } = await client.call<{ prediction_id: string }>(
    'SignalService',
    'GetLatestSignal',
    latest,
    'key-a',
  );
  const trade = {
    trade_id: 'z1',
    prediction_id: predictionId,
    side: 'DIRECTION_LONG',
    quantity: 1,
    entry_time: lines[1_249]!.openTime,
    entry_price: 1,
    exit_time: lines[1_249]!.openTime + 1,
    exit_price: 1.01,
  };
  const answer = await client.call<{ answer: string }>('FeedbackService', 'ReportTrade', trade, 'key-z');
  assert.equal(answer.answer, 'TRADE_ANSWER_UNKNOWN_PREDICTION');
  await engine.stored();
  const [row] = await engine.predictions.sql(
    `SELECT trades FROM ml_predictions WHERE prediction_id = '${predictionId}'`,
    'acme',
  );
  assert.equal(Number(row!['trades']), 0);

  // GetHealth: how much another tenant does is not told.
  const [seenByZen, seenByOps] = [await health(client, 'key-z'), await health(client, 'key-o')];
  assert.ok(seenByOps.bars >= 1_260 && seenByOps.signals >= 40, JSON.stringify(seenByOps));
  const { signals, bars: barsSeen, feature_rows: rows, subscribers, withheld } = seenByZen;
  assert.deepEqual([signals, barsSeen, rows, subscribers], [0, 0, 0, 1]);
  assert.deepEqual(Object.keys(withheld), ['no_model']);
  assert.equal((await health(client, 'key-a')).signals, seenByOps.signals);
  assert.deepEqual([seenByZen.of_tenant, seenByOps.of_tenant], [true, false]);
  const status = async (key: string): Promise<string> =>
    (await runCommand(['status', '--address', `127.0.0.1:${port}`], { SUHO_API_KEY: key })).stdout;
  assert.match(
    await status('key-a'),
    new RegExp(`^your tenant since start: ${seenByOps.signals} signals; `, 'm'),
  );
  assert.doesNotMatch(await status('key-z'), /actors|bars, |journal:/);
  assert.match(await status('key-o'), /^\d+ actors .*\nsince start: \d+ bars/m);
  assert.deepEqual(stolen, []);
  stream.cancel();
});

test('without any credential the engine binds loopback only', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { grpc: { host: '0.0.0.0', port: 0 } });
  const api = new ApiServer(engine, { simulated: false });
  await assert.rejects(
    api.listen(),
    (error) =>
      error instanceof SuhoError && error.code === 'BAD_CONFIG' && /loopback only/.test(error.message),
  );
  await api.stop();
});
