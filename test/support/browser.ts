import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import axe from 'axe-core';
import { chromium, type Page } from 'playwright-core';
import { afterTest } from './cleanup.js';

const PLACES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where a Chromium is; undefined when there is none. */
const CHROMIUM = PLACES.find((place) => place !== undefined && existsSync(place));

/** Why a test with a browser cannot run here; undefined when it can. Said on the terminal too: a skipped test is easily missed. */
export function withoutBrowser(): string | undefined {
  if (CHROMIUM !== undefined) return undefined;
  const why =
    'no Chromium: install the package chromium, or set CHROMIUM_PATH; the console is NOT tested in a browser';
  process.stderr.write(`${why}\n`);
  return why;
}

export interface OpenedPage {
  readonly page: Page;
  /** Errors and warnings of the page so far, policy violations among them. */
  readonly errors: string[];
}

/** A page of a browser of its own, as wide and as light as asked. */
export async function openPage(
  t: TestContext,
  address: string,
  options: { readonly width?: number; readonly scheme?: 'light' | 'dark' } = {},
): Promise<OpenedPage> {
  const { width = 1280, scheme = 'light' } = options;
  const browser = await chromium.launch({
    executablePath: CHROMIUM!,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  afterTest(t, async () => await browser.close());
  const context = await browser.newContext({ viewport: { width, height: 860 }, colorScheme: scheme });
  const page = await context.newPage();
  // A busy machine is slow, not broken.
  page.setDefaultTimeout(180_000);
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(address)) errors.push(`it asked ${request.url()}`);
  });
  await page.goto(address);
  return { page, errors };
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe-core finds wrong with a page: names, roles, contrast, order. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = (await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )) as Violation[];
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 240)}`,
    ),
  );
}

/** Pixels that a page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
}

/** Colours that the canvases of an element show: one alone is an empty chart. */
export async function colorsDrawn(page: Page, selector: string): Promise<number> {
  return (await page.evaluate(`(() => {
    const colors = new Set();
    for (const canvas of document.querySelectorAll(${JSON.stringify(`${selector} canvas`)})) {
      if (canvas.width === 0 || canvas.height === 0) continue;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < data.length; i += 4 * 7) colors.add(data[i] + ',' + data[i + 1] + ',' + data[i + 2]);
    }
    return colors.size;
  })()`)) as number;
}
