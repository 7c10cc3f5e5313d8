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

/** A turn of the event loop that takes no longer had nothing to do. */
const IDLE_TURN_MS = 0.1;
/** However busy the loop is, work that gives way goes on after so many turns. */
const TURNS_MAX = 20;

/**
 * Gives way in work that takes its time: settles once the event loop had a turn with nothing else to do, and after some
 * turns at the latest. After every single turn, such work had half of a busy loop, and what waited there piled up.
 */
export async function turnOf(clock: Pick<Clock, 'monotonic' | 'setImmediate'>): Promise<void> {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    const before = clock.monotonic();
    await new Promise<void>((resolve) => clock.setImmediate(resolve));
    if (clock.monotonic() - before < IDLE_TURN_MS) return;
  }
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
