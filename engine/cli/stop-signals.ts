/** Signals that ask a process to stop; SIGHUP comes when its terminal is closed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls a listener at every signal to stop, until the function it returns is called. */
export function onStopSignal(listener: () => void): () => void {
  for (const signal of STOP_SIGNALS) process.on(signal, listener);
  // A terminal that is gone takes no more words; without a listener that would end the process in the middle.
  process.stdout.on('error', ignore);
  process.stderr.on('error', ignore);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, listener);
    process.stdout.off('error', ignore);
    process.stderr.off('error', ignore);
  };
}

function ignore(): void {
  // There is nobody to tell.
}
