import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { Effect, FeatureRow, Message } from '../../actors/messages.js';
import { SignalActor, SignalKernels, WARM_UP_BARS } from '../../actors/signal-actor.js';
import { DEFAULT_GATES } from '../../actors/signals/gates.js';
import type { RoutePlan } from '../../actors/signals/route-plan.js';
import type { Signal } from '../../actors/signals/signal.js';

const HOUR = 3_600_000;

function planOf(modelId: string, version: string): RoutePlan {
  return {
    modelId,
    version,
    encoderId: 'encoder',
    embeddingVersion: 'e1',
    featureSetVersion: FEATURE_SET_VERSION,
    arm: 'production',
    primaryHorizon: 0,
    edge: [true, true, true],
    trainedThrough: 0,
    anomalyScale: 1,
  };
}

/** An actor that is told of one bar after the other; each model states 0.7 for up, and the market goes down. */
function fallingMarket(): { bar: () => Signal; use: (plan: RoutePlan) => void } {
  const kernels = new SignalKernels('1h');
  const actor = new SignalActor({
    id: 'a',
    tenantId: 't',
    symbol: 'EURUSD',
    kernels,
    gates: DEFAULT_GATES,
  });
  let bars = WARM_UP_BARS;
  const tell = (message: Message): Effect[] => {
    const effects: Effect[] = [];
    actor.receive(message, { tell: () => undefined, emit: (effect) => effects.push(effect) });
    return effects;
  };
  return {
    use: (route) => void tell({ kind: 'route', target: 'a', route }),
    bar: () => {
      const closeTime = ++bars * HOUR;
      const label = {
        closeTime: closeTime - HOUR,
        horizon: 0,
        direction: -1,
        return: -0.001,
        resolvedAt: closeTime,
      };
      const price = { open: 1, high: 1, low: 1, close: 1, bid: 1, ask: 1 };
      const row = {
        symbol: 'EURUSD',
        timeframe: '1h',
        closeTime,
        bars,
        bar: { openTime: closeTime - HOUR, ...price },
        qualityScore: 1,
        qualityFlags: 0,
        labels: [label],
      } as unknown as FeatureRow;
      const [request] = tell({ kind: 'row', row }).filter(({ kind }) => kind === 'evidence_request');
      assert.equal(request?.kind, 'evidence_request');
      const { modelId, version, arm } = request.route;
      const [signal] = tell({
        kind: 'evidence',
        evidence: {
          closeTime,
          model: {
            modelId,
            version,
            arm,
            anomaly: 0.5,
            probabilities: [0.2, 0.1, 0.7, 0.2, 0.1, 0.7, 0.2, 0.1, 0.7],
            returns: [0.001, 0.001, 0.001],
          },
          modelFailure: undefined,
          patterns: undefined,
          patternFailure: 'none_yet',
          timing: { queueMs: 0, inferenceMs: 0, patternsMs: 0 },
        },
      }).filter(({ kind }) => kind === 'signal');
      assert.equal(signal?.kind, 'signal');
      return signal.signal;
    },
  };
}

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, not ${expected}`);

test('a confidence is corrected by what statements of its own model were worth, not by those of the one before or of a canary', () => {
  const { bar, use } = fallingMarket();
  const first = planOf('first', 'v1.0.0');
  use(first);
  near(bar().confidence, 0.7);
  for (let i = 0; i < 49; i++) bar();
  // 50 statements of 0.7 that did not come true, against a prior of 50 that takes them at their word.
  near(bar().confidence, (50 * 0.7) / 100);

  // Beside it a canary serves all bars: nothing is known of what it states, and it takes nothing from production's record.
  const canary = { route: { ...planOf('second', 'v1.0.1'), arm: 'canary' }, share: 1 };
  use({ ...first, planId: 'p', canary });
  for (let i = 0; i < 20; i++) {
    const { confidence, model } = bar();
    assert.equal(model.arm, 'canary');
    near(confidence, 0.7);
  }
  use(first);
  // One more outcome of its own: that of the last bar before the canary.
  near(bar().confidence, (50 * 0.7) / 101);

  use(planOf('second', 'v1.0.1'));
  // The outcome of the bar before is one of the first model's.
  near(bar().confidence, 0.7);
  near(bar().confidence, (50 * 0.7) / 51);
  use(first);
  near(bar().confidence, 0.7);
});
