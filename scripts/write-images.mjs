// Takes the pictures of docs/images: a first start on simulated markets, seen in a Chromium once there are outcomes. Look at
// each before it is committed. `npm run images`; CHROMIUM_PATH names another browser.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const root = path.join(import.meta.dirname, '..');
const data = mkdtempSync(path.join(tmpdir(), 'suho-images-'));
const engine = spawn(
  process.execPath,
  [path.join(root, 'dist/engine/cli/main.js'), 'start', '--data', data, '--port', '0'],
  { env: { ...process.env, SUHO_CONSOLE_PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] },
);
let said = '';
engine.stdout.on('data', (text) => (said += text));
/** @param {RegExp} pattern */
const told = async (pattern) => {
  while (!pattern.test(said)) await once(engine.stdout, 'data');
  return pattern.exec(said)?.[1] ?? '';
};

/** Each page, how high its picture is, and what is in it when it is whole. */
const PICTURES = /** @type {const} */ ([
  ['market', 1_000, '.side-column .gain-bar'],
  ['models', 1_362, '[aria-label^="Drawdown, walk-forward"] canvas'],
  ['data', 1_362, '.drift-names'],
]);
try {
  const address = await told(/console on (http\S+)/);
  await told(/SIMULATED markets/);
  // A day of signals and what came of them.
  await new Promise((resolve) => setTimeout(resolve, 100_000));
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  for (const [name, height, whole] of PICTURES) {
    const page = await browser.newPage({ viewport: { width: 1_280, height }, colorScheme: 'light' });
    page.setDefaultTimeout(180_000);
    await page.goto(`${address}/#/${name}`);
    await page.locator(whole).first().waitFor();
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 500))');
    await page.screenshot({ path: path.join(root, 'docs', 'images', `console-${name}.png`) });
    await page.close();
  }
  await browser.close();
} finally {
  engine.kill('SIGTERM');
  if (engine.exitCode === null) await once(engine, 'close');
  rmSync(data, { recursive: true, force: true });
}
