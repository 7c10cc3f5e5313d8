/**
 * Makes threads of a pool die of an uncaught error, as of a fault in their JavaScript. piscina's worker expects one
 * message, its set-up, and throws at any other. An idle worker does not read it before its next task, so it dies
 * holding one.
 */
export function killThreads(threads: readonly { postMessage(message: unknown): void }[]): void {
  for (const thread of threads) thread.postMessage(null);
}
