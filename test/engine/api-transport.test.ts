import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import type { PublishAck__Output as PublishAck } from '../../engine/api/generated/suho/v1/PublishAck.js';
import { REASONS } from '../../engine/api/reasons.js';
import { bars, barsRequest, method, served } from '../support/api.js';
import { frame } from '../support/raw-grpc.js';
import { KEY, protoBars } from '../support/served.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PUBLISH = method('MarketDataService', 'PublishBars');

/** A frame whose message is compressed. */
function compressedFrame(message: Buffer): Buffer {
  const framed = frame(gzipSync(message));
  framed[0] = 1;
  return framed;
}

test('a request may be compressed with gzip, and one of more than 4 MiB is refused before it is read', async (t) => {
  const { raw } = await served(t);
  const message = PUBLISH.requestSerialize({ ...barsRequest, bars: protoBars(bars.slice(0, 1_000)) });
  const compressed = compressedFrame(message);
  assert.ok(compressed.length < message.length);
  const taken = await raw.call(PUBLISH.path, [compressed], {
    key: KEY,
    headers: { 'grpc-encoding': 'gzip' },
  });
  assert.equal(taken.status, status.OK, taken.details);
  const [ack] = taken.answers.map((bytes) => PUBLISH.responseDeserialize(bytes) as PublishAck);
  assert.equal(ack!.accepted, 1_000);
  const symbol = 'x'.repeat(4 * 1024 * 1024);
  const large = PUBLISH.requestSerialize({ ...barsRequest, symbol });
  const refused = await raw.call(PUBLISH.path, [frame(large)], { key: KEY });
  assert.equal(refused.status, status.RESOURCE_EXHAUSTED);
  assert.match(refused.details, /larger than max|4194304/);
  // Compressed it is small; what it becomes counts.
  const bomb = await raw.call(PUBLISH.path, [compressedFrame(large)], {
    key: KEY,
    headers: { 'grpc-encoding': 'gzip' },
  });
  assert.equal(bomb.status, status.RESOURCE_EXHAUSTED);
});

test('a call past its deadline ends, and the same input again is a duplicate', async (t) => {
  const { client, raw, engine } = await served(t);
  const durable = engine.journal.durable.bind(engine.journal);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  engine.intake.publishBars = async function slow(this: void, ...given) {
    const result = Object.getPrototypeOf(engine.intake) as { publishBars: typeof engine.intake.publishBars };
    const taken = await result.publishBars.apply(engine.intake, given);
    await held;
    return taken;
  };
  const request = frame(PUBLISH.requestSerialize({ ...barsRequest, bars: protoBars(bars.slice(0, 5)) }));
  const late = await raw.call(PUBLISH.path, [request], { key: KEY, headers: { 'grpc-timeout': '300m' } });
  assert.notEqual(late.status, status.OK);
  release();
  await durable();
  const again = await client.publish(bars.slice(0, 5), KEY);
  assert.deepEqual([again.accepted, again.duplicates], [0, 5]);
});

test('docs/api.md is what the proto and the reasons say, and every reason is in it', () => {
  const page = execFileSync(process.execPath, [path.join(ROOT, 'scripts', 'write-api-page.mjs')], {
    encoding: 'utf8',
  });
  assert.equal(readFileSync(path.join(ROOT, 'docs', 'api.md'), 'utf8'), page, 'run npm run generate');
  for (const [reason, { meaning }] of Object.entries(REASONS)) {
    assert.ok(page.includes(`\`${reason}\``), reason);
    assert.match(meaning, /^[A-Z`].*\.$/, reason);
  }
  // Links to messages lead somewhere.
  const headings = new Set([...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name!.toLowerCase()));
  for (const [, target] of page.matchAll(/\]\(#(\w+)\)/g))
    assert.ok(headings.has(target!) || target === 'errors', target);
});
