import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The `suho` command. */
export const MAIN = fileURLToPath(new URL('../../engine/cli/main.js', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Variables that the tests read themselves; the command would refuse settings it does not know. */
const OF_TESTS: ReadonlySet<string> = new Set([
  'SUHO_INTERLEAVINGS',
  'SUHO_KILLS',
  'SUHO_SEED',
  'SUHO_FUZZ',
  'SUHO_FUZZ_FILES',
  'SUHO_LONG_BARS',
]);

/** Starts the real `suho` command in a process of its own, with further variables in its environment, in a folder. */
export function startCommand(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  cwd?: string,
): ChildProcess {
  const given = { ...process.env, ...variables };
  const env = Object.fromEntries(Object.entries(given).filter(([name]) => !OF_TESTS.has(name)));
  return spawn(process.execPath, [MAIN, ...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs the real `suho` command to its end. */
export async function runCommand(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<CommandResult> {
  const child = startCommand(args, variables, cwd);
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}
