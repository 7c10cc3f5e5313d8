import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PerformanceObserver, monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiServer } from '../engine/api/server.js';
import { ConsoleServer } from '../engine/console/server.js';
import { loadConfig, type ConfigInput } from '../engine/config.js';
import { Engine } from '../engine/engine.js';
import { EndlessTraining, addShadows } from './lifecycle-burden.js';
import { prepareMarkets } from './load.js';
import { bytesIn, cpuBelow, memoryOfTree } from './process-tree.js';
import { stagesOf } from './profile-stages.js';

/**
 * The engine that is measured, in a process of its own, its configuration as JSON in the first argument, with `burdened` in
 * the second one that has shadows and trains while it is loaded, with `watched` one that serves its console; it is told by messages when to begin and end.
 */

/** What the process holds at the end, bytes. */
export interface Memory {
  /** Objects of the main thread; after a garbage collection where one was asked for. */
  readonly heap: number;
  readonly resident: number;
  /** With the processes it started. */
  readonly tree: number;
}

/** What happened in the process between two moments. CPU in microseconds. */
export interface CostWindow {
  readonly threads: Readonly<Record<string, number>>;
  /** Of the processes it started: the embedded PostgreSQL. */
  readonly below: number;
  readonly switches: number;
  readonly bytesWritten: number;
  readonly commits: number;
  readonly gcMs: number;
  /** The longest the event loop was held up, and the longest garbage collection, milliseconds. */
  readonly longest: { readonly loopMs: number; readonly gcMs: number };
  /** By folder of the data folder, how much larger it became, bytes. */
  readonly stored: Readonly<Record<string, number>>;
  readonly memory: Memory;
  /** Answers of arms that do not serve for which there was no time. */
  readonly armsDropped: number;
  /** Microseconds of the main thread by stage; only where it was profiled. */
  readonly stages: Readonly<Record<string, number>> | undefined;
}

/** CPU of each thread so far, nanoseconds, under the name the thread has; the main one is `main`. */
function threadTimes(inference: ReadonlySet<number>): Map<string, number> {
  const times = new Map<string, number>();
  for (const task of readdirSync('/proc/self/task')) {
    const folder = `/proc/self/task/${task}`;
    try {
      const nanoseconds = Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]);
      const name =
        Number(task) === process.pid
          ? 'main'
          : inference.has(Number(task))
            ? 'inference'
            : readFileSync(`${folder}/comm`, 'utf8').trim();
      times.set(name, (times.get(name) ?? 0) + nanoseconds);
    } catch {
      // The thread has ended.
    }
  }
  return times;
}

const numberIn = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0);

function switches(): number {
  let sum = 0;
  for (const task of readdirSync('/proc/self/task')) {
    try {
      const status = readFileSync(`/proc/self/task/${task}/status`, 'utf8');
      sum += numberIn(status, 'voluntary_ctxt_switches') + numberIn(status, 'nonvoluntary_ctxt_switches');
    } catch {
      // The thread has ended.
    }
  }
  return sum;
}

const data = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
const engine = await Engine.open(
  loadConfig(
    undefined,
    {},
    {
      data,
      grpc: { port: 0 },
      console: { port: 0 },
      // Bars of an hour that come every few milliseconds would have every model trained again all the time.
      training: { folds: 1, retraining: { automatic: false } },
      log: 'error',
      ...(JSON.parse(process.argv[2] ?? '{}') as ConfigInput),
    },
  ),
);
const api = new ApiServer(engine, { simulated: false });
const port = await api.listen();
const web = process.argv[3] === 'watched' ? new ConsoleServer(engine, api, { simulated: false }) : undefined;
const address = await web?.listen();
await prepareMarkets(engine);
await engine.stored();
const training = process.argv[3] === 'burdened' ? new EndlessTraining() : undefined;
if (training !== undefined) await addShadows(engine);

let gcMs = 0;
let longestGcMs = 0;
const loopDelay = monitorEventLoopDelay({ resolution: 2 });
loopDelay.enable();
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    gcMs += duration;
    longestGcMs = Math.max(longestGcMs, duration);
  }
}).observe({ entryTypes: ['gc'] });
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 250 });

const collect = (globalThis as { gc?: () => void }).gc!;

function storedBytes(): Record<string, number> {
  return Object.fromEntries(readdirSync(data).map((name) => [name, bytesIn(path.join(data, name))]));
}

const now = () => ({
  below: cpuBelow(process.pid),
  stored: storedBytes(),
  threads: threadTimes(new Set(engine.inference.osThreads)),
  switches: switches(),
  bytes: numberIn(readFileSync('/proc/self/io', 'utf8'), 'write_bytes'),
  commits: engine.journal.stats().commits,
  gcMs,
  armsDropped: engine.evidence.dropped,
});
let before = now();
let profiled = false;

async function end(collected: boolean): Promise<CostWindow> {
  await training?.stop();
  await engine.settled();
  await engine.stored();
  const after = now();
  let stages: Record<string, number> | undefined;
  if (profiled) {
    const { profile } = (await session.post('Profiler.stop')) as { profile: Profiler.Profile };
    stages = stagesOf(profile);
    const file = process.env['SUHO_BENCH_PROFILE'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(profile));
  }
  const threads: Record<string, number> = {};
  for (const [name, nanoseconds] of after.threads) {
    const spent = (nanoseconds - (before.threads.get(name) ?? 0)) / 1000;
    if (spent > 0) threads[name] = spent;
  }
  const stored = Object.entries(after.stored).map(([name, bytes]) => [
    name,
    bytes - (before.stored[name] ?? 0),
  ]);
  // Not as a matter of course: a forced collection throws away compiled code, and what follows is measured cold.
  if (collected) collect();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    threads,
    below: after.below - before.below,
    stored: Object.fromEntries(stored) as Record<string, number>,
    memory: { heap: heapUsed, resident: rss, tree: memoryOfTree(process.pid) },
    switches: after.switches - before.switches,
    bytesWritten: after.bytes - before.bytes,
    commits: after.commits - before.commits,
    gcMs: after.gcMs - before.gcMs,
    longest: { loopMs: loopDelay.max / 1e6, gcMs: longestGcMs },
    armsDropped: after.armsDropped - before.armsDropped,
    stages,
  };
}

type Order =
  | { readonly kind: 'begin'; readonly profile: boolean }
  | { readonly kind: 'end'; readonly collected: boolean }
  | { readonly kind: 'stop' };
process.on('message', (order: Order) => {
  void (async () => {
    if (order.kind === 'begin') {
      profiled = order.profile;
      if (profiled) await session.post('Profiler.start');
      before = now();
      // Reading all that takes the event loop long itself.
      await sleep(20);
      loopDelay.reset();
      longestGcMs = 0;
      training?.start();
      process.send!('begun');
    } else if (order.kind === 'end') process.send!(await end(order.collected));
    else {
      await training?.close();
      await web?.stop();
      await api.stop();
      await engine.stop();
      rmSync(data, { recursive: true, force: true });
      process.exit(0);
    }
  })();
});
process.send!({ port, console: address });
