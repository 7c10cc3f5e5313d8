import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combine, likeliest } from '../../actors/signals/aggregation.js';
import { vote, type Neighbour } from '../../actors/signals/pattern-vote.js';
import { predictionId } from '../../actors/signals/prediction-id.js';
import { wilsonInterval } from '../../actors/signals/wilson.js';

const HOUR = 3_600_000;

test("Wilson's interval is the published one", () => {
  // Newcombe 1998, Statistics in Medicine 17, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  const published: [number, number, number, number][] = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ];
  for (const [hits, n, low, high] of published) {
    const [a, b] = wilsonInterval(hits / n, n);
    assert.ok(Math.abs(a - low) < 5e-5 && Math.abs(b - high) < 5e-5, `${hits}/${n}: ${a}, ${b}`);
  }
});

const neighbour = (hours: number, similarity: number, direction: number): Neighbour => ({
  id: String(hours),
  symbol: 'X',
  closeTime: hours * HOUR,
  similarity,
  directions: [direction, direction, direction],
  returns: [direction * 0.01, direction * 0.01, direction * 0.01],
});

test('similar moments that saw the same market count once, the nearest of them', () => {
  const { votes } = vote('e', [
    neighbour(0, 1, 1),
    neighbour(0.5, 0.9, -1),
    neighbour(3, 0.9, -1),
    neighbour(30, 0.9, 1),
  ]);
  assert.deepEqual(
    votes.map(({ matches }) => matches),
    [3, 2, 2],
  );
  // 4 h: weights 1/0.01 and 1/0.11, both up.
  assert.equal(votes[1]!.direction, 1);
  assert.equal(votes[1]!.winRate, 1);
  const [a, b] = [100, 1 / 0.11];
  assert.ok(Math.abs(votes[1]!.effectiveSampleSize - (a + b) ** 2 / (a * a + b * b)) < 1e-9);
  assert.ok(votes[1]!.winRateLow < 0.5, 'one and a bit observations prove nothing');
});

test('moments of related symbols at the same time are one moment, and at other times more', () => {
  const related = (hours: number, similarity: number): Neighbour => ({
    ...neighbour(hours, similarity, -1),
    symbol: 'Y',
  });
  const { votes } = vote('e', [neighbour(0, 1, 1), related(0.5, 0.9), related(2, 0.8)]);
  assert.deepEqual(
    votes.map(({ matches }) => matches),
    [2, 1, 1],
  );
});

test('patterns move a forecast by their weight against a hundred observations, and without them it is the model', () => {
  const model = {
    modelId: 'm',
    version: 'v1.0.0',
    arm: 'production',
    anomaly: 0,
    probabilities: [0.2, 0.3, 0.5, 0.3, 0.4, 0.3, 0.3, 0.4, 0.3],
    returns: [0.01, 0, 0],
  };
  const [alone] = combine(model, undefined);
  assert.deepEqual(
    [alone!.down, alone!.flat, alone!.up].map((x) => Math.round(x * 1e9) / 1e9),
    [0.2, 0.3, 0.5],
  );
  const one = {
    matches: 1,
    effectiveSampleSize: 25,
    direction: -1,
    shares: [1, 0, 0],
    winRate: 1,
    winRateLow: 0,
    winRateHigh: 1,
    meanReturn: -0.01,
  };
  const [mixed] = combine(model, {
    embeddingVersion: 'e',
    votes: [one, one, one],
    nearest: [],
    similarity: 1,
  });
  assert.ok(Math.abs(mixed!.down - (100 * 0.2 + 25) / 125) < 1e-12);
  assert.ok(Math.abs(mixed!.expectedReturn - (100 * 0.01 - 25 * 0.01) / 125) < 1e-12);
  assert.deepEqual(likeliest(mixed!), { direction: 1, probability: mixed!.up });
});

test('a prediction has the same id however often it is made, and another for anything that differs', () => {
  const id = predictionId('t', 'EURUSD', '1h', 1, 'v1.0.0');
  assert.equal(id, predictionId('t', 'EURUSD', '1h', 1, 'v1.0.0'));
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const others = [
    ['u', 'EURUSD', '1h', 1, 'v1.0.0'],
    ['t', 'EURUS', 'D1h', 1, 'v1.0.0'],
    ['t', 'EURUSD', '1h', 2, 'v1.0.0'],
    ['t', 'EURUSD', '1h', 1, 'v1.0.1'],
  ] as const;
  assert.equal(new Set([id, ...others.map(([t, s, f, c, v]) => predictionId(t, s, f, c, v))]).size, 5);
});
