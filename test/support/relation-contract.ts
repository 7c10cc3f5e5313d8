import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { RelationSnapshot, RelationStore } from '../../engine/relations/relation-store.js';
import { MONDAY } from './markets.js';

/** Relations: as they were known at a moment, each tenant its own, written again without a change. Returns a snapshot it kept. */
export async function relationStoreContract(store: RelationStore): Promise<RelationSnapshot> {
  const tenantId = `acme-${randomBytes(3).toString('hex')}`;
  const relation = {
    from: 'EURUSD',
    to: 'GBPUSD',
    lag: 2,
    correlation: -0.25,
    shrunk: -0.125,
    pValue: 0.0009765625,
    qValue: 0.03125,
    before: undefined,
    returns: 900,
    effective: 512.5,
    knownAt: MONDAY,
  };
  const first: RelationSnapshot = {
    tenantId,
    timeframe: '1h',
    at: MONDAY,
    relations: [{ ...relation, lag: 0, shrunk: 0.5, before: 0.75 }, relation],
  };
  const later: RelationSnapshot = { ...first, at: MONDAY + 86_400_000, relations: [] };
  assert.equal(await store.asOf(tenantId, '1h', MONDAY), undefined);
  for (const snapshot of [first, first, later]) await store.keep(snapshot);
  const plain = (snapshot: RelationSnapshot | undefined): unknown => JSON.parse(JSON.stringify(snapshot));
  assert.deepEqual(plain(await store.asOf(tenantId, '1h', MONDAY + 1)), plain(first));
  assert.deepEqual(await store.asOf(tenantId, '1h', MONDAY + 86_400_000), later, 'none is an answer too');
  assert.equal(await store.asOf(tenantId, '1h', MONDAY - 1), undefined);
  assert.equal(await store.asOf(tenantId, '4h', MONDAY), undefined);
  assert.equal(await store.asOf(`${tenantId}-x`, '1h', MONDAY), undefined);
  return first;
}
