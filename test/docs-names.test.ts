/** What the documents name exists under that name: settings with their defaults, variables, metrics, tables, files. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CATALOGUE } from '../actors/features/catalogue.js';
import { configSchema } from '../engine/config-schema.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
/** Pages written by hand; features.md and api.md are made from the code. */
const PAGES = ['README.md', ...readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter(
  (page) => page.endsWith('.md') && !/\/(features|api)\.md$/.test(page),
);
const SOURCES = ['actors', 'engine', 'console', 'proto', 'schemas', 'deploy', 'bench', 'scripts', 'test'];

/** All text of the project that is not a document. */
const SOURCE = SOURCES.flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\.(tsx?|mjs|proto|sql|ya?ml|json|py|conf|sh|onnx)$/.test(entry.name),
    )
    .filter((entry) => !entry.name.startsWith('docs-'))
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8')),
).join('\n');

interface Setting {
  readonly type?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Setting>>;
}

/** Every setting by its path; those with settings within them too. */
function settingsOf({ properties = {} }: Setting, before = ''): [string, Setting][] {
  return Object.entries(properties).flatMap(([name, setting]) => [
    [`${before}${name}`, setting] as [string, Setting],
    ...settingsOf(setting, `${before}${name}.`),
  ]);
}
const SETTINGS = new Map(
  settingsOf(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Setting),
);

/** A file or folder of the project. */
const PLACE = /^(actors|engine|console|proto|schemas|deploy|bench|scripts|test|docs)\/[\w./-]+$/;
/** A metric, recorded rule, table, reason or field, perhaps with its column. */
const NAME =
  /^(?:[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]+)+|suho:[a-z0-9_:]+)(?:\.[a-z_]+)?$/;

test('every setting that the documents name exists, and configuration.md has them all with their defaults', () => {
  const sections = new Set([...SETTINGS.keys()].filter((name) => !name.includes('.')));
  for (const page of PAGES)
    for (const [, name] of textOf(page).matchAll(/`([a-z]\w+(?:\.[a-zA-Z]\w*)+)`/g))
      if (sections.has(name!.split('.')[0]!) && !/\.(ts|json|log|md)$/.test(name!))
        assert.ok(SETTINGS.has(name!), `${page}: there is no setting ${name}`);

  const page = textOf('docs/configuration.md');
  const polygon = textOf('docs/polygon.md');
  for (const [name, { properties }] of SETTINGS)
    if (properties === undefined)
      assert.ok(
        page.includes(`\`${name}\``) || polygon.includes(`\`${name}\``),
        `configuration.md says nothing of ${name}`,
      );
  let compared = 0;
  for (const [, name, given] of page.matchAll(/^\| `([\w.]+)` +\| ([^|]*?) +\|/gm)) {
    const by = SETTINGS.get(name!)?.default;
    // What follows the machine has a default that is worked out.
    if (given!.includes('cores') || !['string', 'number', 'boolean'].includes(typeof by)) continue;
    compared++;
    const said = given!
      .replaceAll('`', '')
      .replace(/^empty$/, '')
      .replace(/,(?=\d{3})/g, '');
    assert.equal(said, JSON.stringify(by).replaceAll('"', ''), `configuration.md: ${name}`);
  }
  assert.ok(compared > 40, String(compared));
});

test('every variable of the environment that the documents and deploy/ name is read', () => {
  const settings = new Set([...SETTINGS.keys()].map((name) => name.replaceAll('.', '').toLowerCase()));
  for (const page of [...PAGES, 'deploy/compose.yaml', 'deploy/Dockerfile'])
    for (const [name] of textOf(page).matchAll(/\bSUHO_[A-Z0-9_]*[A-Z0-9]/g)) {
      const isSetting = settings.has(name.slice(5).replaceAll('_', '').toLowerCase());
      // Names of streams of NATS are no variables, but as much a part of the code.
      assert.ok(isSetting || new RegExp(`\\b${name}\\b`).test(SOURCE), `${page}: nothing reads ${name}`);
    }
});

test('every name in code type, of a metric, table, column, reason, field or file, is in the code', () => {
  const features = new Set(CATALOGUE.map(({ name }) => name));
  /** What the program makes where it runs. */
  const made = /^(bench\/results|dist\/)/;
  const unknown: string[] = [];
  let found = 0;
  for (const page of PAGES)
    for (const [, name] of textOf(page).matchAll(/`([^`\n]+)`/g)) {
      if (PLACE.test(name!) && !made.test(name!)) {
        found++;
        if (!existsSync(path.join(ROOT, name!))) unknown.push(`${page}: there is no ${name}`);
      }
      if (!NAME.test(name!) || name!.endsWith('.py')) continue;
      found++;
      for (const part of name!.split('.'))
        if (!features.has(part) && !new RegExp(`\\b${part}(?:\\b|_total|_bucket)`).test(SOURCE))
          unknown.push(`${page}: nothing is called ${name}`);
    }
  assert.deepEqual(unknown, []);
  assert.ok(found > 150, String(found));
});
