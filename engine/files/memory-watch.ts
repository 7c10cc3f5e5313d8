// The thread that ends its process when it takes too much memory, or when its parent is gone: the other thread may be too
// busy to look.
import { workerData } from 'node:worker_threads';

const WATCH_MS = 20;
const { megabytes } = workerData as { readonly megabytes: number };
const parent = process.ppid;

setInterval(() => {
  if (process.memoryUsage.rss() > megabytes * 2 ** 20 || process.ppid !== parent)
    process.kill(process.pid, 'SIGKILL');
}, WATCH_MS);
