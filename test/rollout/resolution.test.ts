import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { SHADOWS_MAX, servingArm, type RoutePlan } from '../../actors/signals/route-plan.js';
import { routeOf } from '../../engine/learning/model-activation.js';
import type { ListedModel } from '../../engine/registry/model-registry.js';
import { chooseModels, planKey, planOf } from '../../engine/rollout/resolution.js';
import { inventedModel } from '../support/contracts.js';

const SERIES = 'market/EURUSD/1h';

function model(
  tenantId: string,
  userId: string | undefined,
  status: ListedModel['status'],
  more: Partial<ListedModel> = {},
): ListedModel {
  const { trainedThrough: _, ...invented } = inventedModel(`${tenantId}${userId ?? ''}${status}`, 'v1.0.0');
  return {
    ...invented,
    featureSetVersion: FEATURE_SET_VERSION,
    trainedThrough: 0,
    tenantId,
    ...(userId === undefined ? {} : { userId }),
    status,
    traffic: status === 'canary' ? 0.1 : undefined,
    trial: undefined,
    registeredAt: 0,
    ...more,
  };
}

const CALLERS = [
  { tenantId: 'acme', userId: 'ann' },
  { tenantId: 'acme', userId: 'bob' },
  { tenantId: 'acme', userId: undefined },
  { tenantId: 'zen', userId: 'ann' },
] as const;

/** Which levels a caller sees, nearest first. */
function levelsOf({ tenantId, userId }: (typeof CALLERS)[number]): string[] {
  if (tenantId !== 'acme') return ['platform'];
  return userId === 'ann' ? ['ann', 'acme', 'platform'] : ['acme', 'platform'];
}

test('of every combination of levels with a model, each caller is served the nearest that is its own', () => {
  const ofLevel: Readonly<Record<string, ListedModel>> = {
    ann: model('acme', 'ann', 'production'),
    acme: model('acme', undefined, 'production'),
    platform: model('platform', undefined, 'production'),
  };
  let checked = 0;
  for (let combination = 0; combination < 8; combination++) {
    const there = Object.keys(ofLevel).filter((_, i) => (combination >> i) % 2 === 1);
    const models = there.map((level) => ofLevel[level]!).reverse();
    for (const caller of CALLERS) {
      const nearest = levelsOf(caller).find((level) => there.includes(level));
      const chosen = chooseModels(models, SERIES, caller, 0)?.production;
      assert.equal(
        chosen,
        nearest === undefined ? undefined : ofLevel[nearest],
        `${there.join()} for ${JSON.stringify(caller)}`,
      );
      checked++;
    }
  }
  assert.equal(checked, 32);
});

test('what is tried on a level nearer than production’s is tried beside it, what is tried behind it is not', () => {
  const platform = model('platform', undefined, 'production');
  const ofPlatform = model('platform', undefined, 'canary');
  const ofTenant = model('acme', undefined, 'shadow');
  const all = [platform, ofPlatform, ofTenant];
  const tried = (models: readonly ListedModel[], tenantId: string): unknown => {
    const chosen = chooseModels(models, SERIES, { tenantId }, 0);
    return [chosen?.canary, chosen?.shadows];
  };
  assert.deepEqual(tried(all, 'acme'), [ofPlatform, [ofTenant]]);
  assert.deepEqual(tried(all, 'zen'), [ofPlatform, []]);
  const own = model('acme', undefined, 'production');
  assert.deepEqual(tried([...all, own], 'acme'), [undefined, [ofTenant]]);
});

test('a model of a file serves where a level has none of the series, and one that has seen later bars or has other features does not', () => {
  const ofFile = model('platform', undefined, 'production', { feed: 'file', modelId: 'f'.repeat(64) });
  const tenantsFile = model('acme', undefined, 'production', { feed: 'file', modelId: 'a'.repeat(64) });
  const own = model('platform', undefined, 'production');
  const serving = (models: readonly ListedModel[], closedThrough = 0): ListedModel | undefined =>
    chooseModels(models, SERIES, { tenantId: 'acme' }, closedThrough)?.production;
  assert.equal(serving([ofFile]), ofFile);
  assert.equal(serving([ofFile, own]), own);
  assert.equal(serving([ofFile, own, tenantsFile]), tenantsFile);
  assert.equal(serving([{ ...own, trainedThrough: 10 }], 9), undefined);
  assert.equal(serving([own], NaN), undefined);
  assert.equal(serving([{ ...own, featureSetVersion: 'fs0' }]), undefined);
  assert.equal(serving([{ ...own, symbol: 'GBPUSD' }]), undefined);
});

test('a canary serves its share of the bars, the same ones whenever they are asked for, others under another plan', () => {
  const shadows = Array.from({ length: SHADOWS_MAX + 1 }, (_, i) =>
    model('platform', undefined, 'shadow', { modelId: `${i}`.repeat(64) }),
  );
  const plan = (share: number): RoutePlan => {
    const canary = model('platform', undefined, 'canary', { traffic: share });
    const models = [model('platform', undefined, 'production'), canary, ...shadows];
    const chosen = chooseModels(models, SERIES, { tenantId: 'acme' }, 0)!;
    return planOf(chosen, (each, arm) => routeOf(each, SERIES, arm));
  };
  const [tenth, half] = [plan(0.1), plan(0.5)];
  assert.equal(tenth.shadows?.length, SHADOWS_MAX);
  assert.notEqual(planKey(tenth), planKey(half));
  assert.equal(planKey(tenth), planKey(plan(0.1)));
  const served = (of: RoutePlan, tenantId: string): number[] => {
    const bars: number[] = [];
    for (let bar = 0; bar < 10_000; bar++)
      if (servingArm(of, tenantId, 'EURUSD', '1h', bar * 3_600_000).arm === 'canary') bars.push(bar);
    return bars;
  };
  // Binomial, 10,000 bars: 1,000 with a deviation of 30, 5,000 with one of 50; five of them on either side.
  const [few, many] = [served(tenth, 'acme'), served(half, 'acme')];
  assert.ok(Math.abs(few.length - 1_000) < 150, `${few.length}`);
  assert.ok(Math.abs(many.length - 5_000) < 250, `${many.length}`);
  assert.deepEqual(served(plan(0.1), 'acme'), few);
  const others = new Set(served(tenth, 'zen'));
  const common = few.filter((bar) => others.has(bar)).length;
  // Independent of the other tenant's: a tenth of a tenth.
  assert.ok(common > 50 && common < 150, `${common} bars in common`);
});
