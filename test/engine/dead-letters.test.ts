// Records that a real PostgreSQL refuses, seen and retried over gRPC and from the command line.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { status, type ServiceError } from '@grpc/grpc-js';
import pg from 'pg';
import type { EngineHealth__Output as EngineHealth } from '../../engine/api/generated/suho/v1/EngineHealth.js';
import type { ListDeadLettersResponse__Output as Listed } from '../../engine/api/generated/suho/v1/ListDeadLettersResponse.js';
import type { RetryDeadLettersResponse__Output as Retried } from '../../engine/api/generated/suho/v1/RetryDeadLettersResponse.js';
import { EmbeddedPostgres } from '../../engine/database/embedded-postgres.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Engine } from '../../engine/engine.js';
import { ROLES, type Role } from '../../engine/credentials/caller.js';
import { MetricsServer } from '../../engine/ops/metrics/metrics-server.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand, type CommandResult } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { conclusionOf } from '../support/invented-records.js';
import { inventedSignal } from '../support/prediction-contract.js';
import { STORES_AWAY, TestClient, codeOf, serve } from '../support/served.js';

const BEYOND = '18446744073709551615';
const keyOf = (role: Role): string => `key-of-${role}`;
const OPERATOR = keyOf('operator');
const TENANTS = [
  {
    id: 'acme',
    apiKeySha256: ROLES.map((role) => ({
      sha256: createHash('sha256').update(keyOf(role)).digest('hex'),
      role,
    })),
  },
];

/** An engine served on loopback to a caller of each role. */
async function served(t: TestContext, stores: ConfigInput = {}) {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder, { tenants: TENANTS, drainSeconds: 0.1, ...stores }, {});
  const { api, port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const list = async (request: object = {}): Promise<Listed['letters']> =>
    (await client.call<Listed>('EngineService', 'ListDeadLetters', request, OPERATOR)).letters;
  const retry = async (request: object): Promise<Retried> =>
    await client.call<Retried>('EngineService', 'RetryDeadLetters', request, OPERATOR);
  const command = async (...args: readonly string[]): Promise<CommandResult> => {
    process.env['SUHO_API_KEY'] = OPERATOR;
    try {
      return await runCommand([...args, '--address', `127.0.0.1:${port}`]);
    } finally {
      delete process.env['SUHO_API_KEY'];
    }
  };
  return { engine, api, client, list, retry, command, postgresFolder: path.join(folder, 'postgres') };
}

/** Runs a statement as the owner of the tables. */
async function asOwner(postgresFolder: string, statement: string): Promise<void> {
  const client = new pg.Client(EmbeddedPostgres.runningOn(postgresFolder));
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function appendSignals({ journal }: Engine, count: number): void {
  for (let i = 0; i < count; i++) {
    const signal = inventedSignal('acme', i);
    journal.predictions.appendConclusion(
      conclusionOf('signal:acme:market/EURUSD/1h', { ...signal, price: i }),
    );
  }
}

/** Letters that no actor and no store made, for what is the same for all. */
function addLetters({ journal }: Engine, count: number, source: 'actor' | 'sink', name: string): void {
  for (let i = 0; i < count; i++)
    journal.deadLetters.add({
      source,
      name,
      tenantId: 'acme',
      about: `${name} ${i}`,
      error: `line 1\n\u001b[31mline 2 ${'x'.repeat(300)}`,
      record:
        source === 'sink' ? { kind: 'signal', sequence: 1, signal: inventedSignal('acme', i) } : undefined,
    });
}

test('what PostgreSQL refuses is listed, counted and written by a retry, over gRPC and from the command line', async (t) => {
  const { engine, api, client, list, retry, command, postgresFolder } = await served(t);
  let reads = 0;
  const metrics = new MetricsServer({
    ...api.metricsSource(),
    health: () => {
      reads++;
      return api.health.snapshot();
    },
  });
  const metricsPort = await metrics.listen('127.0.0.1', 0);
  afterTest(t, async () => await metrics.stop());
  const counts = async (): Promise<unknown[]> => {
    const { sinks } = await client.call<EngineHealth>('EngineService', 'GetHealth', {}, OPERATOR);
    const { stdout } = await command('status');
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return [
      Number(sinks.find(({ name }) => name === 'predictions')?.dead_letters),
      Number(/predictions │ ok .*│ (\d+) +│ *│/.exec(stdout)?.[1]),
      Number(/suho_sink_dead_letters\{sink="predictions"\} (\d+)/.exec(text)?.[1]),
    ];
  };
  const rows = async (): Promise<number> =>
    Number((await engine.predictions.sql('SELECT count(*) AS n FROM ml_predictions'))[0]?.['n']);
  await asOwner(
    postgresFolder,
    'ALTER TABLE suho_private.ml_predictions ADD CONSTRAINT dear CHECK (price NOT IN (3, 5, 8))',
  );
  appendSignals(engine, 10);
  await engine.stored();
  await engine.journal.durable();
  assert.equal(await rows(), 7);
  assert.deepEqual(await counts(), [3, 3, 3]);
  assert.equal(reads, 1, 'a scrape is one look at the engine');

  const [first, ...others] = await list({ name: 'predictions' });
  assert.equal(others.length, 2);
  assert.deepEqual(
    [first!.source, first!.name, first!.tenant_id, first!.about],
    ['DEAD_LETTER_SOURCE_SINK', 'predictions', 'acme', inventedSignal('acme', 3).predictionId],
  );
  assert.match(first!.error, /violates check constraint "dear"/);
  assert.deepEqual(await list({ name: 'features' }), []);
  assert.deepEqual(await retry({ sink: 'predictions', key: first!.key }), { written: 0, refused: 1 });
  const refused = await command('dead-letters', 'retry', 'predictions');
  assert.deepEqual([refused.code, refused.stdout], [1, '0 records written, 3 refused again\n']);
  assert.match(
    (await command('dead-letters', 'list')).stdout,
    new RegExp(`${first!.key} .*sink .*predictions .*acme .*${first!.about}.*PostgreSQL answered: `),
  );

  await asOwner(postgresFolder, 'ALTER TABLE suho_private.ml_predictions DROP CONSTRAINT dear');
  assert.deepEqual(await retry({ sink: 'predictions', key: first!.key }), { written: 1, refused: 0 });
  assert.deepEqual([await rows(), ...(await counts())], [8, 2, 2, 2]);
  const retried = await command('dead-letters', 'retry', 'predictions', '--json');
  assert.deepEqual([retried.code, JSON.parse(retried.stdout)], [0, { written: 2, refused: 0 }]);
  assert.deepEqual([await rows(), ...(await counts())], [10, 0, 0, 0]);
  assert.equal((await command('dead-letters', 'list')).stdout, 'no dead letters\n');
});

test('an outcome that comes while its signal is a dead letter is stored with it by the retry', async (t) => {
  const { engine, list, command, postgresFolder } = await served(t);
  const owner = async (statement: string): Promise<void> => await asOwner(postgresFolder, statement);
  await owner('ALTER TABLE suho_private.ml_predictions ADD CONSTRAINT dear CHECK (price NOT IN (0, 2))');
  appendSignals(engine, 4);
  await engine.stored();
  const outcome = (i: number, horizon: number): void => {
    const { predictionId, barCloseTime: closeTime } = inventedSignal('acme', i);
    const label = { closeTime, horizon, direction: 1, return: 0.25, maxGain: 0, maxLoss: 0, barrier: 0 };
    engine.journal.predictions.appendOutcome(
      { actorId: 'signal:acme:market/EURUSD/1h', tenantId: 'acme' },
      predictionId,
      {
        ...label,
        resolvedAt: closeTime + 3_600_000,
      },
    );
  };
  for (let i = 0; i < 4; i++) for (let horizon = 0; horizon < 3; horizon++) outcome(i, horizon);
  await engine.stored();
  await engine.journal.durable();
  const letters = await list({ name: 'predictions' });
  assert.equal(letters.length, 2 + 2 * 3, 'what is about a refused signal waits for it');
  const known = async (): Promise<number> =>
    Number(
      (
        await engine.predictions.sql(
          'SELECT count(*) AS n FROM ml_predictions WHERE return_1h = 0.25 AND return_4h = 0.25 AND return_1d = 0.25',
        )
      )[0]?.['n'],
    );
  assert.equal(await known(), 2);
  assert.equal(
    (await command('dead-letters', 'retry', 'predictions')).code,
    1,
    'the store refuses them still',
  );
  await owner('ALTER TABLE suho_private.ml_predictions DROP CONSTRAINT dear');
  const last = await command('dead-letters', 'retry', 'predictions', '--key', letters.at(-1)!.key);
  assert.deepEqual(
    [last.code, last.stdout],
    [1, '0 records written, 1 refused again\n'],
    'its signal is first',
  );
  const retried = await command('dead-letters', 'retry', 'predictions');
  assert.deepEqual([retried.code, retried.stdout], [0, '8 records written, 0 refused again\n']);
  assert.equal(await known(), 4);
});

test('dead letters of a sink or an actor are discarded one by one or all, and no others', async (t) => {
  const { engine, client, command } = await served(t, STORES_AWAY);
  const actor = 'signal:acme:market/EURUSD/1h';
  addLetters(engine, 250, 'sink', 'predictions');
  addLetters(engine, 3, 'sink', 'features');
  addLetters(engine, 2, 'actor', actor);
  await engine.journal.durable();
  const left = (): number[] =>
    ['predictions', 'features', actor].map((name) => engine.journal.deadLetters.countOf(name));
  const discard = async (...args: readonly string[]): Promise<CommandResult> =>
    await command('dead-letters', 'discard', ...args);
  const [first] = engine.journal.deadLetters.list();

  assert.match((await discard('predictions')).stderr, /--key KEY, or --all/);
  const another = await discard('features', '--key', String(first!.key));
  assert.match(another.stderr, /"features" has no dead letter/);
  assert.deepEqual(left(), [250, 3, 2]);
  const one = await discard('predictions', '--key', String(first!.key));
  assert.deepEqual([one.code, one.stdout], [0, '1 dead letters discarded\n']);
  assert.equal((await discard('predictions', '--key', String(first!.key))).code, 2, 'it is gone');
  assert.deepEqual(JSON.parse((await discard('predictions', '--all', '--json')).stdout), { discarded: 249 });
  assert.equal((await discard(actor, '--all')).stdout, '2 dead letters discarded\n');
  assert.deepEqual(left(), [0, 3, 0]);
  assert.equal(engine.journal.deadLetters.list().length, 3, 'as many as are counted');
  for (const [request, code] of [
    [{}, 'INVALID_ARGUMENT'],
    [{ name: 'features', key: BEYOND }, 'INVALID_ARGUMENT'],
    [{ name: 'features', after: BEYOND }, 'INVALID_ARGUMENT'],
    [{ name: 'features', key: 0 }, 'NOT_FOUND'],
  ] as const)
    assert.equal(await codeOf(client.call('EngineService', 'DiscardDeadLetters', request, OPERATOR)), code);
});

test('dead letters are for operators alone', async (t) => {
  const { engine, client } = await served(t, STORES_AWAY);
  addLetters(engine, 1, 'sink', 'predictions');
  await engine.journal.durable();
  for (const role of ROLES.filter((each) => each !== 'operator'))
    for (const [method, request] of [
      ['ListDeadLetters', {}],
      ['RetryDeadLetters', { sink: 'predictions' }],
      ['DiscardDeadLetters', { name: 'predictions' }],
    ] as const)
      assert.equal(
        await codeOf(client.call('EngineService', method, request, keyOf(role))),
        'PERMISSION_DENIED',
        `${role} ${method}`,
      );
  assert.equal(await codeOf(client.call('EngineService', 'ListDeadLetters', {}, OPERATOR)), 'OK');
  assert.equal(engine.journal.deadLetters.size, 1);
});

test('more letters than a page holds are listed whole, each once, and its text cannot take over a terminal', async (t) => {
  const { engine, command } = await served(t, STORES_AWAY);
  for (let i = 0; i < 5; i++) {
    addLetters(engine, 60, 'actor', 'signal:acme:market/EURUSD/1h');
    addLetters(engine, 1, 'sink', 'features');
  }
  await engine.journal.durable();
  const listed = async (
    ...args: readonly string[]
  ): Promise<{ key: number; source: string; time: number }[]> =>
    JSON.parse((await command('dead-letters', 'list', '--json', ...args)).stdout) as never;
  const all = await listed();
  assert.equal(all.length, 305);
  assert.deepEqual(
    all.map(({ key }) => key),
    [...new Set(all.map(({ key }) => key))].sort((a, b) => a - b),
  );
  assert.ok(all.every(({ time }) => Math.abs(Date.now() - time) < 3_600_000));
  assert.deepEqual(
    (await listed('--name', 'features')).map(({ source }) => source),
    Array(5).fill('DEAD_LETTER_SOURCE_SINK'),
  );
  const { stdout } = await command('dead-letters', 'list', '--name', 'features');
  assert.equal(stdout.includes('\u001b'), false);
  assert.equal(stdout.split('\n').filter((line) => line.includes('line 1')).length, 5, stdout);
});

test('a retry that cannot be says why: no such sink or letter, an actor’s letter, a store that is away', async (t) => {
  const { engine, retry, command } = await served(t, STORES_AWAY);
  addLetters(engine, 1, 'actor', 'signal:acme:market/EURUSD/1h');
  addLetters(engine, 1, 'sink', 'predictions');
  await engine.journal.durable();
  const [ofActor, ofSink] = engine.journal.deadLetters.list();
  const cases: [request: object, code: status, details: RegExp][] = [
    [{}, status.INVALID_ARGUMENT, /^sink: /],
    [{ sink: 'nowhere' }, status.NOT_FOUND, /no sink "nowhere"; there are features, predictions/],
    [{ sink: 'nowhere', key: ofSink!.key }, status.NOT_FOUND, /no sink "nowhere"/],
    [{ sink: 'signal:acme:market/EURUSD/1h' }, status.NOT_FOUND, /no sink "signal:acme/],
    [{ sink: 'predictions', key: ofActor!.key }, status.NOT_FOUND, /has no dead letter/],
    [{ sink: 'features', key: ofSink!.key }, status.NOT_FOUND, /has no dead letter/],
    [{ sink: 'predictions', key: 0 }, status.NOT_FOUND, /has no dead letter 0/],
    [{ sink: 'predictions', key: BEYOND }, status.INVALID_ARGUMENT, /^key: /],
    [{ sink: 'predictions', after: BEYOND }, status.INVALID_ARGUMENT, /^after: /],
    [{ sink: 'predictions' }, status.UNAVAILABLE, /PostgreSQL answered/],
  ];
  for (const [request, code, details] of cases) {
    const failure = await retry(request).then(
      (answer) => assert.fail(`${JSON.stringify(request)} is answered ${JSON.stringify(answer)}`),
      (error: unknown) => error as ServiceError,
    );
    assert.equal(failure.code, code, failure.details);
    assert.match(failure.details, details);
  }
  assert.equal(engine.journal.deadLetters.size, 2);
  const away = await command('dead-letters', 'retry', 'predictions');
  assert.equal(away.code, 1);
  assert.match(away.stderr, /^suho: The engine answered UNAVAILABLE: PostgreSQL answered/);
  const unknown = await command('dead-letters', 'retry', 'nowhere');
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /There is no sink "nowhere"/);
});
