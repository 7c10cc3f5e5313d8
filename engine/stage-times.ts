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
