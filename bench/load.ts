import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../engine/engine.js';
import { inventedBars } from '../test/support/markets.js';

/** The markets of a load, the bars each has before it, and how long it lasts. */
export const SYMBOLS = 20;
export const HISTORY = 1_400;
export const SECONDS = 8;

/** What a bar counts that has no signal by the end of a load, milliseconds. */
export const WORST_MS = 60_000;

interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** What a client saw of a load. Times in milliseconds. */
export interface Latency extends Percentiles {
  readonly rate: number;
  readonly sent: number;
  readonly received: number;
  /** Signals that came while bars were sent. */
  readonly signalsPerSecond: number;
  readonly p999: number;
  /** From when a bar was due to its acknowledgement. */
  readonly acknowledged: Percentiles;
  /** From the acknowledgement of a bar to its signal. */
  readonly accepted: Percentiles;
  /** What signals say of their own time. */
  readonly inference: Percentiles;
  readonly patterns: Percentiles;
}

/** Gives an engine the markets of a load, each with its history and a model. */
export async function prepareMarkets(engine: Engine): Promise<void> {
  const bars = inventedBars(HISTORY, { momentum: 0.62 });
  for (let i = 0; i < SYMBOLS; i++) {
    const request = {
      feed: 'published',
      owner: 'default',
      symbol: `SYM${i}`,
      base: '1h',
      tenantId: 'default',
      timeframe: '1h',
    } as const;
    const instrument = await engine.instruments.follow(request);
    engine.intake.ingestBars(instrument, bars);
    await engine.settled();
    await engine.training.train(`${instrument}/1h`, bars.at(-1)!.openTime + 3_600_000);
  }
}

/** Loads an engine from a process of its own, with bars from `firstBar` on at a rate. */
export async function load(
  port: number,
  rate: number,
  firstBar: number,
  seconds = SECONDS,
): Promise<Latency> {
  const client = fileURLToPath(new URL('./latency-client.js', import.meta.url));
  const child = spawn(process.execPath, [client, ...[port, SYMBOLS, rate, seconds, firstBar].map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return JSON.parse(text) as Latency;
}
