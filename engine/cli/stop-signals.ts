/** Signals that ask a process to stop; SIGHUP comes when its terminal is closed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls a listener at every signal to stop, until the function it returns is called. */
export function onStopSignal(
  listener: () => void,
  signals: readonly NodeJS.Signals[] = STOP_SIGNALS,
): () => void {
  for (const signal of signals) process.on(signal, listener);
  if (signals.includes('SIGHUP')) process.once('SIGHUP', endQuietly);
  // A terminal that is gone takes no more words; without a listener that would end the process in the middle.
  process.stdout.on('error', ignore);
  process.stderr.on('error', ignore);
  return () => {
    for (const signal of signals) process.off(signal, listener);
    process.off('SIGHUP', endQuietly);
    process.stdout.off('error', ignore);
    process.stderr.off('error', ignore);
  };
}

/** Signals to a service: it stops at the first list, and reads its configuration again at SIGHUP unless a terminal sent it. */
export function serviceSignals(): { readonly stop: readonly NodeJS.Signals[]; readonly reloads: boolean } {
  const hasTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  return { stop: hasTerminal ? STOP_SIGNALS : ['SIGINT', 'SIGTERM'], reloads: !hasTerminal };
}

/** Node aborts at its end when it cannot set a terminal that is gone as it was (20.20). */
function endQuietly(): void {
  process.once('exit', () => process.kill(process.pid, 'SIGKILL'));
}

function ignore(): void {
  // There is nobody to tell.
}
