import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from './support/command.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', ...readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
);
const textOf = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8');

/** What may follow each command, by its words: subcommands, choices and options, as the shell completes them. */
async function commandTree(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { stdout } = await runCommand(['completion', 'bash']);
  const nodes = [...stdout.matchAll(/^ {4}'([^']*)'\) next='([^']*)' ;;$/gm)];
  return new Map(nodes.map(([, words, next]) => [words!, new Set(next!.split(' '))]));
}

test('every suho command in the documents exists, with every option it is given', async () => {
  const tree = await commandTree();
  let checked = 0;
  for (const page of PAGES)
    for (const [, line] of textOf(page).matchAll(/(?:^(?:npx )?|`(?:npx )?|&& )suho ((?:[^\n`]|\\\n)+)/gm)) {
      const words = line!
        .replaceAll(/'[^']*'|"[^"]*"/g, 'TEXT')
        .split(/ #|&&|\|| > |;|\)/)[0]!
        .trim()
        .split(/\s+/);
      let node = '';
      for (const word of words) {
        const next = `${node} ${word}`.trim();
        if (!tree.has(next)) break;
        node = next;
      }
      // Prose: "suho is", or a command written with choices.
      if (node === '' && !words[0]!.startsWith('--')) {
        assert.ok(!/^[a-z-]+$/.test(words[0]!) || !line!.includes('--'), `${page}: suho ${line}`);
        continue;
      }
      checked++;
      // A command that has subcommands is given one of them, or nothing.
      const after = words[node === '' ? 0 : node.split(' ').length];
      const hasSubcommands = [...tree.keys()].some((one) => one.startsWith(`${node} `));
      if (node !== '' && hasSubcommands && /^[a-z][a-z-]*$/.test(after ?? ''))
        assert.fail(`${page}: suho ${node} has no ${after}`);
      for (const option of words.filter((word) => word.startsWith('--')))
        assert.ok(
          tree.get(node)!.has(option.replace(/[=,.].*$/, '')) || option === '--version',
          `${page}: suho ${node} has no ${option}`,
        );
    }
  assert.ok(checked > 80, String(checked));
});

test('links between the documents lead to files and headings that are there', () => {
  const anchors = (page: string): Set<string> =>
    new Set(
      [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
        title!
          .toLowerCase()
          .replaceAll(/[`.,:()’'?!]/g, '')
          .replaceAll(' ', '-'),
      ),
    );
  for (const page of PAGES)
    for (const [, target] of textOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [file = '', anchor] = target!.split('#');
      const where = file === '' ? page : path.join(path.dirname(page), file);
      assert.ok(existsSync(path.join(ROOT, where)), `${page}: ${target}`);
      if (anchor !== undefined && where.endsWith('.md'))
        assert.ok(anchors(where).has(anchor), `${page}: ${target}`);
    }
});

test('the two pages of the pipeline have their sections', () => {
  for (const [page, sections] of [
    ['docs/ML_PIPELINE_ARCHITECTURE.md', 15],
    ['docs/DEPLOYMENT_WORKFLOW.md', 12],
  ] as const) {
    const numbers = [...textOf(page).matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number));
    assert.deepEqual(
      numbers,
      Array.from({ length: sections }, (_, i) => i + 1),
      page,
    );
    assert.match(textOf(page), /^```mermaid$/m, page);
  }
});
