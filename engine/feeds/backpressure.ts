import { setTimeout as sleep } from 'node:timers/promises';
import { SuhoError } from '../errors.js';

const WAIT_MS = 50;
const WAIT_MS_MAX = 2_000;

/** Whether an engine asks a source to send again later: its journal is full, or the instrument is recovering. */
function isBackpressure(error: unknown): error is SuhoError {
  return error instanceof SuhoError && (error.code === 'JOURNAL_FULL' || error.code === 'OVERLOADED');
}

export interface Patience {
  /** Whether the source has been stopped: then the input is given up. */
  readonly isStopped?: () => boolean;
  /** How long to try; the last refusal is thrown then. */
  readonly msMax?: number;
  /** Told once, at the first refusal. */
  readonly onWait?: (error: SuhoError) => void;
}

/**
 * Hands something to the engine, again and again while the engine is full or recovering. Undefined when the source was
 * stopped before it was taken. Throws every other error.
 */
export async function whenTaken<T>(
  take: () => T | Promise<T>,
  { isStopped = () => false, msMax = Infinity, onWait }: Patience = {},
): Promise<T | undefined> {
  const start = performance.now();
  let waitMs = WAIT_MS;
  while (!isStopped()) {
    try {
      return await take();
    } catch (error) {
      if (!isBackpressure(error) || performance.now() - start > msMax) throw error;
      if (waitMs === WAIT_MS) onWait?.(error);
      await sleep(waitMs);
      waitMs = Math.min(WAIT_MS_MAX, 2 * waitMs);
    }
  }
  return undefined;
}
