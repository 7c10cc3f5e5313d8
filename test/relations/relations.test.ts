import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Bar } from '../../actors/market/bar.js';
import { Random } from '../../engine/learning/random.js';
import { FolderRelationStore } from '../../engine/relations/folder-relation-store.js';
import {
  benjaminiYekutieli,
  relationsOf,
  type MarketSeries,
  type RelationOptions,
} from '../../engine/relations/relations.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { MONDAY, toCsv } from '../support/markets.js';
import { relationStoreContract } from '../support/relation-contract.js';

const HOUR = 3_600_000;

/** A market whose log returns are given. */
function marketOf(symbol: string, returns: readonly number[]): MarketSeries {
  let price = 100;
  const bars: Bar[] = returns.map((r, i) => {
    const open = price;
    price *= Math.exp(r);
    const [high, low] = [Math.max(open, price), Math.min(open, price)];
    return {
      openTime: MONDAY + i * HOUR,
      open,
      high,
      low,
      close: price,
      volume: NaN,
      tickCount: NaN,
      bid: NaN,
      ask: NaN,
    };
  });
  return { symbol, bars, closeOf: (openTime) => openTime + HOUR };
}

const noise = (seed: number, count = 1_500): number[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => 0.001 * random.normal());
};

const AT_END: RelationOptions = { at: Infinity, window: 1_000, lagMax: 4, falseDiscoveries: 0.05 };

test('adjusted p-values are those of a hand calculation', () => {
  const near = (found: readonly number[], expected: readonly number[]): void =>
    expected.forEach((x, i) => assert.ok(Math.abs(found[i]! - x) < 1e-12, found.join()));
  // 1 + 1/2 + 1/3 = 11/6; p times 3 times that over the rank.
  near(benjaminiYekutieli([0.01, 0.02, 0.03]), [0.055, 0.055, 0.055]);
  near(benjaminiYekutieli([0.5, 0.001]), [0.75, 0.003]);
  near(benjaminiYekutieli([0.9, 0.9]), [1, 1]);
});

test('a market that leads another, and two that move together, are found, and nothing else', () => {
  const [a, b, c] = [noise(1, 2_100), noise(2, 2_100), noise(3, 2_100)];
  const follows = b.map((r, i) => (i < 2 ? r : r + 0.6 * a[i - 2]!));
  const moves = c.map((r, i) => r - 0.8 * b[i]!);
  const { relations, tested, shrinkage } = relationsOf(
    [marketOf('LEADER', a), marketOf('FOLLOWER', follows), marketOf('AGAINST', moves)],
    AT_END,
  );
  assert.equal(tested, 3 * 9);
  const found = new Map(relations.map((each) => [`${each.from} ${each.to} ${each.lag}`, each]));
  const leads = found.get('LEADER FOLLOWER 2')!;
  // 0.6 / √(1 + 0.36) with a standard error of about 0.02.
  assert.ok(Math.abs(leads.correlation - 0.6 / Math.sqrt(1.36)) < 0.06, `${leads.correlation}`);
  assert.ok(Math.abs(leads.shrunk / leads.correlation - (1 - shrinkage)) < 1e-12);
  assert.ok(shrinkage > 0 && shrinkage < 0.2, `${shrinkage}`);
  assert.ok(Math.abs(leads.before! - leads.correlation) < 0.15);
  // −0.8 / √1.64 between c − 0.8 b and b, of which the follower has 1 / √1.36.
  const against = found.get('FOLLOWER AGAINST 0')!;
  assert.ok(Math.abs(against.correlation + 0.8 / Math.sqrt(1.64) / Math.sqrt(1.36)) < 0.07);
  assert.deepEqual([...found.keys()].sort(), ['FOLLOWER AGAINST 0', 'LEADER FOLLOWER 2']);
});

test('among markets without a relation none is found, also where each moves slowly by itself', () => {
  const markets = Array.from({ length: 12 }, (_, i) => {
    let memory = 0;
    return marketOf(
      `M${i}`,
      noise(100 + i).map((r) => (memory = 0.8 * memory + r)),
    );
  });
  const { tested, relations } = relationsOf(markets, AT_END);
  assert.equal(tested, 66 * 9);
  assert.deepEqual(relations, []);
});

test('bars that closed after the moment it is asked at change nothing', () => {
  const a = noise(1);
  const b = noise(2).map((r, i) => r + 0.5 * a[i]!);
  const markets = [marketOf('A', a), marketOf('B', b)];
  const at = MONDAY + 1_200 * HOUR;
  const known = relationsOf(markets, { ...AT_END, at });
  const others = [
    marketOf('A', a),
    marketOf(
      'B',
      b.map((r, i) => (i < 1_200 ? r : -r)),
    ),
  ];
  assert.deepEqual(relationsOf(others, { ...AT_END, at }), known);
  assert.equal(known.relations[0]!.knownAt, at);
  assert.notDeepEqual(relationsOf(others, AT_END), relationsOf(markets, AT_END));
});

test('a folder keeps relations', async (t) => {
  await relationStoreContract(new FolderRelationStore(path.join(temporaryFolder(t), 'relations')));
});

test('the command says what leads what, keeps it, and tells it as it was known', async (t) => {
  const folder = temporaryFolder(t);
  const a = noise(1);
  const series = { AAA: a, BBB: noise(2).map((r, i) => (i < 1 ? r : r + 0.7 * a[i - 1]!)) };
  const files = Object.entries(series).map(([symbol, returns]) => {
    const file = path.join(folder, `${symbol}_h1.csv`);
    writeFileSync(
      file,
      toCsv(marketOf(symbol, returns).bars.map((bar) => ({ ...bar }))).replaceAll('NaN', ''),
    );
    return file;
  });
  const data = ['--timeframe', '1h', '--data', path.join(folder, 'data')];
  const made = await runCommand(['relations', ...files, ...data, '--keep']);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /AAA leads BBB by 1/);
  const kept = await runCommand(['relations', ...data, '--json']);
  const { relations, at } = JSON.parse(kept.stdout) as { relations: { lag: number }[]; at: number };
  assert.deepEqual(
    relations.map(({ lag }) => lag),
    [1],
  );
  assert.equal(at, MONDAY + 1_500 * HOUR);
  const early = await runCommand(['relations', ...data, '--at', '2024-01-02']);
  assert.equal(early.code, 2);
  assert.match(early.stderr, /No relations of 1h bars were kept for platform up to then/);
  const one = await runCommand(['relations', files[0]!, ...data]);
  assert.match(one.stderr, /Relations are between markets: give two or more/);
});
