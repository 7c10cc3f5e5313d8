/** What a newcomer's `npm ci` meets: no setting that npm does not know, no install script that fetches what is not needed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function read(file: string): unknown {
  return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));
}

test('npm says nothing about the project’s settings', () => {
  const { stdout, stderr } = spawnSync('npm', ['config', 'get', 'save-exact'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  assert.equal(stdout.trim(), 'true');
  assert.equal(stderr, '');
});

test('every install script is decided on, and that of onnxruntime-node runs under no npm', () => {
  const { packages } = read('package-lock.json') as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const { allowScripts } = read('package.json') as { allowScripts: Record<string, boolean> };
  const withScript = Object.entries(packages)
    .filter(([place, { hasInstallScript }]) => place !== '' && hasInstallScript === true)
    .map(([place]) => place.replace(/^.*node_modules\//, ''));
  for (const name of withScript)
    assert.ok(name in allowScripts, `allowScripts in package.json lacks ${name}`);
  // It fetches CUDA libraries, and fails without a network. npm 11 and newer are told by allowScripts; older ones run what
  // the lock file marks, so take "hasInstallScript" out of its entry again after an update.
  assert.equal(allowScripts['onnxruntime-node'], false);
  assert.ok(!withScript.includes('onnxruntime-node'), 'package-lock.json marks onnxruntime-node again');
});
