import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANNEL_COUNT } from '../../actors/features/sequence-channels.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';
import { RULES, plantedMarket } from '../../bench/planted-markets.js';
import { buildDataset } from '../../engine/learning/dataset.js';
import { SequenceBatches } from '../../engine/learning/sequence-batches.js';
import { walkForwardFolds, type RowRange } from '../../engine/learning/split.js';
import { fitStraight } from '../../engine/learning/straight-path.js';

/** Share of the held-out rows that a path leans over the next hour as a market's rule says. */
function agreement(rule: Parameters<typeof plantedMarket>[0], seed: number): number {
  const { bars, said } = plantedMarket(rule, 12_000, seed);
  const dataset = buildDataset(bars, BarGrid.of('1h'));
  const { train, validation } = walkForwardFolds(dataset, 1, 0.25)[0]!;
  const asIs = {
    mean: new Float32Array(CHANNEL_COUNT),
    scale: new Float32Array(CHANNEL_COUNT).fill(1),
  };
  const batches = (range: RowRange): SequenceBatches =>
    new SequenceBatches(dataset, range, asIs, [0.001, 0.002, 0.004], 7);
  const { logits } = fitStraight(batches(train), batches(validation)).heldAnswered;
  let agrees = 0;
  const rows = validation.to - validation.from;
  for (let row = 0; row < rows; row++) {
    const leans = logits[row * 9 + 2]! >= logits[row * 9]! ? 1 : -1;
    if (leans === said[validation.from + row + WARM_UP_BARS - 1]) agrees++;
  }
  return agrees / rows;
}

test('a rule that counts seven bars alike is found as one sum, although each bar by itself says little', () => {
  const found = agreement(RULES['four of the last seven']!, 1);
  assert.ok(found > 0.97, `${found} of the rows lean as the rule says`);
});

test('rules of two bars far apart, and of a bar and the hour, are found as products', () => {
  for (const [name, rule] of [
    ['3 and 9 bars ago', ({ signs }) => signs[2]! * signs[8]!],
    ['5 and 15 bars ago', ({ signs }) => -signs[4]! * signs[14]!],
    ['3 bars ago, turned every four hours', ({ signs, hour }) => (hour % 8 < 4 ? signs[2]! : -signs[2]!)],
  ] as readonly (readonly [string, Parameters<typeof plantedMarket>[0]])[]) {
    const found = agreement(rule, 2);
    assert.ok(found > 0.97, `${name}: ${found} of the rows lean as the rule says`);
  }
});
