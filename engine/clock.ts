/** Time as a replaceable part, so that a simulation can run hours of it in seconds. */
export interface Clock {
  /** Epoch milliseconds UTC. */
  now(): number;
  /** Calls once after `ms` milliseconds unless cancelled before. */
  setTimeout(call: () => void, ms: number): { cancel(): void };
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (call, ms) => {
    const timer = setTimeout(call, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
