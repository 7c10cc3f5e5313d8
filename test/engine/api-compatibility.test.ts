import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Metadata, credentials, loadPackageDefinition, type Client } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { bars, served } from '../support/api.js';
import { afterTest } from '../support/cleanup.js';
import { conclusionOf } from '../support/invented-records.js';
import { inventedSignal } from '../support/prediction-contract.js';
import { KEY, protoBars } from '../support/served.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The proto as a released client was built with it. */
const RELEASED = path.join(ROOT, 'test', 'data', 'api', '0.1.0');

/** Runs buf on the engine's own proto files. */
function buf(...args: readonly string[]): void {
  execFileSync(path.join(ROOT, 'node_modules', '.bin', 'buf'), args, {
    cwd: path.join(ROOT, 'proto'),
    stdio: 'pipe',
  });
}

test('the proto passes buf lint: names, prefixes, and a comment on every field, value and call', () => {
  buf('lint');
});

test('no message, field or number of the released proto has changed on the wire', () => {
  buf('breaking', '--against', RELEASED, '--config', '{"version":"v2","breaking":{"use":["WIRE"]}}');
});

type Call = (request: object, metadata: Metadata, ...rest: unknown[]) => NodeJS.EventEmitter;

test('a client built from the released proto talks to this engine', async (t) => {
  const { engine, port } = await served(t);
  const { suho } = loadPackageDefinition(
    loadSync('suho/v1/suho.proto', {
      keepCase: true,
      longs: String,
      enums: String,
      defaults: true,
      includeDirs: [RELEASED],
    }),
  ) as unknown as { suho: { v1: Record<string, new (...args: unknown[]) => Client> } };
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${KEY}`);
  const service = (name: string): Record<string, Call> & Client => {
    const client = new suho.v1[name]!(`127.0.0.1:${port}`, credentials.createInsecure());
    afterTest(t, () => client.close());
    return client as Record<string, Call> & Client;
  };
  const unary = async (name: string, method: string, request: object): Promise<Record<string, unknown>> => {
    const client = service(name);
    return await new Promise((resolve, reject) =>
      client[method]!.call(
        client,
        request,
        metadata,
        (error: Error | null, answer: Record<string, unknown>) =>
          error === null ? resolve(answer) : reject(error),
      ),
    );
  };
  const market = service('MarketDataService');
  const publish = market['PublishBars']!(metadata as never, undefined as never) as NodeJS.EventEmitter & {
    write(request: object): void;
    end(): void;
  };
  const acknowledged = new Promise<Record<string, unknown>>((resolve, reject) => {
    publish.once('data', resolve);
    publish.once('error', reject);
  });
  publish.write({
    request_id: 7,
    symbol: 'EURUSD',
    timeframe: 'TIMEFRAME_1H',
    bars: protoBars(bars.slice(0, 20)),
  });
  publish.end();
  assert.equal((await acknowledged)['accepted'], 20);
  const listed = await unary('InstrumentService', 'ListInstruments', {});
  assert.deepEqual(
    (listed['instruments'] as { instrument_id: string; state: string }[]).map((one) => [
      one.instrument_id,
      one.state,
    ]),
    [['acme@published/EURUSD', 'LIVE']],
  );
  const signals = service('SignalService');
  const stream = signals['StreamSignals']!({ slow_policy: 'LATEST_PER_SERIES' }, metadata);
  stream.on('error', () => undefined);
  await new Promise((resolve) => stream.once('metadata', resolve));
  const next = new Promise<{ signal: Record<string, unknown> }>((resolve) => stream.once('data', resolve));
  const signal = inventedSignal('acme', 0);
  engine.publication.conclude(conclusionOf('signal:acme:market/EURUSD/1h', signal));
  const { signal: seen } = await next;
  (stream as unknown as { cancel(): void }).cancel();
  assert.equal(seen['direction'], signal.direction);
  const trade = await unary('FeedbackService', 'ReportTrade', {
    trade_id: 't1',
    prediction_id: signal.predictionId,
    side: 'SHORT',
    quantity: 1,
    entry_time: signal.barCloseTime,
    entry_price: 1,
    exit_time: signal.barCloseTime + 1,
    exit_price: 1.5,
  });
  assert.deepEqual([trade['answer'], trade['pnl_money']], ['ACCEPTED', -0.5]);
});
