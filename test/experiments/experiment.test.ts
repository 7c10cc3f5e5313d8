import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { withPostgres } from '../../engine/cli/postgres-session.js';
import type { Experiment } from '../../engine/experiments/experiment.js';
import type { TrialRecord } from '../../engine/experiments/experiment-store.js';
import { runCommand, startCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { inventedBars, toCsv } from '../support/markets.js';

interface Job {
  readonly status: string;
  readonly error: string | null;
  readonly hyperparameters: { readonly candidate: number; readonly stage: number; readonly score?: unknown };
}

const jobsOf = async (data: string): Promise<readonly Job[]> =>
  await withPostgres({ data }, async (connection) => {
    const client = new pg.Client(connection);
    await client.connect();
    try {
      const { rows } = await client.query<Job>(
        `SELECT status, error, hyperparameters FROM ml_registry.training_jobs WHERE cause = 'experiment' ORDER BY queued_at`,
      );
      return rows;
    } finally {
      await client.end();
    }
  });

const keyOf = ({ candidate, stage }: Pick<TrialRecord, 'candidate' | 'stage'>): string =>
  `${candidate}/${stage}`;

test('an experiment that is killed goes on where it was, its fits are those of an unbroken one, and its end is told once', async (t) => {
  const folder = temporaryFolder(t);
  const csv = path.join(folder, 'EURUSD.csv');
  writeFileSync(csv, toCsv(inventedBars(2_100, { momentum: 0.7, seed: 5 })));
  const args = (data: string, minutes: number, workers: number): string[] =>
    `experiment run ${csv} --name first --json --families boosted,forest --data ${path.join(folder, data)} --minutes ${minutes} --workers ${workers}`.split(
      ' ',
    );
  const unbroken = await runCommand(args('unbroken', 0.15, 1));
  assert.equal(unbroken.code, 0, unbroken.stderr);
  const alone = JSON.parse(unbroken.stdout) as Experiment;

  const killed = startCommand(args('killed', 10, 2));
  const ended = new Promise((resolve) => killed.once('close', resolve));
  setTimeout(() => killed.kill('SIGKILL'), 12_000);
  await ended;
  const data = path.join(folder, 'killed');
  const before = await jobsOf(data);
  const finished = await runCommand(args('killed', 0.25, 2));
  assert.equal(finished.code, 0, finished.stderr);
  const { trials, conclusion } = JSON.parse(finished.stdout) as Experiment;
  const jobs = await jobsOf(data);
  assert.equal(new Set(trials.map(keyOf)).size, trials.length, 'nothing is fitted twice');
  const succeeded = jobs.filter(({ status }) => status === 'succeeded');
  assert.deepEqual(
    succeeded.map(({ hyperparameters }) => keyOf(hyperparameters)).sort(),
    trials.map(keyOf).sort(),
  );
  assert.ok(succeeded.length >= before.filter(({ status }) => status === 'succeeded').length);
  for (const job of jobs.filter(({ status }) => status !== 'succeeded'))
    assert.deepEqual([job.status, job.error], ['failed', 'its process ended']);
  assert.ok(jobs.length - succeeded.length <= 2);

  // The same candidate is worth the same, by one thread or two, broken off or not.
  const known = new Map(alone.trials.map((trial) => [keyOf(trial), trial.score]));
  const both = trials.filter((trial) => known.has(keyOf(trial)));
  assert.ok(both.length >= 1);
  for (const trial of both) assert.deepEqual(trial.score, known.get(keyOf(trial)));

  assert.equal(conclusion.candidates, new Set(trials.map(({ candidate }) => candidate)).size);
  assert.equal(conclusion.final.performance.sharpe!.deflated.trials, conclusion.candidates);
  const best = trials.filter(({ stage }) => stage === Math.max(...trials.map((trial) => trial.stage)));
  const excess = ({ score }: TrialRecord): number => score!.logLoss - score!.baseLogLoss;
  assert.equal(
    excess(best.find(({ candidate }) => candidate === conclusion.candidate)!),
    Math.min(...best.map(excess)),
  );

  const again = await runCommand(args('killed', 10, 2));
  assert.deepEqual(JSON.parse(again.stdout), JSON.parse(finished.stdout));
  assert.deepEqual(await jobsOf(data), jobs, 'told again, nothing is fitted');

  const other = await runCommand([...args('killed', 1, 1), '--seed', '8']);
  assert.equal(other.code, 2);
  assert.match(
    other.stderr,
    /There is an experiment "first" already, of EURUSD 1h with other bars, families or seed/,
  );
});

test('an experiment on history that nothing can be learned from is refused in one sentence, and nothing of it is stored', async (t) => {
  const folder = temporaryFolder(t);
  const csv = path.join(folder, 'EURUSD.csv');
  const data = path.join(folder, 'data');
  for (const [bars, words] of [
    [
      inventedBars(1_900),
      /^suho: An experiment needs 1800 1h bars after the first 199 that warm up the features; there are 1701\.$/m,
    ],
    [
      inventedBars(2_100, { momentum: 1 }),
      /^suho: The outcomes of these 1901 rows are all the same \(1h: up, 4h: up, 1d: up\): .*\.$/m,
    ],
  ] as const) {
    writeFileSync(csv, toCsv(bars));
    const { code, stderr } = await runCommand(
      `experiment run ${csv} --name none --families boosted --minutes 0.1 --data ${data}`.split(' '),
    );
    assert.equal(code, 2, stderr);
    assert.match(stderr, words);
    assert.equal(existsSync(data), false);
  }
});
