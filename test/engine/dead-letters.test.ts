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
import type { Engine } from '../../engine/engine.js';
import { ROLES, type Role } from '../../engine/credentials/caller.js';
import { MetricsServer } from '../../engine/ops/metrics.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand, type CommandResult } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
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

/** An engine served on loopback: its ClickHouse is away, its PostgreSQL embedded unless it is to be away too. */
async function served(t: TestContext, { postgresAway = false } = {}) {
  const folder = temporaryFolder(t);
  const { postgres, clickhouse } = STORES_AWAY;
  const engine = await openEngine(
    t,
    folder,
    { tenants: TENANTS, drainSeconds: 0.1, clickhouse, ...(postgresAway ? { postgres } : {}) },
    {},
  );
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
    journal.predictions.appendConclusion({
      actorId: 'signal:acme:market/EURUSD/1h',
      closeTime: signal.barCloseTime,
      evidence: {
        closeTime: signal.barCloseTime,
        model: undefined,
        modelFailure: 'error',
        patterns: undefined,
        patternFailure: undefined,
        timing: { queueMs: 0, inferenceMs: 0, patternsMs: 0 },
      },
      result: { kind: 'signal', signal: { ...signal, price: i } },
    });
  }
}

async function settled(engine: Engine): Promise<void> {
  await engine.journal.durable();
  await engine.predictionsStored();
}
