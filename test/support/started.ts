import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { afterTest } from './cleanup.js';
import { startCommand } from './command.js';

/** A `suho start` of its own: the process, all it wrote so far, and its exit code once it has ended. */
export interface Started {
  readonly child: ChildProcess;
  readonly data: string;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** Further arguments, and variables in its environment. */
export interface StartOptions {
  readonly args?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

/** Starts the real engine on `folder`/data with a configuration, and kills it after the test if it still runs. */
export function startEngine(
  t: TestContext,
  folder: string,
  config: object,
  { args = [], variables = {} }: StartOptions = {},
): Started {
  const file = path.join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const data = path.join(folder, 'data');
  const child = startCommand(['start', '--config', file, '--data', data, '--port', '0', ...args], variables);
  afterTest(t, () => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (text: Buffer) => (output += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, data, output: () => output, ended };
}
