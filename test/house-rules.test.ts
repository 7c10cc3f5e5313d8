/** The house rules, as the linter and dependency-cruiser are configured: each is broken once, and found. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A tree of its own with the project's configuration and the given files. */
function treeOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-rules-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const config of ['.oxlintrc.json', '.dependency-cruiser.json', 'tsconfig.json', 'package.json'])
    copyFileSync(path.join(ROOT, config), path.join(folder, config));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return folder;
}

/** Rules broken, as `file rule`, by the linter. */
function lint(folder: string): Set<string> {
  const { stdout } = spawnSync(path.join(ROOT, 'node_modules/.bin/oxlint'), ['--format', 'json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  return new Set(diagnostics.map(({ code, filename }) => `${filename} ${/\((.*)\)/.exec(code)?.[1]}`));
}

/** Rules broken, as `file rule`, of the import law. */
function cruise(folder: string): Set<string> {
  const { stdout, stderr } = spawnSync(
    path.join(ROOT, 'node_modules/.bin/depcruise'),
    ['actors', 'engine', '--config', '.dependency-cruiser.json', '--output-type', 'json'],
    { cwd: folder, encoding: 'utf8' },
  );
  assert.notEqual(stdout, '', stderr);
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  return new Set(summary.violations.map(({ from, rule }) => `${from} ${rule.name}`));
}

const DETERMINISTIC = [
  'actors/market',
  'engine/intake',
  'engine/instruments',
  'engine/evidence',
  'engine/publication',
  'engine/sinks',
  'engine/rollout',
  'engine/drift',
];
const FORBIDDEN: Readonly<Record<string, readonly [text: string, rule: string]>> = {
  date: ['export const now = (): number => Date.now();\n', 'no-restricted-globals'],
  today: ['export const today = (): number => new Date().getTime();\n', 'no-restricted-globals'],
  performance: ['export const now = (): number => performance.now();\n', 'no-restricted-globals'],
  timeout: ['setTimeout(() => undefined, 1);\n', 'no-restricted-globals'],
  interval: ['setInterval(() => undefined, 1);\n', 'no-restricted-globals'],
  immediate: ['setImmediate(() => undefined);\n', 'no-restricted-globals'],
  hidden: ['export const now = (): number => globalThis.Date.now();\n', 'no-restricted-globals'],
  random: ['export const x = Math.random();\n', 'no-restricted-properties'],
  sleep: [
    "import { setTimeout as sleep } from 'node:timers/promises';\nawait sleep(1);\n",
    'no-restricted-imports',
  ],
  id: [
    "import { randomUUID } from 'node:crypto';\nexport const id = randomUUID();\n",
    'no-restricted-imports',
  ],
  uuid: ["import { v4 } from 'uuid';\nexport const id = v4();\n", 'no-restricted-imports'],
};

test('clocks, timers and randomness are lint errors in the deterministic rooms, and nowhere else', (t) => {
  const files: Record<string, string> = {};
  for (const room of [...DETERMINISTIC, 'engine/ops'])
    for (const [name, [text]] of Object.entries(FORBIDDEN)) files[`${room}/${name}.ts`] = text;
  const broken = lint(treeOf(t, files));
  for (const [name, [, rule]] of Object.entries(FORBIDDEN)) {
    for (const room of DETERMINISTIC) {
      const at = `${room}/${name}.ts ${rule}`;
      assert.ok(broken.has(at), at);
    }
    assert.ok(!broken.has(`engine/ops/${name}.ts ${rule}`), `engine/ops/${name}.ts`);
  }
});

test('long files and long functions are lint errors, unless generated; a test may be longer', (t) => {
  const line = (i: number): string => `  console.log(${i});\n`;
  const lines = (count: number): string => Array.from({ length: count }, (_, i) => line(i)).join('');
  const functionOf = (length: number): string => `export function f(): void {\n${lines(length - 2)}}\n`;
  const fileOf = (length: number): string => lines(length).replaceAll('  console', 'console');
  const broken = lint(
    treeOf(t, {
      'engine/ops/fits.ts': functionOf(70),
      'engine/ops/long.ts': functionOf(71),
      'engine/ops/file-fits.ts': fileOf(400),
      'engine/ops/file-long.ts': fileOf(401),
      'engine/generated/long.ts': `${functionOf(71)}${fileOf(400)}`,
      'scripts/long.mjs': functionOf(71).replace(': void', ''),
      'test/support/long.ts': functionOf(71),
      'test/ops/case.test.ts': functionOf(150),
      'test/ops/long.test.ts': fileOf(401),
    }),
  );
  assert.deepEqual([...broken].filter((at) => at.includes('max-lines')).sort(), [
    'engine/ops/file-long.ts max-lines',
    'engine/ops/long.ts max-lines-per-function',
    'scripts/long.mjs max-lines-per-function',
    'test/ops/long.test.ts max-lines',
    'test/support/long.ts max-lines-per-function',
  ]);
});

test('the core imports itself alone, adapters do not know each other, and nothing imports in a circle', (t) => {
  const uses = (from: string, names = 'x'): string =>
    `import { ${names} } from '${from}';\nexport { ${names} };\n`;
  const x = 'export const x = 1;\nexport type T = number;\n';
  const broken = cruise(
    treeOf(t, {
      'actors/market/x.ts': x,
      'actors/market/itself.ts': uses('./x.js'),
      'actors/market/engine.ts': uses('../../engine/ops/x.js'),
      'actors/market/node.ts': uses('node:fs', 'existsSync'),
      'actors/market/package.ts': uses('pg', 'Client'),
      'engine/ops/x.ts': x,
      'engine/cache/redis-cache.ts': x,
      'engine/engine.ts': uses('./cache/redis-cache.js'),
      'engine/cache/cache.ts': uses('./redis-cache.js'),
      'engine/cli/status.ts': uses('../cache/redis-cache.js'),
      'engine/ops/status.ts': uses('../cache/redis-cache.js'),
      'engine/registry/store.ts': uses('../cache/cache.js'),
      'engine/registry/port.ts': "export type { T } from '../cache/redis-cache.js';\n",
      'engine/intake/command.ts': uses('../cli/status.js'),
      'engine/rollout/a.ts': "import type { B } from './b.js';\nexport type A = B | 1;\n",
      'engine/rollout/b.ts': "import type { A } from './a.js';\nexport type B = A | 2;\n",
    }),
  );
  assert.deepEqual([...broken].filter((at) => !at.includes('imports-resolve')).sort(), [
    'actors/market/engine.ts core-knows-only-itself-and-uuid',
    'actors/market/node.ts core-knows-only-itself-and-uuid',
    'actors/market/package.ts core-knows-only-itself-and-uuid',
    'engine/intake/command.ts only-the-entry-imports-commands',
    'engine/ops/status.ts only-the-wiring-knows-adapters',
    'engine/registry/store.ts adapters-do-not-know-each-other',
    'engine/rollout/a.ts no-cycles',
  ]);
});
