/** Traces of a bar's way, taken by a collector of the test's own that speaks OTLP over HTTP. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Engine } from '../../engine/engine.js';
import { bars } from '../support/api.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { EURUSD, registerModel } from '../support/rollout.js';
import { ACME, KEY, TestClient, serve } from '../support/served.js';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}

interface Collector {
  readonly url: string;
  readonly spans: OtlpSpan[];
  readonly tokens: Set<string | undefined>;
  services: unknown;
}

/** Takes what `ExportTraceServiceRequest` is in OTLP's JSON encoding. */
async function collector(t: TestContext): Promise<Collector> {
  const taken: Collector = { url: '', spans: [], tokens: new Set(), services: undefined };
  const server = createServer((request, response) => {
    void (async () => {
      assert.equal(request.url, '/v1/traces');
      assert.match(request.headers['content-type'] ?? '', /^application\/json/);
      const body = await buffer(request);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      const { resourceSpans } = JSON.parse(text.toString()) as {
        resourceSpans: {
          resource: { attributes: { key: string; value: { stringValue: string } }[] };
          scopeSpans: { spans: OtlpSpan[] }[];
        }[];
      };
      taken.tokens.add(request.headers['x-token'] as string | undefined);
      for (const { resource, scopeSpans } of resourceSpans) {
        taken.services = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue;
        for (const { spans } of scopeSpans) taken.spans.push(...spans);
      }
      response.setHeader('content-type', 'application/json').end('{}');
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(t, () => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(taken, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
  });
}

/** An engine that makes 20 signals, stopped. */
async function twentySignals(t: TestContext, tracing: object): Promise<Engine> {
  const engine = await openEngine(t, temporaryFolder(t), { tenants: [ACME], tracing });
  const { port } = await serve(t, engine);
  const client = new TestClient(port);
  afterTest(t, () => client.close());
  await client.publish(bars.slice(0, 250), KEY);
  await engine.settled();
  const series = { ...EURUSD, tenantId: 'acme', feed: 'published' };
  await registerModel(engine, { series });
  await engine.rollouts.propose({ series, version: 'v1.0.0', by: 'a test', reason: 'the first' });
  for (const bar of bars.slice(250, 270)) await client.publish([bar], KEY);
  await engine.settled();
  await engine.journal.durable();
  client.close();
  await engine.stop();
  return engine;
}

test('a bar’s way is one trace: from its request to its signal, each stage a span of it', async (t) => {
  const taken = await collector(t);
  const before = Date.now();
  await twentySignals(t, { url: taken.url, ratio: 1, headers: { 'x-token': 'secret' } });
  const after = Date.now();
  assert.equal(taken.services, 'suho');
  assert.deepEqual([...taken.tokens], ['secret']);
  const roots = taken.spans.filter(({ name }) => name === 'bar');
  assert.equal(roots.length, 20);
  assert.equal(new Set(roots.map(({ traceId }) => traceId)).size, 20);
  for (const root of roots) {
    assert.ok(root.parentSpanId === undefined || root.parentSpanId === '');
    const facts = new Map(root.attributes.map(({ key, value }) => [key, value.stringValue]));
    assert.equal(facts.get('suho.tenant'), 'acme');
    assert.equal(facts.get('suho.symbol'), 'EURUSD');
    assert.match(facts.get('suho.prediction_id') ?? '', /^[0-9a-f-]{36}$/);
    const children = taken.spans.filter(({ traceId, name }) => traceId === root.traceId && name !== 'bar');
    assert.ok(children.every(({ parentSpanId }) => parentSpanId === root.spanId));
    const span = (name: string): readonly [bigint, bigint] => {
      const found = children.filter((one) => one.name === name);
      assert.equal(found.length, 1, `${name}: ${children.map((one) => one.name).join()}`);
      return [BigInt(found[0]!.startTimeUnixNano), BigInt(found[0]!.endTimeUnixNano)];
    };
    const [begins, ends] = [BigInt(root.startTimeUnixNano), BigInt(root.endTimeUnixNano)];
    // Milliseconds as doubles are of a quarter of a microsecond.
    const about = 1_000n;
    const [accept, queue, inference] = [span('accept'), span('queue'), span('inference')];
    const [commit, send] = [span('commit'), span('send')];
    const patterns = span('patterns');
    assert.ok(patterns[0] >= inference[1] - about);
    for (const [from, to] of [accept, queue, inference, patterns, commit, send])
      assert.ok(from >= begins - about && to <= ends + about && from <= to);
    assert.ok(queue[0] >= accept[0] - about);
    assert.ok(inference[0] >= queue[1] - about);
    assert.ok(commit[0] >= patterns[1] - about, 'what is committed was concluded from the models’ answer');
    assert.ok(send[0] >= commit[1] - about);
    const ms = (x: bigint): number => Number(x / 1_000_000n);
    assert.ok(ms(begins) >= before - 1 && ms(ends) <= after + 1, 'times are of the clock of the machine');
  }
});

test('the ratio chooses signals; a collector that is away holds nothing up; off is the default', async (t) => {
  const taken = await collector(t);
  await twentySignals(t, { url: taken.url, ratio: 0 });
  assert.equal(taken.spans.length, 0);
  const away = await twentySignals(t, { url: 'http://127.0.0.1:9/v1/traces', ratio: 1 });
  assert.equal(away.state, 'stopped');
  const engine = await openEngine(t, temporaryFolder(t));
  assert.equal(engine.config.tracing.url, undefined);
});
