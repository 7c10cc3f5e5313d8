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

test('a rule that counts seven bars alike is found as one sum, although each bar by itself says little', () => {
  const { bars, said } = plantedMarket(RULES['four of the last seven']!, 12_000, 1);
  const dataset = buildDataset(bars, BarGrid.of('1h'));
  const { train, validation } = walkForwardFolds(dataset, 1, 0.25)[0]!;
  const asIs = {
    mean: new Float32Array(CHANNEL_COUNT),
    scale: new Float32Array(CHANNEL_COUNT).fill(1),
  };
  const batches = (range: RowRange): SequenceBatches =>
    new SequenceBatches(dataset, range, asIs, [0.001, 0.002, 0.004], 7);
  const { heldAnswered } = fitStraight(batches(train), batches(validation));
  let agrees = 0;
  const rows = validation.to - validation.from;
  for (let row = 0; row < rows; row++) {
    const { logits } = heldAnswered;
    const leans = logits[row * 9 + 2]! >= logits[row * 9]! ? 1 : -1;
    if (leans === said[validation.from + row + WARM_UP_BARS - 1]) agrees++;
  }
  assert.ok(agrees / rows > 0.97, `${agrees} of ${rows} rows lean as the rule says`);
});
