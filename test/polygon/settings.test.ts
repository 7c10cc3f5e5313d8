import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../engine/config.js';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { PolygonServer, TEST_KEY } from '../support/polygon-server.js';

/** What a configuration makes of tickers: their symbols, or the sentence it is refused with. */
function symbolsOf(...tickers: string[]): unknown {
  try {
    return loadConfig(undefined, {}, { polygon: { tickers } }).polygon.tickers.map(
      ({ symbol, market }) => `${market} ${symbol}`,
    );
  } catch (error) {
    return (error as Error).message;
  }
}

test('tickers are read as Polygon writes them, and what is none is refused in a sentence', () => {
  assert.deepEqual(symbolsOf('C:EURUSD', 'x:btcusd', 'AAPL', 'BRK.B', 'X:DOGEUSD'), [
    'forex EURUSD',
    'crypto BTCUSD',
    'stocks AAPL',
    'stocks BRK.B',
    'crypto DOGEUSD',
  ]);
  const refused = (ticker: string, why: string): void =>
    assert.equal(symbolsOf(ticker), `The configuration is wrong at polygon.tickers[0]: ${why}.`);
  refused(
    'EURUSD',
    '"EURUSD" would be a stock; write C:EURUSD for the currency pair or X:EURUSD for the crypto pair',
  );
  refused('C:EUR', '"C:EUR" is not a currency pair; write C:EURUSD');
  refused('C:EUR/USD', '"C:EUR/USD" is not a ticker of Polygon; write C:EURUSD, X:BTCUSD or AAPL');
  refused(
    'I:SPX',
    '"I:SPX" is an index, an option or a future; Suho takes currencies (C:), crypto (X:) and stocks of Polygon',
  );
  assert.equal(
    symbolsOf('C:BTCUSD', 'X:BTCUSD'),
    'The configuration is wrong at polygon.tickers[1]: X:BTCUSD and C:BTCUSD are both the symbol BTCUSD.',
  );
});

test('a start without a key is refused before anything is opened; doctor asks whether a key holds', async (t) => {
  const folder = temporaryFolder(t);
  const server = await PolygonServer.start(t);
  server.aggregates.set('C:EURUSD', [{ t: 1_704_067_200_000, o: 1, h: 1, l: 1, c: 1, v: 1 }]);
  const config = path.join(folder, 'suho.json');
  const tickers = ['C:EURUSD', 'X:NOBUSD'];
  writeFileSync(config, JSON.stringify({ polygon: { tickers, restUrl: server.restUrl } }));
  const start = await runCommand(['start', '--config', config, '--data', path.join(folder, 'data')]);
  assert.equal(start.code, 2);
  assert.match(start.stderr, /^suho: Polygon needs an API key: set POLYGON_API_KEY/);

  const doctor = async (key: string): Promise<string> => {
    const { stdout } = await runCommand(['doctor', '--config', config, '--data', path.join(folder, 'data')], {
      POLYGON_API_KEY: key,
    });
    assert.ok(!stdout.includes(key));
    return stdout.split('\n').find((line) => line.includes('Polygon:'))!;
  };
  assert.equal(
    await doctor(TEST_KEY),
    `WARNING  Polygon: ${server.restUrl}, the key holds; asked for C:EURUSD, X:NOBUSD; no bar of X:NOBUSD`,
  );
  assert.match(await doctor('another-key-1234567890'), /^FAILED {3}Polygon: Polygon refuses the key/);
});
