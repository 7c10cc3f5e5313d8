import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
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

interface Drawn {
  /** Why it could not be drawn. */
  readonly fault?: string;
  /** Pixels before it is fitted into anything. */
  readonly width?: number;
  /** All text in the picture. */
  readonly words?: string;
}

/** Draws Mermaid texts in a browser. */
export async function drawDiagrams(t: TestContext, texts: readonly string[]): Promise<Drawn[]> {
  const { page } = await openPage(t, 'about:blank');
  await page.addScriptTag({ path: fileURLToPath(import.meta.resolve('mermaid/dist/mermaid.min.js')) });
  const drawn: Drawn[] = [];
  for (const [i, text] of texts.entries())
    drawn.push(
      (await page.evaluate(`(async () => {
        try {
          mermaid.initialize({ startOnLoad: false });
          const { svg } = await mermaid.render('diagram${i}', ${JSON.stringify(text)});
          const box = document.createElement('div');
          box.innerHTML = svg;
          document.body.append(box);
          const { viewBox } = box.firstElementChild;
          return { width: viewBox.baseVal.width, words: box.innerText };
        } catch (error) {
          return { fault: String(error) };
        }
      })()`)) as Drawn,
    );
  return drawn;
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

/** Begins to record the tasks of a page's main thread. */
export async function traceTasks(page: Page): Promise<void> {
  await page
    .context()
    .browser()!
    .startTracing(page, { categories: ['-*', 'toplevel'] });
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * CPU milliseconds of each task of the page's main thread since `traceTasks`, longest first. Time in which the thread had no
 * processor does not count, so that a busy machine makes no task long.
 */
export async function tracedTasks(page: Page): Promise<number[]> {
  const trace = await page.context().browser()!.stopTracing();
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const mains = new Set(
    traceEvents
      .filter(({ ph, name, args }) => ph === 'M' && name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  return traceEvents
    .filter(({ name, pid, tid }) => name.endsWith('RunTask') && mains.has(`${pid} ${tid}`))
    .map(({ tdur = 0 }) => tdur / 1_000)
    .sort((a, b) => b - a);
}

/**
 * CPU milliseconds of a task that always does the same, sorting 200,000 numbers: about 100 on the machine it was written
 * on. Compared with it, a page's tasks are judged alike on a slow machine and a fast one.
 */
export async function controlTask(page: Page): Promise<number> {
  await traceTasks(page);
  for (let i = 0; i < 3; i++)
    await page.evaluate(`(() => {
      const numbers = Float64Array.from({ length: 200_000 }, (_, i) => (i * 7919 + 104729) % 199_999);
      return Array.from(numbers).sort((a, b) => a - b)[0];
    })()`);
  // The one in the middle: the first also compiles.
  return (await tracedTasks(page))[1]!;
}
