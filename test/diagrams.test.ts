/** The diagrams of the documents, drawn by Mermaid in a Chromium as the site that shows the pages does. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { drawDiagrams, withoutBrowser } from './support/browser.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Pixels: a wider picture is shrunk to a page's column, and its text with it. */
const COLUMN = 1_200;

const diagrams = ['README.md', ...readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`)]
  .filter((page) => page.endsWith('.md'))
  .flatMap((page) =>
    [...readFileSync(path.join(ROOT, page), 'utf8').matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map(
      ([, text]) => ({ page, text: text! }),
    ),
  );

/** What boxes, participants and states are called, line by line. */
function namesOf(text: string): string[] {
  const labels = text.matchAll(/[[({]"([^"]+)"|[[{]([\w ,?]+)[\]}]|as (\w+)$|^ +([a-z]+) --> [a-z]+$/gm);
  return [...labels].flatMap((found) => found.slice(1).flatMap((name) => name?.split('<br/>') ?? []));
}

test(
  'every diagram is drawn, no wider than a page, with every name that it is made of',
  { skip: withoutBrowser() },
  async (t) => {
    assert.ok(diagrams.length >= 4, String(diagrams.length));
    const drawn = await drawDiagrams(t, [...diagrams.map(({ text }) => text), 'flowchart LR\n  a --> [']);
    assert.match(drawn.pop()!.fault ?? '', /Parse error/, 'what is no diagram is not drawn');
    drawn.forEach(({ fault, width, words }, i) => {
      const { page, text } = diagrams[i]!;
      assert.equal(fault, undefined, `${page}: ${text}`);
      assert.ok(width! > 100 && width! <= COLUMN, `${page}: ${width} px wide\n${text}`);
      const names = namesOf(text);
      assert.ok(names.length >= 5, `${page}: ${names.join()}`);
      for (const name of names) assert.ok(words!.includes(name), `${page}: ${name} of ${names.join()}`);
    });
  },
);

test('the diagram of a model’s life has the transitions that the database allows', () => {
  const sql = readFileSync(path.join(ROOT, 'schemas/02_postgresql_model_registry.sql'), 'utf8');
  const [, list] = /\(from_status, to_status\) IN \(([\s\S]*?)\)\n\$\$/.exec(sql)!;
  const legal = [...list!.matchAll(/\('(\w+)', '(\w+)'\)/g)].map(([, from, to]) => `${from} --> ${to}`);
  const { text } = diagrams.find(({ text: each }) => each.startsWith('stateDiagram'))!;
  const shown = [...text.matchAll(/\w+ --> \w+/g)].map(([edge]) => edge);
  // The sentence below it: archived from every status but production, and from staging back to validated.
  const said = legal.filter((edge) => edge.endsWith('--> archived') || edge === 'staging --> validated');
  assert.deepEqual([...new Set([...shown, ...said])].sort(), legal.toSorted());
});
