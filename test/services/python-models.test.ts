// The page docs/python-models.md as its reader follows it: a market exported, the page's own Python run, its file imported.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Bar } from '../../actors/market/bar.js';
import type { ModelRecord } from '../../engine/registry/model-registry.js';
import { temporaryFolder } from '../support/engine.js';
import { inventedBars, toCsv } from '../support/markets.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MAIN = fileURLToPath(new URL('../../engine/cli/main.js', import.meta.url));
const MINUTES_10 = 600_000;
/** A virtual environment with the packages that the page names; `SUHO_PYTHON` names another Python. */
const ENVIRONMENT = '/opt/suho-python/bin/python';
const PYTHON = process.env['SUHO_PYTHON'] ?? (existsSync(ENVIRONMENT) ? ENVIRONMENT : 'python3');
const run = promisify(execFile);

/** The page's commands and code that stand after a heading, in their order. */
function blocksAfter(heading: string): readonly { readonly language: string; readonly text: string }[] {
  const page = readFileSync(path.join(ROOT, 'docs', 'python-models.md'), 'utf8');
  const section = page.split(/^## /m).find((part) => part.startsWith(heading));
  assert.ok(section !== undefined, `no section ${heading}`);
  const found = [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  return found.map(([, language, text]) => ({ language: language!, text: text! }));
}

/** Why a page's Python cannot run here; false when it can. */
function missing(packages: readonly string[]): string | false {
  const probe = spawnSync(PYTHON, ['-c', `import ${packages.join(', ')}`], { encoding: 'utf8' });
  if (probe.status === 0) return false;
  const why = /ModuleNotFoundError: (.*)/.exec(probe.stderr)?.[1] ?? String(probe.error ?? probe.stderr);
  return `SKIPPED: ${PYTHON}: ${why}; SUHO_PYTHON names a Python with ${packages.join(', ')}`;
}

/** Bars of which each goes the way of the last with a chance of 70 %, but for every tenth, which ends where it began. */
function market(): Bar[] {
  const bars = inventedBars(2_400, { seed: 7, momentum: 0.7 });
  return bars.map((bar, i) => (i % 10 === 9 ? { ...bar, close: bar.open } : bar));
}

for (const { library, heading, packages, architecture } of [
  {
    library: 'scikit-learn',
    heading: 'From features to a served model',
    packages: ['pandas', 'sklearn', 'skl2onnx'],
    architecture: /^imported from skl2onnx/,
  },
  {
    library: 'PyTorch',
    heading: 'A model of sequences',
    packages: ['pandas', 'torch', 'onnxscript'],
    architecture: /^imported from pytorch/,
  },
]) {
  test(
    `the page's lines for ${library} make a model of a planted market that finds its edge`,
    { skip: missing(packages), timeout: MINUTES_10 },
    async (t) => {
      const folder = temporaryFolder(t);
      const bin = path.join(folder, 'bin');
      mkdirSync(bin);
      // The page's `npx suho`, of this build.
      writeFileSync(path.join(bin, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${MAIN}' "$@"\n`, {
        mode: 0o755,
      });
      writeFileSync(path.join(folder, 'EURUSD_h1.csv.gz'), gzipSync(toCsv(market())));
      const { SUHO_PYTHON: _, ...variables } = process.env;
      const options = {
        cwd: folder,
        env: { ...variables, PATH: `${bin}:${process.env['PATH']}` },
        timeout: MINUTES_10,
      };
      const [exported, code, imported] = blocksAfter(heading);
      assert.deepEqual(
        [exported, code, imported].map((block) => block?.language),
        ['', 'python', ''],
      );
      await run('sh', ['-c', exported!.text], options);
      await run(PYTHON, ['-c', code!.text], options);
      const { stdout } = await run('sh', ['-c', `${imported!.text.trim()} --json`], options);
      const record = JSON.parse(stdout) as ModelRecord;
      assert.match(record.architecture, architecture);
      // Scored on nothing that it was trained on: the newer 40 % of the rows after the 199 that warm up, less the last.
      const { samples, directional } = record.scores[0]!;
      assert.ok(samples > 800 && samples < 0.4 * 2_400, `${samples} rows`);
      assert.ok(directional.accuracy > 0.65, `right in ${directional.accuracy} of the moves`);
      assert.equal(record.edge[0], true);
    },
  );
}
