import { Random } from '../../engine/learning/random.js';
import { Comparison, type ArmForecast, type PairedOutcome } from '../../engine/rollout/comparison.js';
import { decide, type DecisionRules } from '../../engine/rollout/decision.js';
import { Guardrails } from '../../engine/rollout/guardrails.js';

const HOUR = 3_600_000;
/** Share of bars that go nowhere; the rest is up or down. */
const FLAT = 0.1;
/** How much likelier the direction is that one who knew everything would name: 56 % of the moves. */
const EDGE = 0.06;

/** An arm of a simulated market: how often it takes the market's sign for the opposite, and how it states what it thinks. */
export interface SimulatedArm {
  readonly mistaken: number;
  /** Factor on the log-odds it states; 1 is calibrated. */
  readonly boldness?: number;
}

/** Accuracy on moves that an arm has: 0.5 + EDGE (1 − 2 mistaken). */
export function mistakenFor(accuracy: number): number {
  return (1 - (accuracy - 0.5) / EDGE) / 2;
}

function stated(random: Random, sign: number, { mistaken, boldness = 1 }: SimulatedArm): ArmForecast {
  const seen = random.next() < mistaken ? -sign : sign;
  const own = EDGE * (1 - 2 * mistaken) * seen;
  const odds = Math.log((0.5 + own) / (0.5 - own)) * boldness;
  const up = 1 / (1 + Math.exp(-odds));
  return { down: (1 - FLAT) * (1 - up), flat: FLAT, up: (1 - FLAT) * up, acts: Math.sign(own) };
}

/** Bars of a market with a sign that both arms see more or less well, an hour each, known an hour later. */
export class SimulatedBars {
  readonly #random: Random;
  #bar = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  next(production: SimulatedArm, challenger: SimulatedArm, isCanary: boolean): PairedOutcome {
    const random = this.#random;
    const sign = random.next() < 0.5 ? -1 : 1;
    const forecasts = [stated(random, sign, production), stated(random, sign, challenger)] as const;
    const moves = random.next() >= FLAT;
    const direction = moves ? (random.next() < 0.5 + EDGE ? sign : -sign) : 0;
    const closeTime = ++this.#bar * HOUR;
    return {
      closeTime,
      resolvedAt: closeTime + HOUR,
      production: forecasts[0],
      challenger: forecasts[1],
      isCanary,
      direction,
      return: direction * 0.001,
      spread: 0.0001,
    };
  }
}

/** How a simulated trial goes wrong from a bar on. */
export interface Breakage {
  readonly from: number;
  readonly how: 'no number' | 'late' | 'overconfident';
}

/** How a simulated trial ended, and on which bar each step of it was taken. */
export interface TrialEnd {
  readonly end: 'promote' | 'archive' | 'withdraw' | 'rolled back';
  readonly bars: number;
  readonly steps: readonly { readonly share: number; readonly bar: number }[];
  readonly sentence: string;
}

/** Plays a trial from its first bar to its end, by the rules of the engine. */
export function playTrial(
  seed: number,
  production: SimulatedArm,
  challenger: SimulatedArm,
  rules: DecisionRules,
  broken?: Breakage,
): TrialEnd {
  const market = new SimulatedBars(seed);
  const comparison = new Comparison(rules.worthHaving);
  const guardrails = new Guardrails();
  const steps: { share: number; bar: number }[] = [];
  let share = 0;
  for (let bar = 1; ; bar++) {
    const how = broken !== undefined && bar >= broken.from ? broken.how : undefined;
    const failure = how === 'no number' ? 'bad_model' : how === 'late' ? 'deadline' : undefined;
    const fault = guardrails.observe({ failure, withheld: false, productionInTime: true });
    if (fault !== undefined) return { end: 'rolled back', bars: bar, steps, sentence: fault };
    const arm = how === 'overconfident' ? { ...challenger, boldness: 12 } : challenger;
    comparison.observe(market.next(production, arm, share > 0));
    const decision = decide(
      { version: 'v1.0.1', against: 'v1.0.0', kind: 'challenger', share, isOver: false },
      comparison.figures(),
      rules,
    );
    if (decision.act === 'wait') continue;
    if (decision.act !== 'canary')
      return { end: decision.act, bars: bar, steps, sentence: decision.sentence };
    share = decision.share;
    steps.push({ share, bar });
  }
}
