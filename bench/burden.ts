import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EngineUnderLoad, cpuOf } from './engine-under-load.js';
import { median, report } from './report.js';

const RATE = 1_000;
const ROUNDS = 5;
/** As an open page asks for new bars. */
const ASK_MS = 1_000;
const SERIES = 'default@published/SYM0/1h';

interface Burden {
  readonly plain: number;
  readonly watched: number;
}

/** A collector that takes every trace and counts them. */
async function collector(): Promise<{ url: string; taken: () => number; stop: () => void }> {
  let taken = 0;
  const server = createServer((request, response) => {
    taken++;
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    taken: () => taken,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What an open page does: a stream of updates, and new bars and signals as they come. The function given back closes it. */
function openedPage(address: string): () => void {
  const stop = new AbortController();
  const series = encodeURIComponent(SERIES);
  const read = async (where: string): Promise<void> => {
    const response = await fetch(`${address}${where}`, { signal: stop.signal });
    if (!response.ok) throw new Error(`${where}: ${response.status}`);
    for await (const part of response.body ?? []) void part;
  };
  const ended = (error: unknown): void => {
    if (!stop.signal.aborted) throw error;
  };
  read(`/api/events?series=${series}&health=1`).catch(ended);
  const timer = setInterval(() => {
    read(`/api/bars?series=${series}&limit=60`).catch(ended);
    read(`/api/signals?series=${series}&limit=60`).catch(ended);
  }, ASK_MS);
  return () => {
    clearInterval(timer);
    stop.abort();
  };
}

/**
 * CPU a bar with the console served and open in one page and traces on at their default ratio, beside the same engine without.
 * Both are loaded in turns, so that whatever else the machine does falls on both. The goal is 5 %.
 */
export async function benchBurden(): Promise<void> {
  const traces = await collector();
  const plain = await EngineUnderLoad.start();
  const watched = await EngineUnderLoad.start({ tracing: { url: traces.url } }, 'watched');
  const rounds: Burden[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const without = cpuOf(await plain.load(RATE));
    const close = openedPage(watched.console!);
    const withBoth = cpuOf(await watched.load(RATE));
    close();
    rounds.push({ plain: without, watched: withBoth });
    process.stdout.write(`  ${without.toFixed(0)} µs a bar without, ${withBoth.toFixed(0)} with\n`);
  }
  await plain.stop();
  await watched.stop();
  traces.stop();
  const ratio = median(rounds.map((each) => each.watched / each.plain));
  report(
    'burden',
    [
      `console open and traces on: ${(100 * (ratio - 1)).toFixed(1)} % more CPU a bar at ${RATE} bars/s (median of ${ROUNDS} rounds; ${traces.taken()} exports)`,
    ],
    rounds,
  );
}
