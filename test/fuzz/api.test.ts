import { BarGrid } from '../../actors/market/bar-grid.js';
import { UTC_CALENDAR } from '../../actors/market/calendar.js';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import protobuf from 'protobufjs';
import { barDefect, type Bar } from '../../actors/market/bar.js';
import { quoteDefect, type Quote } from '../../actors/market/quote.js';
import { timeframeMs } from '../../actors/market/timeframe.js';
import type { Engine } from '../../engine/engine.js';
import { unpackBars, unpackQuotes } from '../../engine/journal/records.js';
import { afterTest } from '../support/cleanup.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { RawClient, frame } from '../support/raw-grpc.js';
import { ACME, KEY, STORES_AWAY, serve } from '../support/served.js';
import { ownFiles } from '../../engine/api/definition.js';
import { Dice, RowSource, arbitraryMessage, mutated } from './mutation.js';

/** Messages to send: SUHO_FUZZ, and the seed SUHO_SEED that makes a run again. */
const MESSAGES = Number(process.env['SUHO_FUZZ'] ?? 3_000);
const SEED = Number(process.env['SUHO_SEED'] ?? 20_261_126);
/** Calls under way at once, each over a connection of its own. */
const LANES = 16;
/** Calls of one connection. HTTP/2 servers end one that resets too many streams, as this client does with endless ones. */
const CALLS_PER_CONNECTION = 400;
/** Growth of the heap that caches and the journal's maps may take, and that an instrument with its actors takes. */
const HEAP_SPARE = 100e6;
const HEAP_PER_INSTRUMENT = 400e3;

/** Not among the hostile calls: it refuses all input until it is told to resume, and waits as long as it is told. */
const DRAIN = '/suho.v1.OperatorService/Drain';

const FILES = [...ownFiles(), 'grpc/health/v1/health.proto', 'grpc/reflection/v1/reflection.proto'];

interface FuzzedMethod {
  readonly path: string;
  readonly request: protobuf.Type;
  /** Whether it goes on until the client hangs up. */
  readonly isEndless: boolean;
  readonly takesMany: boolean;
}

function methodsOf(): FuzzedMethod[] {
  const root = new protobuf.Root();
  const folder = fileURLToPath(new URL('../../../proto/', import.meta.url));
  root.resolvePath = (_, file) => folder + file;
  root.loadSync(FILES, { keepCase: true }).resolveAll();
  const methods: FuzzedMethod[] = [];
  const visit = (within: protobuf.NamespaceBase): void => {
    for (const nested of within.nestedArray) {
      if (nested instanceof protobuf.Service)
        for (const method of nested.methodsArray)
          methods.push({
            path: `/${nested.fullName.slice(1)}/${method.name}`,
            request: method.resolvedRequestType!,
            isEndless: method.responseStream === true && method.requestStream !== true,
            takesMany: method.requestStream === true,
          });
      else if (nested instanceof protobuf.Namespace) visit(nested);
    }
  };
  visit(root);
  return methods.filter(({ path }) => path !== DRAIN);
}

/** How many methods the files declare, read from their text: a service that the visit above misses is seen. */
function methodsDeclared(): number {
  const folder = fileURLToPath(new URL('../../../proto/', import.meta.url));
  const declarations = FILES.flatMap(
    (file) => readFileSync(folder + file, 'utf8').match(/^\s*rpc\s/gm) ?? [],
  );
  return declarations.length;
}

function messageFor({ request }: FuzzedMethod, dice: Dice, source: RowSource): Buffer {
  const rows = request.name === 'PublishBarsRequest' ? 'bars' : 'quotes';
  const almostGood = request.name.startsWith('Publish') && dice.chance(0.8);
  const given = almostGood ? source.request(rows, dice) : arbitraryMessage(request, dice);
  const bytes = Buffer.from(request.encode(request.fromObject(given)).finish());
  return dice.chance(almostGood ? 0.2 : 0.5) ? mutated(bytes, dice) : bytes;
}

function assertSoundBar(bar: Bar, lengthMs: number): void {
  assert.equal(barDefect(bar, new BarGrid(lengthMs, UTC_CALENDAR)), undefined, JSON.stringify(bar));
  for (const price of [bar.open, bar.high, bar.low, bar.close])
    assert.ok(Number.isFinite(price) && price > 0, JSON.stringify(bar));
  assert.ok(bar.high >= bar.low && Number.isSafeInteger(bar.openTime), JSON.stringify(bar));
}

function assertSoundQuote(quote: Quote): void {
  assert.equal(quoteDefect(quote), undefined, JSON.stringify(quote));
  for (const size of [quote.bidSize, quote.askSize])
    assert.ok(Number.isNaN(size) || (size >= 0 && size < Infinity), JSON.stringify(quote));
}

/** Every row the engine has accepted is one that may enter the state, and so is every bar that came of them. */
function assertStoredRowsAreSound({ instruments, journal }: Engine): number {
  let rows = 0;
  for (const { id, base, definition } of instruments.all()) {
    const lengthMs = timeframeMs(definition.base);
    for (const [, input] of journal.inputs.after(id, 0)) {
      if (input.kind === 'bars')
        for (const bar of unpackBars(input.numbers)) {
          rows++;
          assertSoundBar(bar, lengthMs);
        }
      if (input.kind === 'quotes')
        for (const quote of unpackQuotes(input.numbers)) {
          rows++;
          assertSoundQuote(quote);
        }
    }
    for (const { bar } of journal.rows.of(base, 0)) assertSoundBar(bar, lengthMs);
  }
  return rows;
}

function heapUsed(): number {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

test(`${MESSAGES} hostile messages: every call ends, nothing fails inside, no unsound row is stored`, async (t) => {
  const log: string[] = [];
  const none = {
    callsPerSecond: 0,
    rowsPerSecond: 0,
    messagesPerSecond: 0,
    bytesPerSecond: 0,
    streams: 10_000,
  };
  const engine = await openEngine(
    t,
    temporaryFolder(t),
    { ...STORES_AWAY, tenants: [ACME], quotas: none },
    { log: pino({ level: 'error' }, { write: (line: string) => void log.push(line) }) },
  );
  const { port } = await serve(t, engine);
  const clients = Array.from({ length: LANES }, () => new RawClient(port));
  afterTest(t, () => clients.forEach((client) => client.close()));
  const methods = methodsOf();
  const called = new Set<string>();
  const outcomes = new Map<string, number>();
  const source = new RowSource();
  let sent = 0;
  let heapBefore = 0;
  const lane = async (index: number): Promise<void> => {
    const dice = new Dice(SEED + index);
    for (let calls = 1; sent < MESSAGES; calls++) {
      if (calls % CALLS_PER_CONNECTION === 0) {
        clients[index]!.close();
        clients[index] = new RawClient(port);
      }
      if (heapBefore === 0 && sent > MESSAGES / 10) heapBefore = heapUsed();
      const method = dice.pick(methods);
      called.add(method.path);
      const count = method.takesMany ? 1 + dice.below(6) : 1;
      sent += count;
      const chunks = Array.from({ length: count }, () => frame(messageFor(method, dice, source)));
      if (dice.chance(0.05)) chunks.push(Buffer.from([0, 0, 0, 0, 200, 1, 2, 3]));
      const halfClose = dice.chance(0.95) || !method.takesMany;
      const ended = await clients[index]!.call(method.path, chunks, {
        key: KEY,
        untilHeaders: method.isEndless,
        halfClose,
        msMax: halfClose ? 120_000 : 1_000,
      });
      const name = typeof ended.status === 'number' ? status[ended.status]! : ended.status;
      assert.notEqual(ended.status, 'reset', method.path);
      assert.notEqual(ended.status, status.INTERNAL, method.path);
      // Only a client that may send more keeps a stream open.
      assert.ok(ended.status !== 'open' || !halfClose, `${method.path} never ended`);
      outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
      assert.ok(ended.details.length <= 1_000);
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
  await engine.settled();
  await engine.journal.durable();
  t.diagnostic(`seed ${SEED}: ${JSON.stringify(Object.fromEntries(outcomes))}`);
  assert.equal(called.size, methodsDeclared() - 1, 'every method but Drain is called');
  const rows = assertStoredRowsAreSound(engine);
  assert.ok(rows > MESSAGES / 100, `only ${rows} rows were stored: the sound messages do not get through`);
  const failedCalls = log.filter((line) => line.includes('a call failed'));
  assert.deepEqual(failedCalls.slice(0, 3), []);
  const instruments = [...engine.instruments.all()].length;
  const grown = heapUsed() - heapBefore;
  t.diagnostic(
    `${rows} rows stored, ${instruments} instruments, ${engine.status.counts().parked} actors parked, heap grew by ${(grown / 1e6).toFixed(1)} MB`,
  );
  assert.ok(grown < HEAP_SPARE + instruments * HEAP_PER_INSTRUMENT, `the heap grew by ${grown} bytes`);
  // It still serves.
  const health = await clients[0]!.call('/suho.v1.EngineService/GetHealth', [frame(Buffer.alloc(0))], {
    key: KEY,
  });
  assert.equal(health.status, status.OK);
});
