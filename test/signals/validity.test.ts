import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HORIZONS } from '../../actors/features/labels.js';
import { StateLayout } from '../../actors/indicators/state.js';
import type { FeatureRow } from '../../actors/messages.js';
import { likeliest, makeSignal, type SignalInputs } from '../../actors/signals/aggregation.js';
import { Calibration } from '../../actors/signals/calibration.js';
import type { Evidence, ModelEvidence, PatternVote } from '../../actors/signals/evidence.js';
import { isValidPatternEvidence } from '../../actors/signals/evidence-validity.js';
import { DEFAULT_GATES } from '../../actors/signals/gates.js';
import { vote, type Neighbour } from '../../actors/signals/pattern-vote.js';
import type { Signal } from '../../actors/signals/signal.js';
import { wilsonInterval } from '../../actors/signals/wilson.js';

const layout = new StateLayout();
const calibration = new Calibration(layout);

const MODEL: ModelEvidence = {
  modelId: 'm',
  version: 'v1.0.0',
  arm: 'production',
  anomaly: 0.5,
  probabilities: [0.2, 0.1, 0.7, 0.3, 0.1, 0.6, 0.25, 0.25, 0.5],
  returns: [0.01, 0.02, 0.03],
};
const VOTE: PatternVote = {
  matches: 12,
  effectiveSampleSize: 9,
  direction: 1,
  shares: [0.2, 0.1, 0.7],
  winRate: 0.7,
  winRateLow: 0.4,
  winRateHigh: 0.9,
  meanReturn: 0.02,
};
const EVIDENCE: Evidence = {
  closeTime: 1,
  model: MODEL,
  modelFailure: undefined,
  patterns: { embeddingVersion: 'e', votes: [VOTE, VOTE, VOTE], nearest: ['n'], similarity: 0.9 },
  patternFailure: undefined,
  timing: { queueMs: 0, inferenceMs: 0, patternsMs: 0 },
};
const BAR = { openTime: 0, open: 1, high: 1, low: 1, close: 1.1, volume: NaN, tickCount: NaN };
const ROW = {
  symbol: 'EURUSD',
  timeframe: '1h',
  closeTime: 1,
  qualityScore: 1,
  qualityFlags: 0,
  bar: { ...BAR, bid: 1.1, ask: 1.1001 },
} as unknown as FeatureRow;
const ROUTE = { primaryHorizon: 0, edge: [true, true, true] } as unknown as SignalInputs['route'];
const GATES = { ...DEFAULT_GATES, minReturnInSpreads: 1 };

function signalOf(change: Partial<SignalInputs>, state = new Float64Array(layout.size)): Signal {
  return makeSignal({
    tenantId: 'acme',
    row: ROW,
    route: ROUTE,
    gates: GATES,
    evidence: EVIDENCE,
    model: MODEL,
    calibrate: (horizon, probability) => calibration.calibrate(state, horizon, probability),
    ...change,
  });
}

function assertAbstains(signal: Signal): void {
  assert.ok(signal.abstained.length > 0, 'it acts');
  assert.equal(signal.direction, 'FLAT');
  assert.ok(signal.confidence >= 0 && signal.confidence <= 1, `confidence ${signal.confidence}`);
}

const notFinite = fc.constantFrom(NaN, Infinity, -Infinity);
/** Numbers that are no probability, finite ones among them. */
const noProbability = fc.oneof(
  notFinite,
  fc.double({ min: 1.01, max: 1e300 }),
  fc.double({ max: -1e-9, noNaN: true }),
);
const cell = fc.nat({ max: HORIZONS.length * 3 - 1 });
const replaced = (list: readonly number[], at: number, by: number): number[] =>
  list.map((x, i) => (i === at ? by : x));

test('sound evidence acts: what follows is the work of what is not', () => {
  const signal = signalOf({});
  assert.deepEqual([signal.direction, signal.abstained, signal.degraded], ['LONG', [], []]);
});

test('a model whose answer is out of its range abstains with model_error, at any horizon', () => {
  const models: fc.Arbitrary<ModelEvidence> = fc.oneof(
    fc
      .tuple(cell, noProbability)
      .map(([at, x]) => ({ ...MODEL, probabilities: replaced(MODEL.probabilities, at, x) })),
    // Each a probability, but no distribution.
    cell.map((at) => ({
      ...MODEL,
      probabilities: replaced(MODEL.probabilities, at, MODEL.probabilities[at]! + 0.01),
    })),
    fc.constant({ ...MODEL, probabilities: new Array<number>(9).fill(NaN) }),
    fc.constant({ ...MODEL, probabilities: MODEL.probabilities.slice(1) }),
    fc
      .tuple(fc.nat({ max: 2 }), notFinite)
      .map(([at, x]) => ({ ...MODEL, returns: replaced(MODEL.returns, at, x) })),
    fc.oneof(notFinite, fc.constant(-0.1)).map((anomaly) => ({ ...MODEL, anomaly })),
  );
  fc.assert(
    fc.property(models, fc.boolean(), (model, withPatterns) => {
      const evidence: Evidence = withPatterns ? EVIDENCE : { ...EVIDENCE, patterns: undefined };
      const signal = signalOf({ model, evidence: { ...evidence, model } });
      assertAbstains(signal);
      assert.ok(signal.abstained.includes('model_error'));
    }),
  );
});

test('no gate is passed by a number that is not finite: price, quality, quotes, limits, calibration', () => {
  const changes: fc.Arbitrary<Partial<SignalInputs>> = fc.oneof(
    notFinite.map((qualityScore) => ({ row: { ...ROW, qualityScore } })),
    fc
      .tuple(fc.constantFrom('close', 'bid', 'ask'), notFinite)
      .map(([name, x]) => ({ row: { ...ROW, bar: { ...ROW.bar, [name]: x } } })),
    fc
      .constantFrom<keyof typeof GATES>(
        'minDirectionalShare',
        'minQualityScore',
        'maxAnomaly',
        'minReturnInSpreads',
      )
      .map((name) => ({ gates: { ...GATES, [name]: NaN } })),
    noProbability.map((x) => ({ calibrate: () => ({ probability: x }) })),
  );
  fc.assert(fc.property(changes, (change) => assertAbstains(signalOf(change))));
});

test('a damaged calibration record abstains, and what is no probability is not recorded', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(notFinite, fc.constant(-3)), { minLength: 1, maxLength: 4 }), (damage) => {
      const state = Float64Array.from({ length: layout.size }, (_, i) => damage[i % damage.length]!);
      assertAbstains(signalOf({}, state));
    }),
  );
  fc.assert(
    fc.property(noProbability, fc.boolean(), (probability, hit) => {
      const state = new Float64Array(layout.size);
      calibration.record(state, 0, probability, hit);
      assert.deepEqual(state, new Float64Array(layout.size));
    }),
  );
});

test('a bar without quotes has no spread: it passes where no return in spreads is asked for', () => {
  const row = { ...ROW, bar: { ...ROW.bar, bid: NaN, ask: NaN } };
  assert.deepEqual(signalOf({ row, gates: DEFAULT_GATES }).abstained, []);
  assert.deepEqual(signalOf({ row }).abstained, ['cost_exceeds_return']);
});

test('a return that is expected against the direction is worth no spread', () => {
  const model = { ...MODEL, returns: MODEL.returns.map((x) => -x) };
  assert.deepEqual(signalOf({ model }).abstained, ['cost_exceeds_return']);
  assert.deepEqual(signalOf({ model, gates: DEFAULT_GATES }).direction, 'LONG');
});

test('a vote that is not finite or out of its range is left out: the signal is the one without patterns', () => {
  const broken: fc.Arbitrary<PatternVote> = fc.oneof(
    fc
      .constantFrom<keyof PatternVote>('effectiveSampleSize', 'meanReturn', 'winRate', 'winRateHigh')
      .chain((name) => notFinite.map((x) => ({ ...VOTE, [name]: x }))),
    fc
      .tuple(fc.nat({ max: 2 }), noProbability)
      .map(([at, x]) => ({ ...VOTE, shares: replaced(VOTE.shares, at, x) })),
    fc.constantFrom({ ...VOTE, effectiveSampleSize: 1e9 }, { ...VOTE, matches: -1 }, { ...VOTE, shares: [] }),
  );
  const without = signalOf({ evidence: { ...EVIDENCE, patterns: undefined, patternFailure: 'error' } });
  fc.assert(
    fc.property(broken, fc.nat({ max: 2 }), (bad, horizon) => {
      const votes = [VOTE, VOTE, VOTE].map((good, i) => (i === horizon ? bad : good));
      const signal = signalOf({ evidence: { ...EVIDENCE, patterns: { ...EVIDENCE.patterns!, votes } } });
      assert.deepEqual(signal, without);
      assert.deepEqual(signal.degraded, ['patterns_error']);
    }),
  );
});

test('a forecast is directional only where up or down is shown to be likeliest', () => {
  const share = fc.oneof(notFinite, fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(share, share, share, (down, flat, up) => {
      const { direction } = likeliest({ down, flat, up, expectedReturn: 0 });
      if (direction === 1) assert.ok(up >= down && up > flat);
      if (direction === -1) assert.ok(down > up && down > flat);
    }),
  );
});

test('a similar moment with a number out of its range has no vote, and the rest vote as if it were not there', () => {
  const good: Neighbour[] = [0, 40, 90].map((hours, i) => ({
    id: `g${i}`,
    symbol: 'X',
    closeTime: hours * 3_600_000,
    similarity: 0.9 - i * 0.1,
    directions: [1, -1, 0],
    returns: [0.01, -0.01, 0],
  }));
  const [first] = good;
  const bad: fc.Arbitrary<Neighbour> = fc.oneof(
    notFinite.map((similarity) => ({ ...first!, id: 'bad', similarity })),
    notFinite.map((closeTime) => ({ ...first!, id: 'bad', closeTime })),
    fc
      .oneof(notFinite, fc.constantFrom(2, -2, 0.5))
      .map((x) => ({ ...first!, id: 'bad', directions: [x, x, x] })),
    notFinite.map((x) => ({ ...first!, id: 'bad', returns: [x, x, x] })),
  );
  const alone = vote('e', good);
  assert.ok(isValidPatternEvidence(alone));
  fc.assert(
    fc.property(bad, fc.nat({ max: 3 }), (neighbour, at) => {
      const mixed = vote('e', good.toSpliced(at, 0, neighbour));
      assert.deepEqual(mixed.votes, alone.votes);
      assert.ok(isValidPatternEvidence(mixed));
    }),
  );
  assert.ok(isValidPatternEvidence(vote('e', [{ ...first!, similarity: 1.0000001 }])));
});

test("Wilson's interval lies in 0..1 whatever it is asked", () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), (p, n) => {
      const [low, high] = wilsonInterval(p, n);
      assert.ok(low >= 0 && low <= high && high <= 1, `${low}, ${high}`);
    }),
  );
});
