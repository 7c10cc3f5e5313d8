/** The console's own API: who is let in, what each sees, and what it refuses. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SESSION_MS, Sessions } from '../../engine/console/session.js';
import { Turns } from '../../engine/api/turns.js';
import type { BarsView, SeriesView, SignalsView, SignalDetail } from '../../engine/console/wire.js';
import { CLIENTS_OF_TENANT_MAX } from '../../engine/console/events.js';
import { ConsoleServer } from '../../engine/console/server.js';
import { afterTest } from '../support/cleanup.js';
import { TENANTS, asked, serveConsole, type Answered } from '../support/console.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { inventedBars } from '../support/markets.js';
import { STORES_AWAY, TestClient, eventually } from '../support/served.js';

const HOUR = 3_600_000;
/** What who is not let in gets: 503 while the store of keys has not answered, and so nobody knows whether a key is good. */
const REFUSED = new Set([401, 503]);
const ACME = 'acme@published/EURUSD/1h';

/** Every route that the server's source names, with the method it takes. */
const ROUTES = [
  ...readFileSync(
    fileURLToPath(new URL('../../../engine/console/routes.ts', import.meta.url)),
    'utf8',
  ).matchAll(/\b(get|post|delete)\(\s*'(\/api\/[a-z/-]+)'/g),
].map(([, method = '', path = '']) => ({ method: method.toUpperCase(), path }));

/** Routes that a viewer is refused. */
const FOR_HIGHER_ROLES = new Set(['/api/dead-letters', '/api/audit', '/api/latencies']);

/** What each route has to be asked with, about acme's series and signal. */
function queryOf(path: string, signal: string): string {
  const series = `series=${encodeURIComponent(ACME)}`;
  const queries: Readonly<Record<string, string>> = {
    '/api/bars': series,
    '/api/signals': series,
    '/api/signal': `id=${signal}`,
    '/api/signal/moved': `id=${signal}`,
    '/api/models': series,
    '/api/model': `${series}&model=tenant/published/EURUSD/1h/v1.0.0`,
    '/api/outlook': `${series}&model=tenant/published/EURUSD/1h/v1.0.0&change=archive`,
    '/api/equity': `${series}&model=tenant/published/EURUSD/1h/v1.0.0`,
    '/api/reliability': `${series}&version=v1.0.0`,
    '/api/relations': series,
    '/api/drift': series,
    '/api/days': series,
    '/api/labels': series,
    '/api/feature': `${series}&name=rsi_14`,
    '/api/events': `${series}&health=1`,
  };
  return queries[path] === undefined ? path : `${path}?${queries[path]}`;
}

async function away(t: TestContext, config = {}): Promise<{ address: string }> {
  const engine = await openEngine(t, temporaryFolder(t), {
    ...STORES_AWAY,
    tenants: TENANTS,
    console: { port: 0 },
    ...config,
  });
  return await serveConsole(t, engine);
}

test('every route refuses a caller without a valid credential, and acts of operators refuse all others', async (t) => {
  const { address } = await away(t);
  assert.ok(ROUTES.length >= 18, JSON.stringify(ROUTES));
  for (const { method, path } of ROUTES) {
    if (path === '/api/session') continue;
    const url = queryOf(path, 'x');
    assert.ok(REFUSED.has((await asked(address, url, { method })).status), `${method} ${url}`);
    const wrong = await asked(address, url, { method, key: 'key-of-nobody' });
    assert.ok(REFUSED.has(wrong.status), `${method} ${url}`);
  }
  for (const key of ['view-a', 'key-a']) {
    assert.equal((await asked(address, '/api/dead-letters', { key })).status, 403);
    const retry = { key, method: 'POST', body: { sink: 'predictions' } };
    assert.equal((await asked(address, '/api/dead-letters/retry', retry)).status, 403);
  }
  assert.equal((await asked(address, '/api/dead-letters', { key: 'key-o' })).status, 200);
});

test('a tenant reaches no row of another on any route', async (t) => {
  const lines = inventedBars(1_260, { momentum: 0.7, seed: 32 });
  const engine = await openEngine(t, temporaryFolder(t), { tenants: TENANTS, console: { port: 0 } });
  const { address, port } = await serveConsole(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  for (let i = 0; i < 1_200; i += 400) await client.publish(lines.slice(i, i + 400), 'key-a');
  await engine.settled();
  await engine.training.train(ACME, lines[1_199]!.openTime + HOUR);
  await client.publish(lines.slice(1_200, 1_250), 'key-a');
  await engine.settled();
  await engine.stored();

  const signals = (await asked(address, queryOf('/api/signals', ''), { key: 'key-a' }))
    .body as unknown as SignalsView;
  assert.ok(signals.signals.length >= 45, `${signals.signals.length} signals`);
  const { id } = signals.signals.at(-1)!;
  // What each route tells acme is there; none of it is told to anybody else.
  const words = [id, 'acme', 'EURUSD'];
  for (const { method, path } of ROUTES) {
    if (method !== 'GET' || path === '/api/session') continue;
    const own = await asked(address, queryOf(path, id), { key: 'view-a' });
    assert.equal(own.status, FOR_HIGHER_ROLES.has(path) ? 403 : 200, `${path}: ${JSON.stringify(own.body)}`);
    for (const key of ['key-z', 'key-o']) {
      const other = await asked(address, queryOf(path, id), { key });
      if (key === 'key-o' && ['/api/instruments', '/api/health', '/api/dead-letters'].includes(path))
        continue;
      if (queryOf(path, id) !== path) assert.equal(other.status, 404, `${key} ${path}`);
      const { message: _, ...rows } = other.body;
      for (const word of words) assert.ok(!JSON.stringify(rows).includes(word), `${key} ${path}: ${word}`);
      // What is not there and what is another's are told apart by nothing.
      const absent = await asked(
        address,
        queryOf(path, id).replace('acme', 'none').replace(id, id.replace(/^./, 'z')),
        { key },
      );
      if (other.status === 404) assert.equal(absent.status, 404);
    }
  }
  const detail = (await asked(address, `/api/signal?id=${id}`, { key: 'key-a' }))
    .body as unknown as SignalDetail;
  assert.equal(detail.horizons.length, 3);
  assert.ok(detail.path !== null && detail.path.before.length === 25);
  const bars = (await asked(address, `${queryOf('/api/bars', '')}&limit=5000`, { key: 'key-a' }))
    .body as unknown as BarsView;
  assert.equal(bars.bars.length, 1_250);
  assert.equal(bars.bars.at(-1)![4], lines[1_249]!.close);
  assert.deepEqual((await asked(address, '/api/series', { key: 'key-z' })).body, []);
});

test('with the stores away, bars and signals come from the journal, and the answer says so', async (t) => {
  const { address, engine, port } = await (async () => {
    const opened = await openEngine(t, temporaryFolder(t), {
      ...STORES_AWAY,
      tenants: TENANTS,
      console: { port: 0 },
    });
    return await serveConsole(t, opened);
  })();
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  const lines = inventedBars(300);
  await client.publish(lines, 'key-a');
  await engine.settled();
  await engine.journal.durable();
  const { bars, note } = (await asked(address, queryOf('/api/bars', ''), { key: 'key-a' }))
    .body as unknown as BarsView;
  assert.equal(bars.length, 300);
  assert.match(String(note), /store is away/);
  const signals = await asked(address, queryOf('/api/signals', ''), { key: 'key-a' });
  assert.equal(signals.status, 200);
  const [series] = (await asked(address, '/api/series', { key: 'key-a' })).body as unknown as SeriesView[];
  assert.equal(series?.id, ACME);
  assert.equal((await asked(address, queryOf('/api/days', ''), { key: 'key-a' })).status, 503);
});

test('a session stands for a credential that was shown once, in a cookie that scripts cannot read', async (t) => {
  const { address } = await away(t);
  const begun = await asked(address, '/api/session', { method: 'POST', body: { key: 'view-a' } });
  assert.equal(begun.status, 200);
  const cookie = begun.headers.get('set-cookie') ?? '';
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/api', `Max-Age=${SESSION_MS / 1000}`])
    assert.ok(cookie.includes(part), cookie);
  assert.ok(!cookie.includes('view-a'));
  const headers = { cookie: cookie.split(';')[0]! };
  assert.equal((await asked(address, '/api/series', { headers })).status, 200);
  assert.equal((await asked(address, '/api/dead-letters', { headers })).status, 403, 'the role stays');
  assert.deepEqual((await asked(address, '/api/session', { headers })).body['caller'], {
    tenantId: 'acme',
    userId: null,
    role: 'viewer',
  });
  assert.equal((await asked(address, '/api/session', { method: 'DELETE', headers })).status, 204);
  assert.ok(REFUSED.has((await asked(address, '/api/series', { headers })).status));
  const guess = await asked(address, '/api/session', { method: 'POST', body: { key: 'guess' } });
  assert.ok(REFUSED.has(guess.status));
});

test('a session ends at its time however it is used, and with its credential', () => {
  const sessions = new Sessions();
  let valid = true;
  const caller = { tenantId: 'acme', userId: undefined, role: 'viewer' as const, isValid: () => valid };
  const now = Date.now();
  const token = sessions.begin(caller, now);
  assert.equal(sessions.callerOf(token, now + SESSION_MS - 1)?.tenantId, 'acme');
  assert.equal(sessions.callerOf(token, now + SESSION_MS), undefined);
  const second = sessions.begin(caller, now);
  const open = sessions.callerOf(second, now)!;
  valid = false;
  assert.equal(open.isValid(), false);
  assert.equal(sessions.callerOf(second, now), undefined);
  valid = true;
  const third = sessions.begin(caller, now);
  sessions.end(third);
  assert.equal(sessions.callerOf(third, now), undefined);
  assert.equal(sessions.callerOf(third.replace(/^./, '!'), now), undefined);
});

/** Asks with headers that `fetch` would not send. */
async function raw(
  address: string,
  path: string,
  method: string,
  headers: Record<string, string>,
): Promise<number> {
  return await new Promise((resolve, reject) => {
    const sent = httpRequest(`${address}${path}`, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(method === 'POST' ? '{"sink":"predictions"}' : undefined);
  });
}

test('pages of other sites and other names get nothing, also where no credential is needed', async (t) => {
  const { address } = await away(t, { tenants: [], console: { port: 0, names: ['desk.example'] } });
  // The store of keys has not answered, so nobody is let in; the order of the checks is what counts here.
  const { port, host } = new URL(address);
  const json = { 'content-type': 'application/json' };
  for (const name of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'localhost.evil.example',
  ])
    for (const path of ['/', '/api/session', '/api/series'])
      assert.equal(await raw(address, path, 'GET', { host: name }), 403, `${name} ${path}`);
  for (const name of [host, `localhost:${port}`, '127.0.0.1', `[::1]:${port}`, `desk.example:${port}`])
    assert.equal(await raw(address, '/', 'GET', { host: name }), 200, name);
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `http://localhost:${Number(port) + 1}` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ] as Record<string, string>[]) {
    assert.equal(await raw(address, '/api/dead-letters/retry', 'POST', { ...json, ...headers }), 403);
    assert.equal(await raw(address, '/api/events', 'GET', headers), 403);
    assert.equal(await raw(address, '/%61pi/dead-letters/retry', 'POST', { ...json, ...headers }), 403);
  }
  assert.notEqual(
    await raw(address, '/api/dead-letters/retry', 'POST', { ...json, origin: `http://${host}` }),
    403,
  );
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  assert.equal(await raw(address, '/api/dead-letters/retry', 'POST', form), 400, 'a form cannot ask');
});

test('every answer carries a policy that lets nothing from elsewhere in', async (t) => {
  const { address } = await away(t);
  for (const path of ['/', '/api/session', '/api/nothing', '/nothing', '/api/series']) {
    const response = await fetch(`${address}${path}`);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/, path);
    assert.ok(!/unsafe|https?:|\*|data:/.test(policy), policy);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    if (path.startsWith('/api/')) assert.equal(response.headers.get('cache-control'), 'no-store');
  }
  const page = await (await fetch(address)).text();
  assert.ok(!/<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|https?:/.test(page), page);
});

test('what is asked wrongly is answered with a sentence that names the field', async (t) => {
  const { address } = await away(t);
  const wrong: readonly string[] = [
    '/api/bars',
    '/api/bars?series=x&limit=0',
    '/api/bars?series=x&limit=5001',
    '/api/bars?series=x&before=never',
    '/api/bars?series=x&limit=1e9',
    `/api/bars?series=${'x'.repeat(201)}`,
    '/api/signals?series=x&unknown=1',
    '/api/days?series=x&limit=401',
    '/api/feature?series=x',
    '/api/events?health=2',
  ];
  for (const path of wrong) {
    const { status, body } = await asked(address, path, { key: 'key-a' });
    assert.equal(status, 400, path);
    assert.equal(body['code'], 'INVALID_ARGUMENT', path);
    assert.match(String(body['message']), /^\w+: /, path);
  }
  const large = await asked(address, '/api/session', { method: 'POST', body: { key: 'x'.repeat(20_000) } });
  assert.equal(large.status, 400);
  for (const name of ["rsi_14' OR 1=1", 'rsi_14, sleep(3)', '../x', 'constructor', '__proto__'])
    assert.equal(
      (
        await asked(
          address,
          `/api/feature?series=${encodeURIComponent(ACME)}&name=${encodeURIComponent(name)}`,
          { key: 'key-a' },
        )
      ).status,
      404,
    );
});

test('as many pages as may be are open at once, and one that closes makes room', async (t) => {
  const { address } = await away(t);
  // The answer is kept: fetch ends the connection of one that is garbage.
  const open = async (): Promise<{ status: number; close: () => void; response: Response }> => {
    const stop = new AbortController();
    const headers = { authorization: 'Bearer key-a' };
    const response = await fetch(`${address}/api/events`, { headers, signal: stop.signal });
    return { status: response.status, close: () => stop.abort(), response };
  };
  const pages = await Promise.all(Array.from({ length: CLIENTS_OF_TENANT_MAX }, open));
  afterTest(t, () => pages.forEach(({ close }) => close()));
  assert.ok(pages.every(({ status }) => status === 200));
  assert.equal((await open()).status, 429);
  pages[0]!.close();
  await eventually('there is room again', async () => {
    const page = await open();
    page.close();
    return page.status === 200;
  });
});

test('questions to the stores run a few at once, wait their turn, and are refused beyond that', async () => {
  const turns = new Turns(2, 3);
  let running = 0;
  let most = 0;
  const ends: (() => void)[] = [];
  const question = async (): Promise<number> => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => ends.push(resolve));
    return --running;
  };
  const asked5 = Array.from({ length: 5 }, async () => await turns.run(question));
  await assert.rejects(turns.run(question), { code: 'OVERLOADED' });
  while (ends.length > 0) {
    ends.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(asked5);
  assert.equal(most, 2);
  const failing = Array.from({ length: 3 }, () =>
    turns.run(async () => await Promise.reject(new Error('no'))),
  );
  for (const result of await Promise.allSettled(failing)) assert.equal(result.status, 'rejected');
  assert.equal(
    await turns.run(async () => await Promise.resolve(7)),
    7,
    'a question that fails gives its turn back',
  );
});

test('a port that is taken and a host that others reach are one sentence each', async (t) => {
  const engine = await openEngine(t, temporaryFolder(t), { console: { port: 0 } });
  const { address, api } = await serveConsole(t, engine);
  const { port } = new URL(address);
  const configured = (console: { host: string; port: number }): ConsoleServer =>
    new ConsoleServer(
      Object.create(engine, {
        config: { value: { ...engine.config, console: { ...engine.config.console, ...console } } },
      }),
      api,
      { simulated: false },
    );
  await assert.rejects(configured({ host: '127.0.0.1', port: Number(port) }).listen(), (error: Error) => {
    assert.match(error.message, /cannot be served on 127\.0\.0\.1:\d+ .*console\.port/);
    return true;
  });
  await assert.rejects(configured({ host: '0.0.0.0', port: 0 }).listen(), /loopback only; console\.host/);
  const session: Answered = await asked(address, '/api/session');
  assert.equal(
    (session.body['caller'] as { role: string }).role,
    'operator',
    'without credentials this machine is served',
  );
});
