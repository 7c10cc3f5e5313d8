import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import type { Bar } from '../actors/market/bar.js';

/** Median of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Time to take each bar, in nanoseconds a bar. */
export function nanosecondsPerBar(bars: readonly Bar[], take: (bar: Bar, i: number) => void): number {
  const start = performance.now();
  bars.forEach(take);
  return ((performance.now() - start) * 1e6) / bars.length;
}

/** Runs a measurement several times, in turn with its peer, and gives the median of each and of their ratio. */
export async function paired(
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<{ readonly ours: number; readonly peer: number; readonly ratio: number }> {
  const a: number[] = [];
  const b: number[] = [];
  for (let i = 0; i <= rounds; i++) {
    const [x, y] = [await ours(), await peer()];
    // The first round warms up.
    if (i === 0) continue;
    a.push(x);
    b.push(y);
  }
  return { ours: median(a), peer: median(b), ratio: median(a.map((x, i) => b[i]! / x)) };
}

/** Prints a result and keeps it as JSON in bench/results. */
export function report(name: string, lines: readonly string[], result: unknown): void {
  process.stdout.write(`\n${name}\n${lines.map((line) => `  ${line}`).join('\n')}\n`);
  const folder = path.join('bench', 'results');
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const file = path.join(folder, `${name.replaceAll(' ', '-')}.json`);
  writeFileSync(
    file,
    `${JSON.stringify({ name, at: new Date().toISOString(), machine, result }, null, 2)}\n`,
  );
}
