// The process that tries models: this thread watches time and memory, another one runs them. It ends with its parent.
import '../no-telemetry.js';
import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { FromTrial, ToTrial } from './model-trials.js';

const WATCH_MS = 20;

const worker = new Worker(new URL('./trial-worker.js', import.meta.url));
let watch: NodeJS.Timeout | undefined;

function end(): never {
  // A thread in native code cannot be ended, and a usual exit would wait for it.
  process.kill(process.pid, 'SIGKILL');
  throw new Error('unreachable');
}

function answer(message: FromTrial): void {
  clearInterval(watch);
  process.send?.(message);
}

function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

worker.on('message', answer);
worker.on('error', (error) =>
  answer({ kind: 'failed', message: `The models cannot be tried: ${error.message}` }),
);
process.on('disconnect', end);
process.on('message', ({ pair, limits }: ToTrial) => {
  const deadline = performance.now() + limits.patienceMs;
  const before = process.cpuUsage();
  const files = fileBytes(pair.predictor.path) + fileBytes(pair.encoder.path);
  const bytesMax = process.memoryUsage.rss() + limits.megabytes * 2 ** 20 + 3 * files;
  watch = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    if (user + system > limits.cpuMs * 1000)
      answer({
        kind: 'failed',
        message: `The models take more than ${limits.cpuMs / 1000} s of CPU time to try.`,
      });
    else if (performance.now() > deadline)
      answer({
        kind: 'out of time',
        message: `The models were not tried within ${limits.patienceMs / 1000} s; the machine may be busy.`,
      });
    else if (process.memoryUsage.rss() > bytesMax)
      answer({
        kind: 'failed',
        message: `The models take more than ${limits.megabytes} MB of memory to try.`,
      });
  }, WATCH_MS);
  worker.postMessage(pair);
});
