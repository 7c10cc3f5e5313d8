import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import { served } from '../support/api.js';
import { afterTest } from '../support/cleanup.js';
import { KEY, codeOf } from '../support/served.js';

const asItIs = (bytes: Buffer): Buffer => bytes;

test('a server that stops ends open calls with UNAVAILABLE, so that their clients come again', async (t) => {
  const { api, client, port } = await served(t);
  const probe = new Client(`localhost:${port}`, credentials.createInsecure());
  afterTest(t, () => probe.close());
  const watching = probe.makeServerStreamRequest(
    '/grpc.health.v1.Health/Watch',
    asItIs,
    asItIs,
    Buffer.alloc(0),
  );
  const signals = client.stream({}, KEY);
  const codes = [watching, signals, client.bars(KEY), client.quotes(KEY)].map(
    async (call) => await codeOf(call),
  );
  await Promise.all(
    [watching, signals].map((call) => new Promise((resolve) => call.once('metadata', resolve))),
  );
  await api.stop();
  assert.deepEqual(await Promise.all(codes), Array(4).fill('UNAVAILABLE'));
});
