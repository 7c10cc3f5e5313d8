import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { EmbeddedPostgres } from '../../engine/database/embedded-postgres.js';
import { applySchemas } from '../../engine/database/schemas.js';
import { PostgresJobStore } from '../../engine/learning/retraining/postgres-job-store.js';
import type { TrainingJob } from '../../engine/learning/retraining/job-store.js';
import { nextJob, ownerAndSeries } from '../../engine/learning/retraining/queue.js';
import { PRIORITIES } from '../../engine/learning/retraining/triggers.js';
import { afterTest } from '../support/cleanup.js';
import { temporaryFolder } from '../support/engine.js';

const MINUTE = 60_000;
const BUDGET_MS = 10 * MINUTE;
const START = Date.UTC(2026, 0, 5);

/** One engine’s side of the store; minutes since the start. */
interface Engine {
  readonly claim: (job: TrainingJob, minute: number) => ReturnType<PostgresJobStore['claim']>;
  readonly renew: (job: TrainingJob, minute: number) => Promise<boolean>;
  readonly jobs: PostgresJobStore;
}

async function begun(claim: ReturnType<PostgresJobStore['claim']>): Promise<TrainingJob> {
  const job = await claim;
  assert.ok(typeof job === 'object', JSON.stringify(job));
  return job;
}

test('a training that waits takes over the cause that is stronger, with all that it asks for; one that runs is left as it is', async (t) => {
  const server = new EmbeddedPostgres(path.join(temporaryFolder(t), 'postgres'));
  await server.start();
  afterTest(t, async () => await server.stop());
  await applySchemas(server.connection, false, () => undefined);
  const jobs = new PostgresJobStore(server.connection);
  afterTest(t, async () => await jobs.close());
  const ask = async (
    cause: TrainingJob['cause'],
    more: Partial<Pick<TrainingJob, 'dataFrom' | 'newEncoder'>> = {},
  ): Promise<TrainingJob> =>
    await jobs.enqueue({
      tenantId: 'acme',
      seriesId: 'acme@published/EURUSD/1h',
      model: 'published/EURUSD/1h',
      cause,
      reason: `for ${cause}`,
      priority: PRIORITIES[cause],
      dataFrom: undefined,
      newEncoder: false,
      queuedAt: START,
      ...more,
    });
  const told = ({ cause, reason, priority, dataFrom, newEncoder }: TrainingJob) => [
    cause,
    reason,
    priority,
    dataFrom,
    newEncoder,
  ];
  const { jobId } = await ask('schedule');
  assert.deepEqual(told(await ask('drift', { newEncoder: true })), [
    'drift',
    'for drift',
    60,
    undefined,
    true,
  ]);
  const turned = START - MINUTE;
  const performance = ['performance', 'for performance', 80, turned, true];
  assert.deepEqual(told(await ask('performance', { dataFrom: turned })), performance);
  assert.deepEqual(told(await ask('data')), performance);
  const asked = await ask('requested');
  assert.deepEqual([asked.jobId, ...told(asked)], [jobId, 'requested', 'for requested', 100, turned, true]);
  // Its cooldown is over with that: someone asked by hand.
  const state = { spent: [], trainedAt: new Map([[ownerAndSeries(asked), START]]), now: START + 1 };
  const settings = { budgetMsAnHour: BUDGET_MS, cooldownMs: 360 * MINUTE };
  assert.equal(nextJob({ ...state, waiting: [asked] }, settings), asked);

  await jobs.cancel({ tenantId: 'acme' }, jobId, START);
  const scheduled = await ask('schedule');
  await begun(jobs.claim(scheduled, 'first', START, START - 2 * MINUTE, BUDGET_MS));
  const running = await ask('performance', { dataFrom: turned });
  assert.deepEqual([running.jobId, running.status], [scheduled.jobId, 'running']);
  assert.deepEqual(told(running), ['schedule', 'for schedule', 20, undefined, false]);
});

test('engines of one registry share the budget of trainings: what one took or runs, of whatever tenant, counts for the other', async (t) => {
  const server = new EmbeddedPostgres(path.join(temporaryFolder(t), 'postgres'));
  await server.start();
  afterTest(t, async () => await server.stop());
  await applySchemas(server.connection, false, () => undefined);
  const [first, second] = ['first', 'second'].map((engine) => {
    const jobs = new PostgresJobStore(server.connection);
    afterTest(t, async () => await jobs.close());
    return {
      claim: async (job: TrainingJob, minute: number) => {
        const at = START + minute * MINUTE;
        return await jobs.claim(job, engine, at, at - 2 * MINUTE, BUDGET_MS);
      },
      renew: async (job: TrainingJob, minute: number) =>
        await jobs.renew(job, engine, START + minute * MINUTE),
      jobs,
    };
  }) as [Engine, Engine];
  const queued = async (tenantId: string, n: number): Promise<TrainingJob> =>
    await first.jobs.enqueue({
      tenantId,
      seriesId: `${tenantId}@published/S${n}/1h`,
      model: `published/S${n}/1h`,
      cause: 'requested',
      reason: 'a test',
      priority: 100,
      dataFrom: undefined,
      newEncoder: false,
      queuedAt: START,
    });
  const jobs = await Promise.all(['acme', 'zen', 'acme', 'platform', 'zen', 'acme'].map(queued));
  const ended = async (engine: Engine, job: TrainingJob, minute: number, cpuMinutes: number): Promise<void> =>
    await engine.jobs.end(job, {
      status: 'succeeded',
      cpuMs: cpuMinutes * MINUTE,
      at: START + minute * MINUTE,
    });

  const a = await begun(first.claim(jobs[0]!, 0));
  await ended(first, a, 4, 4);
  const b = await begun(second.claim(jobs[1]!, 4));
  // It runs since two minutes, and counts as the four that the longest took: 4 + 4 of 10.
  const c = await begun(first.claim(jobs[2]!, 6));
  await ended(first, c, 7, 1);
  assert.equal(await second.renew(b, 9), true);
  // 4 + 1 that are over, 5 that run.
  assert.equal(await first.claim(jobs[3]!, 9), 'over_budget');
  assert.equal(await second.claim(jobs[3]!, 9), 'over_budget');
  await ended(second, b, 9, 4.5);
  // 9.5 of 10 are taken: of two that ask at once one begins.
  const both = await Promise.all([first.claim(jobs[3]!, 9), second.claim(jobs[4]!, 9)]);
  assert.equal(both.filter((one) => typeof one === 'object').length, 1);
  assert.equal(both.filter((one) => one === 'over_budget').length, 1);
  const [alive] = both.flatMap((one) => (typeof one === 'object' ? [one] : []));
  assert.ok((await first.renew(alive!, 12)) || (await second.renew(alive!, 12)));
  // Its engine died then: three minutes count, and the hour of the first ones goes by.
  assert.equal(await first.claim(jobs[5]!, 30), 'over_budget');
  await begun(first.claim(jobs[5]!, 68));
});
