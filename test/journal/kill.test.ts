import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/engine.js';
import { seeded } from '../support/seeded.js';

const LOAD = fileURLToPath(new URL('../support/journal-load.js', import.meta.url));
/** Set SUHO_KILLS=500 for the figure that is promised. */
const KILLS = Number(process.env['SUHO_KILLS'] ?? 25);
const KILL_AFTER_MS_MAX = 250;

interface Run {
  readonly opened: boolean;
  readonly acknowledged: number;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

/** Starts a writer, kills it some time after it opened the journal and tells what it acknowledged. */
async function startAndKill(
  folder: string,
  acknowledged: number,
  seed: number,
  afterMs: number,
): Promise<Run> {
  const child = spawn(process.execPath, [LOAD, folder, String(acknowledged), String(seed)]);
  let [output, errors] = ['', ''];
  let timer: NodeJS.Timeout | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.startsWith('open\n')) timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  });
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const signal = await new Promise<NodeJS.Signals | null>((resolve) =>
    child.on('close', (_code, by) => resolve(by)),
  );
  clearTimeout(timer);
  const acks = [...output.matchAll(/^ack (\d+)\n/gm)];
  return {
    opened: output.startsWith('open\n'),
    acknowledged: Number(acks.at(-1)?.[1] ?? acknowledged),
    signal,
    errors,
  };
}

test(`after each of ${KILLS} kill -9 under load the journal opens at once and holds whole batches, all acknowledged ones`, async (t) => {
  const folder = temporaryFolder(t);
  const random = seeded(1);
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const run = await startAndKill(folder, acknowledged, kill, random() * KILL_AFTER_MS_MAX);
    assert.ok(run.opened, `start ${kill} did not open: ${run.errors}`);
    assert.equal(run.signal, 'SIGKILL', `start ${kill} ended by itself: ${run.errors}`);
    assert.equal(run.errors, '');
    acknowledged = run.acknowledged;
  }
  assert.ok(acknowledged > KILLS / 4, `only ${acknowledged} batches were written`);
});
