import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { VERSION } from '../../engine/version.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';

/** What bash offers after words that were typed. */
function offered(script: string, ...typed: readonly string[]): string[] {
  const words = ['suho', ...typed].map((word) => `'${word}'`).join(' ');
  const answer = execFileSync(
    'bash',
    [
      '-c',
      `source ${script}; COMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _suho; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    { encoding: 'utf8' },
  );
  return answer.split('\n').filter((word) => word !== '');
}

test('a shell completes commands, subcommands, options and choices', async (t) => {
  const { code, stdout } = await runCommand(['completion', 'bash']);
  assert.equal(code, 0);
  const script = path.join(temporaryFolder(t), 'suho.bash');
  writeFileSync(script, stdout);
  assert.deepEqual(offered(script, 'st').sort(), ['start', 'status']);
  assert.deepEqual(offered(script, 'features', 'ex'), ['export']);
  assert.deepEqual(offered(script, 'features', 'export', '--from-s'), ['--from-store']);
  assert.deepEqual(offered(script, 'sql', 'f'), ['features']);
  assert.deepEqual(offered(script, 'dead-letters', 'list', '--addr'), ['--address']);
  for (const [shell, holds] of [
    ['zsh', /^#compdef suho\n/],
    ['fish', /complete -c suho -n '__fish_use_subcommand' -a start -d 'start the engine/],
  ] as const)
    assert.match((await runCommand(['completion', shell])).stdout, holds);
});

test('suho version says what is installed', async () => {
  const { stdout } = await runCommand(['version', '--json']);
  const facts = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([facts['version'], facts['features'], facts['node']], [VERSION, 277, process.version]);
  assert.match(
    (await runCommand(['version'])).stdout,
    new RegExp(`^suho ${VERSION.replaceAll('.', '\\.')}\n`),
  );
});
