import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrainingJob } from '../../engine/learning/retraining/job-store.js';
import { nextJob, ownerAndSeries, stillCounts, type Spent } from '../../engine/learning/retraining/queue.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SETTINGS = { budgetMsAnHour: 10 * MINUTE, cooldownMs: 6 * HOUR };

let made = 0;
function job(of: Partial<TrainingJob>): TrainingJob {
  made++;
  return {
    jobId: `job-${made}`,
    tenantId: 'acme',
    seriesId: `acme@published/S${made}/1h`,
    model: '',
    cause: 'drift',
    reason: '',
    priority: 60,
    dataFrom: undefined,
    newEncoder: false,
    queuedAt: made,
    status: 'queued',
    attempts: 0,
    version: undefined,
    error: undefined,
    startedAt: undefined,
    finishedAt: undefined,
    cpuMs: 0,
    claimedBy: undefined,
    claimedAt: undefined,
    ...of,
  };
}

test('of the jobs of a tenant the one of the highest priority comes first, then the oldest', () => {
  const waiting = [job({}), job({}), job({ priority: 80 })];
  const state = { spent: [], trainedAt: new Map(), now: 0 };
  assert.equal(nextJob({ ...state, waiting }, SETTINGS), waiting[2]);
  assert.equal(nextJob({ ...state, waiting: waiting.slice(0, 2) }, SETTINGS), waiting[0]);
  assert.equal(nextJob({ ...state, waiting: [] }, SETTINGS), undefined);
});

test('a series that was trained waits for its cooldown, unless someone asks by hand', () => {
  const again = job({ seriesId: 'market/EURUSD/1h' });
  const state = { waiting: [again], spent: [], trainedAt: new Map([[ownerAndSeries(again), 100]]) };
  assert.equal(nextJob({ ...state, now: 100 + 6 * HOUR - 1 }, SETTINGS), undefined);
  assert.equal(nextJob({ ...state, now: 100 + 6 * HOUR }, SETTINGS), again);
  const asked = { ...again, cause: 'requested' as const };
  assert.equal(nextJob({ ...state, waiting: [asked], now: 101 }, SETTINGS), asked);
});

test('trainings of all tenants keep to the budget of each hour, and tenants get the same of it however much they ask for', () => {
  const asks: Readonly<Record<string, number>> = { loud: 40, acme: 3, zen: 3 };
  let spent: Spent[] = [];
  const all: Spent[] = [];
  const served = new Map<string, number>();
  const waiting = Object.entries(asks).flatMap(([tenantId, count]) =>
    Array.from({ length: count }, () => job({ tenantId, priority: tenantId === 'loud' ? 100 : 20 })),
  );
  const order: string[] = [];
  for (let now = 0; now < 30 * HOUR && waiting.length > 0; now += MINUTE) {
    const next = nextJob({ waiting, spent, trainedAt: new Map(), now }, SETTINGS);
    if (next === undefined) continue;
    waiting.splice(waiting.indexOf(next), 1);
    const took = { tenantId: next.tenantId, cpuMs: 4 * MINUTE, at: now };
    spent = stillCounts([...spent, took], now);
    all.push(took);
    order.push(next.tenantId);
    served.set(next.tenantId, (served.get(next.tenantId) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(served), asks);
  for (const { at } of all) {
    const used = all.filter((other) => other.at > at - HOUR && other.at <= at);
    const ms = used.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
    // The job that reaches the budget was begun below it.
    assert.ok(ms < SETTINGS.budgetMsAnHour + 4 * MINUTE, `${ms / MINUTE} minutes`);
  }
  // The quiet tenants are served within the first three hours, beside the loud one.
  const first = order.slice(0, 9);
  for (const tenantId of Object.keys(asks))
    assert.equal(first.filter((each) => each === tenantId).length, 3, tenantId);
});
