import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { bars, barsRequest, method, served } from '../support/api.js';
import { afterTest } from '../support/cleanup.js';
import { RawClient, frame } from '../support/raw-grpc.js';
import { KEY, TestClient, eventually, protoBars } from '../support/served.js';

test('a client that stops answering is dropped with its subscription; one that answers stays', async (t) => {
  const grpc = { port: 0, keepaliveSeconds: 0.3, keepaliveTimeoutSeconds: 2 };
  const { api, port, client } = await served(t, { grpc });
  const alive = client.stream({}, KEY);
  alive.on('error', () => undefined);
  afterTest(t, () => alive.cancel());
  await eventually('one is subscribed', () => api.health.snapshot().subscribers === 1);
  // A relay that stops reading from both ends: to the engine the client is connected and silent.
  const sockets: net.Socket[] = [];
  const relay = net.createServer((down) => {
    const up = net.connect(port, '127.0.0.1');
    for (const socket of [down, up]) socket.on('error', () => undefined);
    down.pipe(up);
    up.pipe(down);
    sockets.push(down, up);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const hung = new TestClient((relay.address() as net.AddressInfo).port);
  afterTest(t, () => {
    hung.close();
    for (const socket of sockets) socket.destroy();
    relay.close();
  });
  const stream = hung.stream({}, KEY);
  stream.on('error', () => undefined);
  await eventually('both are subscribed', () => api.health.snapshot().subscribers === 2);
  for (const socket of sockets) {
    socket.unpipe();
    socket.pause();
  }
  await eventually('the silent one is gone', () => api.health.snapshot().subscribers === 1);
});

test('a connection has a limit of calls, and headers have a limit of size', async (t) => {
  const { port } = await served(t, { grpc: { port: 0, callsPerConnection: 3 } });
  const raw = new RawClient(port);
  await new Promise((resolve) => raw.session.once('remoteSettings', resolve));
  assert.equal(raw.session.remoteSettings.maxConcurrentStreams, 3);
  const { path } = method('EngineService', 'GetHealth');
  const ended = await raw.call(path, [frame(Buffer.alloc(0))], {
    key: KEY,
    headers: { 'x-long': 'a'.repeat(100_000) },
    msMax: 5_000,
  });
  assert.notEqual(ended.status, 0);
  raw.close();
  const next = new RawClient(port);
  assert.equal((await next.call(path, [frame(Buffer.alloc(0))], { key: KEY })).status, 0);
  next.close();
});

test('messages and bytes of an open stream count, and a request that never fits is told what would', async (t) => {
  const quotas = { rowsPerSecond: 50, messagesPerSecond: 5, bytesPerSecond: 20_000 };
  const { raw } = await served(t, { quotas });
  const publish = method('MarketDataService', 'PublishBars');
  const request = (count: number): Buffer =>
    frame(publish.requestSerialize({ ...barsRequest, bars: protoBars(bars.slice(0, count)) }));
  const many = await raw.call(publish.path, Array(60).fill(request(1)) as Buffer[], { key: KEY });
  assert.equal(many.status, status.RESOURCE_EXHAUSTED);
  assert.match(many.details, /5 messages a second/);
  assert.ok(many.answers.length >= 5 && many.answers.length < 60, `${many.answers.length} answers`);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const never = await raw.call(publish.path, [request(51)], { key: KEY });
  assert.equal(never.status, status.INVALID_ARGUMENT);
  assert.match(never.details, /at most 50/);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const heavy = await raw.call(publish.path, [request(400)], { key: KEY });
  assert.equal(heavy.status, status.INVALID_ARGUMENT);
  assert.match(heavy.details, /^request: .*20000 bytes a second/);
});

test('a connection on which nothing is said is closed, before TLS is agreed on as well as after', async (t) => {
  const file = (name: string): string =>
    fileURLToPath(new URL(`../../../test/data/tls/${name}`, import.meta.url));
  const tls = { certFile: file('server.pem'), keyFile: file('server.key') };
  const keepalive = { port: 0, keepaliveSeconds: 0.3, keepaliveTimeoutSeconds: 2 };
  const ports = [
    (await served(t, { grpc: keepalive })).port,
    (await served(t, { grpc: { ...keepalive, tls } })).port,
  ];
  await Promise.all(
    ports.map(async (port) => {
      const socket = net.connect(port, '127.0.0.1');
      afterTest(t, () => socket.destroy());
      socket.on('error', () => undefined).resume();
      let isClosed = false;
      socket.once('close', () => (isClosed = true));
      await eventually('it is closed', () => isClosed);
    }),
  );
});
