/** Streams of updates of the console whose clients are not polite. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { CLIENTS_OF_TENANT_MAX } from '../../engine/console/events.js';
import { afterTest } from '../support/cleanup.js';
import { TENANTS, asked, openConsole } from '../support/console.js';

const HEADERS = 'Host: 127.0.0.1\r\nAuthorization: Bearer view-a\r\n\r\n';

test('pages that hang up at any moment leave their places, and one tenant does not take those of another', async (t) => {
  const { address } = await openConsole(t, TENANTS);
  const port = Number(new URL(address).port);
  for (let i = 0; i < 6 * CLIENTS_OF_TENANT_MAX; i++) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(`GET /api/events?health=1 HTTP/1.1\r\n${HEADERS}`);
    // At once, and when some of the answer may be there.
    if (i % 3 > 0) await new Promise((resolve) => setTimeout(resolve, i % 3));
    socket.destroy();
  }
  const open: net.Socket[] = [];
  afterTest(t, () => {
    for (const socket of open) socket.destroy();
  });
  // As many as may be open at once have room.
  for (let i = 0; i < CLIENTS_OF_TENANT_MAX; i++) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    open.push(socket);
    socket.write(`GET /api/events HTTP/1.1\r\n${HEADERS}`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 200 OK/, `page ${i + 1} of ${CLIENTS_OF_TENANT_MAX}`);
  }
  const { status, body } = await asked(address, '/api/events', { key: 'view-a' });
  assert.deepEqual([status, body['code']], [429, 'RESOURCE_EXHAUSTED']);
  assert.match(String(body['message']), /50 pages of the console are open, 50 of them your tenant's/);
  assert.equal((await asked(address, '/api/events', { key: 'key-z' })).status, 200);
});

test('what is no request of HTTP, or of no valid address, gets one sentence and the connection ends', async (t) => {
  const { address } = await openConsole(t);
  const port = Number(new URL(address).port);
  const answer = async (request: string): Promise<string> => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    afterTest(t, () => socket.destroy());
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
    socket.write(request);
    await once(socket, 'close');
    return text;
  };
  const rest = 'Host: 127.0.0.1\r\nConnection: close\r\n';
  const cookie = `Cookie: ${'a=b; '.repeat(4_000)}\r\n`;
  for (const [request, line, why] of [
    [`GET /%zz HTTP/1.1\r\n${rest}\r\n`, '400 Bad Request', 'its address is not valid'],
    ['\u0016\u0003\u0001 nothing\r\n\r\n', '400 Bad Request', 'it is not HTTP'],
    [
      `GET / HTTP/1.1\r\n${rest}${cookie}\r\n`,
      '431 Request Header Fields Too Large',
      'its headers are too large',
    ],
  ] as const) {
    const text = await answer(request);
    assert.ok(text.startsWith(`HTTP/1.1 ${line}\r\n`), text);
    const body = JSON.parse(text.split('\r\n\r\n')[1]!) as object;
    assert.deepEqual(body, { code: 'INVALID_ARGUMENT', message: `The request cannot be read: ${why}.` });
  }
});
