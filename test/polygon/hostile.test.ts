/** Polygon's REST interface from a server that does all that its documentation does not promise. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { SuhoError } from '../../engine/errors.js';
import { PolygonRest, type AggregatesRequest } from '../../engine/feeds/polygon/rest.js';
import { afterTest } from '../support/cleanup.js';
import { MONDAY } from '../support/markets.js';

const MINUTE = 60_000;
const REQUEST: AggregatesRequest = {
  ticker: 'C:EURUSD',
  timeframe: '1m',
  from: MONDAY,
  to: MONDAY + 1_000 * MINUTE,
};

type Answer = (response: ServerResponse, url: (path: string) => string) => void;

interface Taken {
  /** Open times of the bars, in minutes of the range. */
  readonly minutes: readonly number[];
  readonly waits: readonly number[];
  readonly asked: number;
  readonly failure: string;
}

/** What is taken from a server that gives one answer after the other, the last again and again. */
async function take(t: TestContext, ...answers: readonly Answer[]): Promise<Taken> {
  let asked = 0;
  const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const server = createServer((_, response) =>
    answers[Math.min(asked++, answers.length - 1)]!(response, url),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterTest(t, () => {
    server.closeAllConnections();
    server.close();
  });
  const waits: number[] = [];
  const rest = new PolygonRest({
    url: url(''),
    key: 'a-key',
    now: () => MONDAY,
    wait: async (ms) => await Promise.resolve(waits.push(ms)),
  });
  const minutes: number[] = [];
  let failure = '';
  try {
    for await (const bars of rest.aggregates(REQUEST))
      minutes.push(...bars.map(({ openTime }) => (openTime - MONDAY) / MINUTE));
  } catch (error) {
    assert.ok(error instanceof SuhoError, String(error));
    assert.match(error.message, /^[A-Z][^\n]*\.$/);
    failure = `${error.code}: ${error.message}`;
  }
  return { minutes, waits, asked, failure };
}

const page =
  (minutes: readonly number[], next?: string): Answer =>
  (response, url) => {
    const results = minutes.map((m) => ({ t: MONDAY + m * MINUTE, o: 1.1, h: 1.2, l: 1, c: 1.1, v: 5 }));
    const more = next === undefined ? {} : { next_url: next.startsWith('/') ? url(next) : next };
    response.end(JSON.stringify({ status: 'OK', results, ...more }));
  };
const limited =
  (retryAfter?: string): Answer =>
  (response) => {
    response.writeHead(429, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end('{}');
  };

test('a limit is waited for at least a second and at most two minutes, whatever Retry-After says', async (t) => {
  const at = (ms: number): string => new Date(MONDAY + ms).toUTCString();
  const asks = [undefined, '7', '0', at(-60_000), at(30_000), '999999999', 'soon'];
  const { minutes, waits, failure } = await take(t, ...asks.map(limited), page([0, 1]));
  assert.deepEqual(waits, [12_000, 7_000, 1_000, 1_000, 30_000, 120_000, 12_000]);
  assert.deepEqual([minutes, failure], [[0, 1], '']);
});

test('answers that are cut off, endless in their slowness or no JSON are asked for again, and then given up', async (t) => {
  const cut: Answer = (response) => {
    response.writeHead(200, { 'content-length': 1_000 });
    response.write('{"status":"OK","results":[');
    setTimeout(() => response.destroy(), 20);
  };
  const chunked: Answer = (response) => {
    response.write('{"status":"OK","results":[');
    setTimeout(() => response.destroy(), 20);
  };
  const html: Answer = (response) => void response.end('<html>Bad gateway</html>');
  const hangUp: Answer = (response) => void response.destroy();
  const fails: Answer = (response) => void response.writeHead(503).end('nothing');
  const mended = await take(t, cut, chunked, html, hangUp, fails, page([0, 1, 2]));
  assert.deepEqual([mended.minutes, mended.failure], [[0, 1, 2], '']);
  assert.deepEqual(mended.waits, [500, 1_000, 2_000, 4_000, 8_000]);
  const never = await take(t, fails);
  assert.equal(never.asked, 8);
  assert.equal(never.failure, 'STORE_UNAVAILABLE: Polygon answers 503; run it again later.');
  assert.match(
    (await take(t, html)).failure,
    /^STORE_UNAVAILABLE: Polygon sent an answer that is no JSON; run/,
  );
});

test('pages that repeat, go round or lead elsewhere end it, and what came before stands', async (t) => {
  const round = await take(t, page([0, 1], '/a'), page([2, 3], '/b'), page([0, 1], '/a'));
  assert.deepEqual([round.minutes, round.asked], [[0, 1, 2, 3], 3]);
  assert.match(
    round.failure,
    /^STORE_UNAVAILABLE: Polygon sent a page with nothing newer than the one before;/,
  );
  const same = await take(t, page([0, 1], '/a'));
  assert.deepEqual([same.minutes, same.asked], [[0, 1], 2]);
  for (const next of ['http://127.0.0.1:1/x', 'https://example.com/a', 'file:///etc/passwd', 'nonsense'])
    assert.match((await take(t, page([0], next))).failure, /a next page that is on another server/, next);
  const away: Answer = (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  assert.match((await take(t, away)).failure, /^STORE_UNAVAILABLE: Polygon at .* does not answer/);
  // Sparse history: pages without a bar are no fault.
  assert.deepEqual(
    (await take(t, page([], '/a'), page([5], '/b'), page([], '/c'), page([9]))).minutes,
    [5, 9],
  );
});

test('bars in any order within a page pass to who refuses them by line; a stray time and a flood do not', async (t) => {
  assert.deepEqual((await take(t, page([3, 1, 1, 2]))).minutes, [3, 1, 1, 2]);
  assert.match((await take(t, page([0, 5_000]))).failure, /a bar of time \d+ for the range/);
  const flood: Answer = (response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(' '.repeat(1e6)));
      response.once('drain', more);
    };
    more();
  };
  assert.match((await take(t, flood)).failure, /an answer of more than 50000000 bytes/);
  for (const odd of ['[]', 'null', '{"results":7}', '{"results":[1,null,"x"]}', '{"next_url":7}']) {
    const { minutes, failure } = await take(t, (response) => void response.end(odd));
    assert.ok(failure !== '' || minutes.every(Number.isNaN), `${odd}: ${failure} ${minutes.join()}`);
  }
});
