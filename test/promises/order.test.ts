import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Engine } from '../../engine/engine.js';
import { SuhoError } from '../../engine/errors.js';
import { whenTaken } from '../../engine/feeds/backpressure.js';
import type { IntakeResult } from '../../engine/intake/intake.js';
import { runCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { MONDAY, inventedBars } from '../support/markets.js';
import { STORES_AWAY, eventually } from '../support/served.js';

const MINUTE = 60_000;
const minutes = inventedBars(300, { seed: 51, lengthMs: MINUTE });
const quick = { drainSeconds: 0.1, features: { checkEverySeconds: 0 } };

function quote(ts: number, k = 0): Quote {
  return { ts, bid: 1.1 + Math.sin(ts / MINUTE + k) * 1e-3, ask: 1.102, bidSize: 1, askSize: NaN };
}

/** Quotes of one minute, fifteen seconds apart. */
function quotesOf(minute: number): Quote[] {
  return [0, 1, 2, 3].map((k) => quote(MONDAY + minute * MINUTE + k * 15_000));
}

/** What the tenant `default` publishes to an engine that can be closed and opened again. */
class Market {
  readonly #open: () => Promise<Engine>;
  engine: Engine;

  constructor(open: () => Promise<Engine>, engine: Engine) {
    this.#open = open;
    this.engine = engine;
  }

  async bars(bars: readonly Bar[], timeframe: '1m' | '1h' = '1m', symbol = 'EURUSD'): Promise<IntakeResult> {
    const request = { tenantId: 'default', symbol, timeframe, signalTimeframes: [], bars };
    return await this.engine.intake.publishBars(request);
  }

  async quotes(quotes: readonly Quote[], symbol = 'EURUSD'): Promise<IntakeResult> {
    const request = { tenantId: 'default', symbol, signalTimeframes: [], quotes };
    return await this.engine.intake.publishQuotes(request);
  }

  async restart(): Promise<void> {
    await this.engine.stop();
    this.engine = await this.#open();
  }

  /** Bars a symbol has, once it has all that was accepted; every instrument must be well. */
  async closedBars(symbol = 'EURUSD'): Promise<number> {
    await this.engine.settled();
    assert.deepEqual(this.engine.status.troubled(), []);
    return this.engine.instruments.barsOf(`default@published/${symbol}/1m`);
  }
}

async function published(
  t: Parameters<typeof openEngine>[0],
  config: ConfigInput = STORES_AWAY,
): Promise<Market> {
  const folder = temporaryFolder(t);
  const open = async (): Promise<Engine> => await openEngine(t, folder, { ...quick, ...config }, {});
  return new Market(open, await open());
}

const tally = ({ accepted, duplicates, late, conflicts }: IntakeResult): number[] => [
  accepted,
  duplicates,
  late,
  conflicts,
];

test('quotes and then older bars: the bars are late, what is newer is taken, also after a restart', async (t) => {
  const market = await published(t);
  assert.deepEqual(tally(await market.quotes(quotesOf(100))), [4, 0, 0, 0]);
  assert.deepEqual(tally(await market.bars(minutes.slice(0, 101))), [0, 0, 101, 0], 'the quotes stand');
  assert.equal(await market.closedBars(), 0);
  await market.restart();
  assert.deepEqual(tally(await market.quotes(quotesOf(101))), [4, 0, 0, 0]);
  assert.deepEqual(tally(await market.bars(minutes.slice(102, 110))), [8, 0, 0, 0]);
  assert.equal(await market.closedBars(), 10);
});

test('bars and then quotes of a covered minute: the quotes are late, what is newer is taken, also after a restart', async (t) => {
  const market = await published(t);
  await market.bars(minutes.slice(0, 50));
  for (let start = 0; start < 2; start++) {
    assert.deepEqual(tally(await market.quotes(quotesOf(49))), [0, 0, 4, 0]);
    assert.deepEqual(
      tally(await market.quotes([...quotesOf(48), ...quotesOf(50 + 2 * start)])),
      [4, 0, 4, 0],
    );
    assert.deepEqual(tally(await market.bars([minutes[51 + 2 * start]!])), [1, 0, 0, 0]);
    assert.equal(await market.closedBars(), 52 + 2 * start);
    await market.restart();
  }
});

test('quotes that are sent again after a restart are known, those that follow are taken', async (t) => {
  const market = await published(t);
  const [a, b] = [quote(MONDAY + 1_000), quote(MONDAY + 2_000)];
  const twin = { ...b, bid: b.bid + 1e-5 };
  await market.quotes([a, b, twin]);
  for (let start = 0; start < 2; start++) {
    assert.deepEqual(tally(await market.quotes([b, twin])), [0, 2, 0, 0]);
    assert.deepEqual(tally(await market.quotes([a])), [0, 0, 1, 0]);
    await market.restart();
  }
  // Files of ticks overlap: the second begins before the first ended.
  const ticks = [1, 2, 3].flatMap(quotesOf);
  assert.deepEqual(tally(await market.quotes(ticks.slice(0, 8))), [8, 0, 0, 0]);
  assert.deepEqual(tally(await market.quotes(ticks.slice(4))), [4, 1, 3, 0]);
  assert.equal(await market.closedBars(), 3);
});

test('tick files that overlap give the rows that one file gives', async (t) => {
  const folder = temporaryFolder(t);
  const ticks = Array.from({ length: 300 }, (_, minute) => quotesOf(minute)).flat();
  const stored: unknown[] = [];
  for (const [data, cuts] of [
    [
      'overlapping',
      [
        [0, 640],
        [590, 1_200],
      ],
    ],
    ['whole', [[0, 1_200]]],
  ] as const) {
    for (const [from, to] of cuts) {
      const file = path.join(folder, `${from}-${to}.csv`);
      const lines = ticks.slice(from, to).map(({ ts, bid, ask }) => `${ts},${bid},${ask}`);
      writeFileSync(file, `ts,bid,ask\n${lines.join('\n')}\n`);
      const place = ['--symbol', 'EURUSD', '--timeframe', '1m', '--data', path.join(folder, data)];
      const { code, stderr } = await runCommand(['replay', file, ...place, '--json']);
      assert.equal(code, 0, stderr);
    }
    const query = 'SELECT * EXCEPT stored_at FROM ml_features FINAL ORDER BY bar_close_time';
    const { stdout } = await runCommand([
      'sql',
      'features',
      query,
      '--json',
      '--data',
      path.join(folder, data),
    ]);
    stored.push(JSON.parse(stdout));
  }
  assert.equal((stored[0] as unknown[]).length, 300);
  assert.deepEqual(stored[0], stored[1]);
});

test('hours of a symbol that comes in minutes are refused in a sentence, and its minutes go on', async (t) => {
  const market = await published(t);
  await market.bars(minutes.slice(0, 10));
  for (let start = 0; start < 2; start++) {
    await assert.rejects(
      market.bars(inventedBars(5), '1h'),
      (error) => error instanceof SuhoError && /EURUSD comes as 1m bars, so 1h bars/.test(error.message),
    );
    const from = 10 * (start + 1);
    assert.deepEqual(tally(await market.bars(minutes.slice(from, from + 10))), [10, 0, 0, 0]);
    assert.equal(await market.closedBars(), from + 10);
    await market.restart();
  }
});

test('an answer says of each of a hundred bars what became of it, also when only the store still has them', async (t) => {
  const market = await published(t, { journal: { maxMegabytes: 0.3 } });
  await market.bars([...minutes.slice(0, 50), ...minutes.slice(60, 100)]);
  const again = minutes.slice(0, 100).map((bar, i) => (i === 7 ? { ...bar, volume: bar.volume + 1 } : bar));
  again[20] = { ...again[20]!, high: -1 };
  const reasonOf = (i: number): string => (i === 7 ? 'conflict' : i >= 50 && i < 60 ? 'late' : 'duplicate');
  const expected = again
    .map((_, index) => ({ index, reason: reasonOf(index) }))
    .filter(({ index }) => index !== 20);
  const check = async (next: Bar): Promise<void> => {
    const { accepted, skipped, rejected } = await market.bars([...again, next]);
    assert.equal(accepted, 1);
    assert.deepEqual(rejected, [{ index: 20, reason: 'not_positive' }]);
    assert.deepEqual(skipped, expected);
  };
  await check(minutes[100]!);
  // More than the journal has room for: the first leave it.
  for (let i = 101; i < 250; i += 10)
    await whenTaken(async () => await market.bars(minutes.slice(i, Math.min(250, i + 10))));
  await market.engine.stored();
  await eventually('the journal has room', () => !market.engine.journal.isFull);
  const base = 'default@published/EURUSD/1m';
  assert.equal(market.engine.journal.rows.get(base, MONDAY + MINUTE), undefined);
  await check(minutes[250]!);
  await market.restart();
  await check(minutes[251]!);
});

test('the answer to a repeated bar comes only when the original is durable', async (t) => {
  const { engine } = await published(t);
  const instrument = await engine.instruments.follow({
    feed: 'market',
    symbol: 'EURUSD',
    base: '1m',
    tenantId: 'default',
    timeframe: '1m',
  });
  for (const bar of minutes.slice(0, 20)) {
    engine.intake.ingestBars(instrument, [bar]);
    const { ticket } = engine.journal;
    const { duplicates } = await engine.intake.ingestBars(instrument, [bar]).done();
    assert.equal(duplicates, 1);
    assert.ok(engine.journal.durableThrough >= ticket);
  }
});

/** The minutes that must be closed bars when what an engine said it accepted is applied. */
class Applied {
  readonly closed = new Set<number>();
  #open: number | undefined;

  /** Takes rows of minutes, without those that were skipped. */
  take(kind: 'bars' | 'quotes', rowMinutes: readonly number[], { skipped }: IntakeResult): void {
    const left = new Set(skipped.map(({ index }) => index));
    rowMinutes.forEach((minute, i) => {
      if (left.has(i)) return;
      if (this.#open !== undefined && this.#open !== minute) this.closed.add(this.#open);
      this.#open = kind === 'quotes' ? minute : undefined;
      if (kind === 'bars') this.closed.add(minute);
    });
  }

  /** Takes a time in minutes. */
  tick(now: number): void {
    if (this.#open === undefined || now < this.#open + 1) return;
    this.closed.add(this.#open);
    this.#open = undefined;
  }
}

test('whatever bars, quotes, clocks and restarts come: what is accepted is applied, and nothing stands still', async (t) => {
  const market = await published(t);
  const span = { at: fc.integer({ min: -5, max: 8 }), n: fc.integer({ min: 1, max: 4 }) };
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('bars' as const), ...span }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('quotes' as const), ...span }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('tick' as const), ...span }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), ...span }) },
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const symbol = `S${runs++}`;
      const applied = new Applied();
      let now = 10;
      for (const { kind, at, n } of steps) {
        const from = Math.max(0, now + at);
        if (kind === 'restart') await market.restart();
        else if (kind === 'tick') {
          market.engine.intake.tick('published', MONDAY + from * MINUTE);
          applied.tick(from);
        } else {
          const each = Array.from({ length: n }, (_, i) => from + i);
          const result =
            kind === 'bars'
              ? await market.bars(minutes.slice(from, from + n), '1m', symbol)
              : await market.quotes(each.flatMap(quotesOf), symbol);
          assert.deepEqual(result.rejected, []);
          applied.take(
            kind,
            kind === 'bars' ? each : each.flatMap((minute) => Array(4).fill(minute) as number[]),
            result,
          );
          now = Math.max(now, from);
        }
      }
      assert.equal(await market.closedBars(symbol), applied.closed.size);
      // What is new is always taken.
      assert.equal((await market.bars([minutes[299]!], '1m', symbol)).accepted, 1);
    }),
    { numRuns: 30, endOnFailure: true },
  );
});
