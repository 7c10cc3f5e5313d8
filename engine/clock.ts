/** A timer that can be called off; calling it off again, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as the engine's rooms see it. Production reads the machine's clocks; a simulation gives a virtual one, under
 * which hours pass in milliseconds and every run of a seed is the same.
 */
export interface Clock {
  /** Wall clock, epoch milliseconds UTC. It may be set back. */
  now(): number;
  /** Milliseconds on a clock that never goes back, for durations and deadlines. */
  monotonic(): number;
  /** Runs `run` after `ms` milliseconds. The timer alone keeps no process alive. */
  setTimeout(run: () => void, ms: number): Timer;
  /** Runs `run` after what the event loop has to do now. */
  setImmediate(run: () => void): void;
}

/** The machine's clocks. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (run, ms) => {
    const timer = setTimeout(run, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  setImmediate: (run) => void setImmediate(run),
};

/** Settles once the event loop has done what it has to do now. */
export async function turnOf(clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => clock.setImmediate(resolve));
}

/** A pause of `ms` milliseconds, which `signal` ends. */
export async function pause(
  clock: Pick<Clock, 'setTimeout'>,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
