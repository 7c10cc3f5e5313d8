/** The console's page in a real Chromium, on engines in this process. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { DEFAULT_TENANT } from '../../engine/api/authentication.js';
import type { ConfigInput } from '../../engine/config.js';
import { seriesIdentity } from '../../engine/instruments/ids.js';
import { SimulatedFeed } from '../../engine/feeds/simulated-feed.js';
import { accessibilityFaults, colorsDrawn, openPage, overflow, withoutBrowser } from '../support/browser.js';
import { afterTest } from '../support/cleanup.js';
import { openConsole, serveConsole, type ServedConsole } from '../support/console.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedSignal } from '../support/prediction-contract.js';
import { inventedBars } from '../support/markets.js';
import { relatedMarkets } from '../support/related-markets.js';
import { registerModel } from '../support/rollout.js';
import { eventually } from '../support/served.js';

const skip = withoutBrowser() ?? false;
const PAGES = ['market', 'models', 'data', 'relations', 'operations'];

/** An engine on two invented markets, one of them with a model, whose clock runs. */
async function simulated(t: TestContext, config: ConfigInput = {}): Promise<ServedConsole> {
  const engine = await openEngine(t, temporaryFolder(t), {
    console: { port: 0 },
    simulator: { symbols: ['EURUSD', 'GBPUSD'], historyBars: 1_100, speed: 1_800 },
    ...config,
  });
  const feed = new SimulatedFeed(engine);
  await feed.open(DEFAULT_TENANT);
  await feed.fillHistory(1_100, () => undefined);
  await engine.settled();
  await engine.training.train('simulated/EURUSD/1h', engine.instruments.closedThrough('simulated/EURUSD/1h'));
  const served = await serveConsole(t, engine, true);
  feed.run();
  afterTest(t, async () => await feed.stop());
  return served;
}

test('each page shows a running engine, at a desk and on a phone, light and dark', { skip }, async (t) => {
  const { address } = await simulated(t);
  for (const [width, scheme] of [
    [1280, 'light'],
    [390, 'dark'],
    [1280, 'dark'],
    [390, 'light'],
  ] as const) {
    const { page, errors } = await openPage(t, address, { width, scheme });
    for (const name of PAGES) {
      const where = `${name}, ${width} px, ${scheme}`;
      await page.goto(`${address}/#/${name}`);
      await page.getByText('SIMULATED', { exact: true }).waitFor();
      switch (name) {
        case 'market':
          await page.locator('tbody tr').nth(2).waitFor();
          await page.getByText('Probabilities by horizon').waitFor();
          await page.locator('.gates li').nth(6).waitFor();
          await eventually('candles are drawn', async () => (await colorsDrawn(page, '.price-chart')) > 4);
          break;
        case 'models':
          await page.getByRole('button', { name: 'v1.0.0' }).waitFor();
          await page.getByText('in use').waitFor();
          assert.equal(await page.locator('.score').count(), 3, where);
          await page.getByRole('button', { name: 'Promote', exact: true }).waitFor();
          await page.locator('.gain-bar').first().waitFor();
          await eventually(
            'its calibration is drawn',
            async () => (await colorsDrawn(page, '.pair .plot')) > 2,
          );
          await page
            .getByText(/^Forecasts of rows that the model of their fold had not seen, from \d{4}/)
            .waitFor();
          await page.getByRole('img', { name: 'Drawdown, walk-forward of v1.0.0' }).waitFor();
          await page.getByRole('heading', { name: 'What it relies on' }).waitFor();
          break;
        case 'data':
          await page.locator('.map rect.q0').nth(20).waitFor();
          await page.locator('.feature .plot canvas').waitFor();
          await eventually('its history is drawn', async () => (await colorsDrawn(page, '.feature')) > 2);
          assert.equal(await page.getByRole('img', { name: /^Labels over/ }).count(), 3, where);
          break;
        case 'relations':
          await page.getByText(/tests of 2 markets/).waitFor();
          break;
        default:
          await page.getByRole('heading', { name: 'Where the time of a bar goes' }).waitFor();
          await page.getByText('No alert is open.').waitFor();
          await page.getByText('No engineer or operator did anything').waitFor();
          await page.getByText(/All is well|degraded\./).waitFor();
          await page.getByRole('cell', { name: 'features', exact: true }).waitFor();
          await page.getByRole('cell', { name: 'simulated/GBPUSD' }).waitFor();
      }
      assert.deepEqual(await accessibilityFaults(page), [], where);
      assert.ok((await overflow(page)) <= 0, where);
    }
    assert.deepEqual(errors, [], `${width} ${scheme}`);
  }
});

test('signals come by themselves; keys and clicks open them', { skip }, async (t) => {
  const { address } = await simulated(t);
  const { page, errors } = await openPage(t, address);
  const first = page.locator('tbody tr button').first();
  await first.waitFor();
  const newest = await first.textContent();
  await eventually('a newer signal is on top', async () => (await first.textContent()) !== newest);

  // A click on a candle opens its signal; the arrow keys go through the table.
  await page.locator('tbody tr').nth(3).waitFor();
  await page.locator('tbody tr').nth(1).click();
  await eventually('it is in the address', () => /signal=[0-9a-f-]{36}/.test(page.url()));
  const before = page.url();
  await page.locator('tbody tr.selected button').focus();
  await page.keyboard.press('ArrowDown');
  await eventually('the next one is open', () => page.url() !== before);
  const shown = await page.locator('tbody tr.selected button').textContent();
  await page.getByText(`Signal of ${shown}`).waitFor();
  assert.equal(await page.locator('.signal .horizon').count(), 3);
  await eventually('moments are drawn', async () => (await colorsDrawn(page, '.signal .plot')) > 3);

  // From the top: the first key press offers the way past the navigation, the next ones go through it.
  await page.goto(`${address}/#/data`);
  await page.locator('.map rect').first().waitFor();
  await page.reload();
  await page.locator('.map rect').first().waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.textContent.trim()'), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id'), 'content');
  await page.locator('.map-names li', { hasText: 'GBPUSD 1h' }).waitFor();
  await page.locator('.map').focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowDown');
  await page.getByText(/^GBPUSD 1h, \d{4}-\d\d-\d\d: /).waitFor();
  await page.getByRole('searchbox').fill('macd');
  await page.getByRole('button', { name: 'macd_signal', exact: true }).click();
  await page.getByRole('heading', { name: 'macd_signal' }).waitFor();
  await page.getByRole('combobox', { name: 'Series' }).selectOption('simulated/GBPUSD/1h');
  await eventually('the series is in the address', () => page.url().includes('GBPUSD'));

  // The theme that is chosen stays.
  const theme = async (): Promise<unknown> => await page.evaluate('document.documentElement.dataset.theme');
  assert.equal(await theme(), 'light');
  await page.getByRole('button', { name: 'Dark' }).click();
  assert.equal(await theme(), 'dark');
  await page.reload();
  assert.equal(await theme(), 'dark');
  assert.deepEqual(errors, []);
});

test('an engine without markets says what to do', { skip }, async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { console: { port: 0 } });
  const { address } = await serveConsole(t, engine);
  const { page, errors } = await openPage(t, address);
  for (const name of PAGES) {
    await page.goto(`${address}/#/${name}`);
    if (name === 'operations') await page.getByText('All is well').waitFor();
    else {
      await page.getByText('There is no market yet').waitFor();
      await page.getByText('suho replay').waitFor();
    }
    assert.equal(await page.getByText('SIMULATED').count(), 0, 'what is real is not called simulated');
    assert.deepEqual(await accessibilityFaults(page), [], name);
  }
  assert.deepEqual(errors, []);
});

test(
  'a record that a store refused is written again by an operator; text from outside is only text',
  { skip },
  async (t) => {
    const engine = await openEngine(t, temporaryFolder(t), { console: { port: 0 } });
    const { address } = await serveConsole(t, engine);
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>{{7*7}}';
    engine.journal.deadLetters.add({
      source: 'sink',
      name: 'predictions',
      tenantId: 'default',
      about: hostile,
      error: hostile,
      record: { kind: 'signal', sequence: 1, signal: inventedSignal('default', 10) },
    });
    engine.journal.deadLetters.add({
      source: 'actor',
      name: hostile,
      tenantId: hostile,
      about: hostile,
      error: hostile,
      record: undefined,
    });
    await engine.journal.durable();
    const { page, errors } = await openPage(t, `${address}/#/operations`);
    await page.getByText('Serving, but degraded.').waitFor();
    await page.getByText('1 records of predictions were refused.').waitFor();
    const cells = page.getByRole('cell', { name: hostile });
    await cells.first().waitFor();
    assert.ok((await cells.count()) >= 4);
    assert.equal(await page.locator('main img, main script').count(), 0);
    assert.match(await page.title(), /Suho console/);
    await page.getByRole('button', { name: 'Write letter 1 again' }).click();
    await page.getByText('1 records written, 0 refused again.').waitFor();
    await eventually('the letter is gone', async () => (await page.getByText('Write again').count()) === 0);
    const stored = await engine.predictions.sql('SELECT count(*) AS n FROM ml_predictions', 'default');
    assert.equal(Number(stored[0]?.['n']), 1);
    assert.deepEqual(
      errors.filter((error) => !error.includes('it asked')),
      [],
    );
  },
);

test(
  'an engineer acts on a model by keyboard, after a confirmation that says what happens',
  { skip },
  async (t) => {
    const { engine, client, address } = await openConsole(t);
    await client.publish(inventedBars(300, { seed: 5 }));
    await engine.settled();
    await engine.stored();
    const series = seriesIdentity('default@published/EURUSD/1h');
    for (const [seed, version] of ['v1.0.0', 'v1.0.1'].entries())
      await registerModel(engine, { series, version, seed });
    const { page, errors } = await openPage(t, address);
    await page.goto(`${address}/#/models`);
    const act = async (name: string): Promise<void> => {
      await page.getByRole('button', { name, exact: true }).first().focus();
      await page.keyboard.press('Enter');
    };
    await page.getByRole('button', { name: 'v1.0.0' }).click();
    await page.getByRole('heading', { name: 'v1.0.0: validated' }).waitFor();
    await act('Promote');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('goes from validated to production').waitFor();
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'v1.0.0: validated' }).waitFor();
    await act('Promote');
    // Nothing can be confirmed before it is said.
    await dialog.getByText('goes from validated to production').waitFor();
    await dialog.getByLabel('Why, for the record').fill('better in validation');
    await page.keyboard.press('Enter');
    await page.getByText('v1.0.0 is production now.').waitFor();
    await page.getByRole('heading', { name: 'v1.0.0: production' }).waitFor();
    // What cannot be done says why, and does nothing.
    const refused = page.getByRole('button', { name: 'Archive', exact: true, disabled: true });
    await refused.waitFor();
    await refused.focus();
    await page.keyboard.press('Enter');
    assert.equal(await dialog.count(), 0);

    await page.getByRole('button', { name: 'v1.0.1' }).click();
    await page.getByRole('heading', { name: 'v1.0.1: validated' }).waitFor();
    await act('Try as a canary');
    await dialog.getByLabel('Share of the bars, %').fill('25');
    await dialog.getByText('serves 25 % of the bars').waitFor();
    await dialog.getByLabel('Why, for the record').fill('another kind');
    await dialog.getByRole('button', { name: 'Try as a canary' }).click();
    await page.getByRole('heading', { name: 'v1.0.1 against v1.0.0' }).waitFor();
    await page.getByText('v1.0.1 serves 50 % of the bars').waitFor();
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.goto(`${address}/#/operations`);
    await page.getByRole('cell', { name: 'POST /api/model/change' }).nth(1).waitFor();
    assert.deepEqual(errors, []);
  },
);

test(
  'markets that lead others are drawn with their lag, and a row of the table shows its line',
  { skip },
  async (t) => {
    const { engine, client, address } = await openConsole(t);
    for (const [symbol, bars] of [...relatedMarkets(600)].slice(0, 4))
      for (let i = 0; i < bars.length; i += 200) {
        await client.publish(bars.slice(i, i + 200), undefined, symbol);
        await engine.settled();
      }
    await engine.stored();
    const { page, errors } = await openPage(t, address);
    await page.goto(`${address}/#/relations`);
    await page.getByRole('img', { name: /EURUSD leads AUDUSD by 2/ }).waitFor();
    const row = page.getByRole('button', { name: 'EURUSD leads AUDUSD by 2' });
    await row.focus();
    await page.keyboard.press('Enter');
    await page.locator('.edge.picked').waitFor();
    assert.match((await page.locator('.edge.picked text').textContent()) ?? '', /^\+2 0\.\d\d$/);
    assert.deepEqual(await accessibilityFaults(page), []);
    assert.deepEqual(errors, []);
  },
);
