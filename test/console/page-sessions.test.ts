/** The console's page over time: credentials that end, engines that go away, and a great many signals. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { ApiServer } from '../../engine/api/server.js';
import { ConsoleServer } from '../../engine/console/server.js';
import {
  accessibilityFaults,
  openPage,
  traceTasks,
  tracedTasks,
  controlTask,
  withoutBrowser,
} from '../support/browser.js';
import { afterTest } from '../support/cleanup.js';
import { runCommand } from '../support/command.js';
import { TENANTS, openConsole, serveConsole } from '../support/console.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { MONDAY, inventedBars } from '../support/markets.js';
import { inventedSignal } from '../support/prediction-contract.js';
import { TestClient, eventually } from '../support/served.js';

const skip = withoutBrowser() ?? false;
const HOUR = 3_600_000;

test('a tenant signs in and sees its own markets alone, until its key is revoked', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const engine = await openEngine(t, folder, { tenants: TENANTS, console: { port: 0 } });
  const { address, port } = await serveConsole(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  await client.publish(inventedBars(120), 'key-a');
  await engine.settled();
  await engine.stored();
  const made = await runCommand([
    'keys',
    'create',
    '--tenant',
    'acme',
    '--role',
    'viewer',
    '--json',
    '--data',
    folder,
  ]);
  const { key, keyId } = JSON.parse(made.stdout) as { key: string; keyId: string };
  await eventually('the engine knows the key', () => (engine.keys.size ?? 0) > 0);

  const { page, errors } = await openPage(t, address);
  const field = page.getByLabel('API key or token');
  await field.waitFor();
  assert.deepEqual(await accessibilityFaults(page), []);
  assert.equal(errors.length, 0, errors.join('; '));
  await field.fill('a-key-of-nobody');
  await field.press('Enter');
  await page.getByRole('alert').getByText('The API key is not known.').waitFor();

  await field.fill('key-z');
  await field.press('Enter');
  await page.getByText('There is no market yet').waitFor();
  assert.equal(await page.getByText('EURUSD 1h').count(), 0);
  await page.goto(`${address}/#/market?series=${encodeURIComponent('acme@published/EURUSD/1h')}`);
  await page.getByText('There is no market yet').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();

  await field.fill(key);
  await field.press('Enter');
  await page.getByRole('heading', { name: 'EURUSD 1h' }).waitFor();
  const kept = await page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])',
  );
  assert.ok(!String(kept).includes(key), 'scripts of the page hold no credential');
  await page.goto(`${address}/#/operations`);
  await page.getByText('acme@published/EURUSD').waitFor();
  assert.equal(
    await page.getByText('Dead letters').count(),
    0,
    'an operator’s part is not shown to a viewer',
  );
  await page.reload();
  await page.getByText('acme@published/EURUSD').waitFor();

  const revoked = await runCommand(['keys', 'revoke', keyId, '--data', folder]);
  assert.equal(revoked.code, 0, revoked.stderr);
  await page
    .getByRole('alert')
    .getByText(/expired or was revoked|API key/)
    .waitFor();
  await field.waitFor();
  assert.equal(await page.getByText('acme@published').count(), 0);
  // A browser itself notes each answer that refuses.
  assert.deepEqual(
    errors.filter((error) => !error.includes('status of 401')),
    [],
  );
});

test('the page says that the engine is away, and goes on when it is back', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const config = { tenants: [], console: { port: 0 } };
  const engine = await openEngine(t, folder, config);
  const served = await serveConsole(t, engine);
  const { page, errors } = await openPage(t, served.address);
  await page.getByText('There is no market yet').waitFor();
  await page.getByRole('status').getByText('serving').waitFor();

  await served.web.stop();
  await served.api.stop();
  await engine.stop();
  await page.getByRole('alert').getByText('The engine does not answer').waitFor();
  await page.getByText('There is no market yet').waitFor();

  const again = await openEngine(t, folder, { console: { port: Number(new URL(served.address).port) } });
  const api = new ApiServer(again, { simulated: false });
  const port = await api.listen();
  const web = new ConsoleServer(again, api, { simulated: false });
  await web.listen();
  const client = new TestClient(port);
  afterTest(t, async () => {
    client.close();
    await web.stop();
    await api.stop();
    await again.stop();
  });
  await eventually('it no longer says so', async () => (await page.getByRole('alert').count()) === 0);
  await client.publish(inventedBars(50));
  await page.getByRole('heading', { name: 'EURUSD 1h' }).waitFor();
  assert.deepEqual(
    errors.filter((error) => !/ERR_(CONNECTION|INCOMPLETE|EMPTY)/.test(error)),
    [],
  );
});

test(
  'a connection that goes silent without an end is noticed, and the page goes on over the next',
  { skip },
  async (t) => {
    const { address } = await openConsole(t);
    const sockets: net.Socket[] = [];
    let isCut = false;
    // As a network that drops packets: what was connected stays so, and nothing more comes through.
    const network = net.createServer((page) => {
      const engine = net.connect(Number(new URL(address).port), '127.0.0.1');
      for (const [from, to] of [
        [page, engine],
        [engine, page],
      ] as const) {
        sockets.push(from);
        from.on('data', (bytes) => void (isCut || to.write(bytes)));
        from.on('error', () => undefined).on('close', () => void (isCut || to.destroy()));
      }
    });
    network.listen(0, '127.0.0.1');
    await once(network, 'listening');
    afterTest(t, () => {
      for (const socket of sockets) socket.destroy();
      network.close();
    });
    const { page, errors } = await openPage(t, `http://127.0.0.1:${(network.address() as AddressInfo).port}`);
    await page.getByRole('status').getByText('serving').waitFor();
    isCut = true;
    await page.getByRole('alert').getByText('The engine does not answer').waitFor();
    isCut = false;
    for (const socket of sockets.splice(0)) socket.destroy();
    await page.getByRole('status').getByText('serving').waitFor();
    await eventually('it no longer says so', async () => (await page.getByRole('alert').count()) === 0);
    assert.deepEqual(
      errors.filter((error) => !/ERR_(CONNECTION|INCOMPLETE|EMPTY)/.test(error)),
      [],
    );
  },
);

test('ten thousand signals are scrolled through, and no task of the page is long', { skip }, async (t) => {
  const count = 10_000;
  const { engine, client, address } = await openConsole(t, TENANTS);
  const bars = inventedBars(count);
  for (let i = 0; i < count; i += 1_000) await client.publish(bars.slice(i, i + 1_000), 'key-a');
  await engine.settled();
  await engine.stored();
  for (let i = 0; i < count; i += 1_000)
    await engine.predictions.write(
      bars.slice(i, i + 1_000).map(({ openTime, close }, n) => ({
        kind: 'signal',
        sequence: i + n,
        signal: {
          ...inventedSignal('acme', (openTime - MONDAY) / HOUR + 1),
          price: close,
          confidence: 0.4 + ((i + n) % 50) / 100,
          direction: (['LONG', 'SHORT', 'FLAT'] as const)[n % 3]!,
        },
      })),
    );

  const { page, errors } = await openPage(t, address);
  await traceTasks(page);
  await page.getByLabel('API key or token').fill('view-a');
  await page.keyboard.press('Enter');
  await page.locator('tbody tr').nth(50).waitFor();
  const chart = page.locator('.price-chart');
  const drawn = async (): Promise<number> =>
    Number(/(\d+) signals/.exec((await chart.getAttribute('aria-label')) ?? '')?.[1] ?? 0);
  const box = (await chart.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 3);
  await eventually(
    'all signals are on the chart',
    async () => {
      await page.mouse.wheel(0, 400);
      await page.mouse.wheel(-1_500, 0);
      return (await drawn()) >= count - 5;
    },
    300_000,
  );
  const tasks = await tracedTasks(page);
  const limit = await controlTask(page);
  const longest = tasks.slice(0, 5).map((ms) => ms.toFixed(0));
  t.diagnostic(
    `${await drawn()} signals on the chart; CPU of the longest tasks ${longest.join(', ')} ms, of the control ${limit.toFixed(0)} ms`,
  );
  assert.ok(tasks.length > 100 && tasks[0]! > 1, 'tasks were recorded');
  assert.ok(tasks[0]! < limit, `a task of ${longest[0]} ms`);
  assert.equal(await page.locator('tbody tr').count(), 100, 'the table stays short');
  assert.deepEqual(errors, []);
});
