/** Shares of the rows for fitting that the stages of a round give, and how many candidates each stage has. */
export const STAGES = [
  { share: 0.25, candidates: 8 },
  { share: 0.5, candidates: 4 },
  { share: 1, candidates: 2 },
] as const;

/** One fit that is to be done: candidate by number, and the stage of its round. */
export interface Job {
  readonly candidate: number;
  readonly stage: number;
}

/** What is known of jobs that are done: log-loss over that of the base rates. Infinite for a job that failed. */
export interface Done extends Job {
  readonly excess: number;
}

/** The candidates that a round begins with. */
function candidatesOf(round: number): number[] {
  const [first] = STAGES;
  return Array.from({ length: first.candidates }, (_, i) => round * first.candidates + i);
}

/**
 * The jobs of a round that can be done now: those of its first stage that is not over. When a stage is over, the better half goes
 * on to the next with twice the rows; after the last one the round is over, and there are none. Source: Jamieson & Talwalkar 2016.
 */
export function openJobs(round: number, done: readonly Done[]): readonly Job[] {
  let candidates = candidatesOf(round);
  for (let stage = 0; stage < STAGES.length; stage++) {
    const found = candidates.flatMap((candidate) => {
      const job = done.find((each) => each.candidate === candidate && each.stage === stage);
      return job === undefined ? [] : [job];
    });
    if (found.length < candidates.length) {
      const known = new Set(found.map(({ candidate }) => candidate));
      return candidates
        .filter((candidate) => !known.has(candidate))
        .map((candidate) => ({ candidate, stage }));
    }
    const next = STAGES[stage + 1];
    if (next === undefined) return [];
    candidates = [...found]
      .sort((a, b) => a.excess - b.excess || a.candidate - b.candidate)
      .slice(0, next.candidates)
      .map(({ candidate }) => candidate);
  }
  return [];
}

/** The best of those that came furthest, undefined before any is done. */
export function bestOf<T extends Done>(done: readonly T[]): T | undefined {
  const furthest = Math.max(-1, ...done.filter(({ excess }) => excess < Infinity).map(({ stage }) => stage));
  return done
    .filter(({ stage, excess }) => stage === furthest && excess < Infinity)
    .reduce<T | undefined>(
      (best, each) => (best === undefined || each.excess < best.excess ? each : best),
      undefined,
    );
}
