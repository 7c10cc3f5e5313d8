import type { Signal } from '../actors/signals/signal.js';

/**
 * Where the time of a bar goes. `accept`: from its request to its acknowledgement, the wait at the door and the commit
 * included. `queue`: from its acceptance until its models are asked. `inference` and `patterns`: until they answered.
 * `commit`: from its conclusion until that is durable and on its way to those who stream it. `total`: from its acceptance
 * to there.
 */
export const STAGES = ['accept', 'queue', 'inference', 'patterns', 'commit', 'total'] as const;

export type Stage = (typeof STAGES)[number];

/** Takes how long a stage took, milliseconds. */
export interface StageTimes {
  observe(stage: Stage, ms: number): void;
}

/** When the bar of a signal passed each stage, milliseconds on the monotonic clock. */
export interface BarWay {
  readonly signal: Signal;
  readonly arrivedAt: number;
  /** When its models were asked. */
  readonly askedAt: number;
  readonly concludedAt: number;
  readonly durableAt: number;
  /** When it was on its way to all who stream it. */
  readonly sentAt: number;
}

/** Follows single bars on their way. Where there is none, nothing is done for it. */
export interface BarTracing {
  /** A request whose rows arrived at a moment was being taken from one moment to another. */
  accepted(arrivedAt: number, from: number, to: number): void;
  sent(way: BarWay): void;
}
