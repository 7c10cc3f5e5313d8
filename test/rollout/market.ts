import { Random } from '../../engine/learning/random.js';
import type { ArmForecast, PairedOutcome } from '../../engine/rollout/comparison.js';

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
