import type { Clock, Timer } from '../clock.js';
import { SuhoError } from '../errors.js';

/** Waits for a promise until a deadline (a time of `clock.monotonic()`); throws `DEADLINE` past it. */
export async function within<T>(clock: Clock, deadline: number, work: Promise<T>): Promise<T> {
  if (deadline === Infinity) return await work;
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = clock.setTimeout(
      () => reject(new SuhoError('DEADLINE', 'The answer did not come before its deadline.')),
      Math.max(0, deadline - clock.monotonic()),
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}
