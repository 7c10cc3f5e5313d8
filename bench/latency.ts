import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiServer } from '../engine/api/server.js';
import { loadConfig, type ConfigInput } from '../engine/config.js';
import { Engine } from '../engine/engine.js';
import { endServer, launchServer } from '../test/support/servers.js';
import { HISTORY, SECONDS, SYMBOLS, load, prepareMarkets, type Latency } from './load.js';
import { report } from './report.js';

const RATES = [100, 500, 1_000];

/**
 * Bar out of one process to signal back in it, models and patterns on, at fixed arrival rates: with everything
 * embedded, then with similar moments in Weaviate, where it is installed.
 */
export async function benchLatency(): Promise<void> {
  report('latency', ...(await measure({}, RATES)));
  const server = await launchServer('weaviate');
  if (typeof server === 'string') {
    process.stdout.write(`\nlatency with Weaviate SKIPPED: ${server}\n`);
    return;
  }
  try {
    const weaviate = { url: `http://127.0.0.1:${server.port}` };
    report('latency with Weaviate', ...(await measure({ weaviate }, RATES.slice(0, 1))));
  } finally {
    await endServer(server);
  }
}

async function measure(config: ConfigInput, rates: readonly number[]): Promise<[string[], Latency[]]> {
  const data = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
  const engine = await Engine.open(
    loadConfig(
      undefined,
      {},
      { data, grpc: { port: 0 }, training: { folds: 1 }, inference: { deadlineMs: 5_000 }, ...config },
    ),
  );
  const api = new ApiServer(engine, { simulated: false });
  try {
    const port = await api.listen();
    await prepareMarkets(engine);
    await engine.stored();
    const results: Latency[] = [];
    let first = HISTORY;
    for (const rate of rates) {
      results.push(await load(port, rate, first));
      first += Math.ceil((rate * SECONDS) / SYMBOLS) + 1;
      await engine.stored();
    }
    const lines = results.map(
      ({ rate, sent, received, p50, p99, p999 }) =>
        `${rate} bars/s: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, p99.9 ${p999.toFixed(2)} ms (${received} of ${sent} answered)`,
    );
    return [lines, results];
  } finally {
    await api.stop();
    await engine.stop();
    rmSync(data, { recursive: true, force: true });
  }
}
