import assert from 'node:assert/strict';
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { runCommand, startCommand } from '../support/command.js';
import { openEngine, temporaryFolder } from '../support/engine.js';
import { MONDAY, inventedBars, toCsv } from '../support/markets.js';

/** A failure a user can put right: exit 2, one line on standard error, nothing on standard output. */
function isOneSentence(
  result: { code: number | null; stdout: string; stderr: string },
  pattern: RegExp,
): void {
  assert.equal(result.code, 2, result.stderr);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, pattern);
  assert.equal(result.stderr.trim().split('\n').length, 1, result.stderr);
}

test('bars and quotes of any hand become bars, and bad files are one clear sentence each', async (t) => {
  const folder = temporaryFolder(t);
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const quotes = file(
    'quotes.csv',
    [
      'ts,bid,ask',
      `${MONDAY},1.5,1.6`,
      `${MONDAY + 30_000},1.7,1.8`,
      `${MONDAY + 30_000},1.4,1.5`,
      `${MONDAY + 60_000},1.6,1.7`,
      '',
    ].join('\n'),
  );
  const built = await runCommand(['bars', quotes, '--timeframe', '1m']);
  assert.equal(
    built.stdout,
    `ts,open,high,low,close,volume,bid,ask,tick_count\n${MONDAY},1.5,1.7,1.4,1.4,,1.4,1.5,3\n${MONDAY + 60_000},1.6,1.6,1.6,1.6,,1.6,1.7,1\n`,
  );

  isOneSentence(
    await runCommand(['bars', path.join(folder, 'none.csv'), '--timeframe', '1m']),
    /There is no file/,
  );
  isOneSentence(
    await runCommand(['bars', file('cols.csv', 'a,b\n1,2\n'), '--timeframe', '1m']),
    /has the columns a,b; bars need/,
  );
  const cut = gzipSync(toCsv(inventedBars(3_000))).subarray(0, 20_000);
  isOneSentence(
    await runCommand([
      'bars',
      file('cut.csv.gz', cut),
      '--timeframe',
      '1d',
      '--out',
      path.join(folder, 'out.csv'),
    ]),
    /cut off/,
  );
  assert.equal(existsSync(path.join(folder, 'out.csv')), false, 'nothing half-written');
  isOneSentence(
    await runCommand(['bars', file('not.csv.gz', 'plain'), '--timeframe', '1m']),
    /bars need ts,open,high,low,close/,
  );
  const unknown = await runCommand(['bars', quotes, '--timeframe', '7m']);
  assert.match(unknown.stderr, /There is no timeframe "7m"/);
  assert.notEqual(unknown.code, 0);
});

test('a port in use and a folder in use are said so', async (t) => {
  const folder = temporaryFolder(t);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const taken = await runCommand(['start', '--data', folder, '--port', String(port), '--no-simulator']);
  server.close();
  assert.equal(taken.code, 2);
  assert.match(taken.stderr, /cannot be listened on/);
  await openEngine(t, folder);
  const start = ['start', '--data', folder, '--port', '0', '--no-simulator'];
  isOneSentence(await runCommand(start), /in use by another engine/);
});

test('kill -9 at any moment of a replay loses nothing, repeats nothing and changes nothing', async (t) => {
  const folder = temporaryFolder(t);
  const csv = path.join(folder, 'market.csv');
  writeFileSync(csv, toCsv(inventedBars(3_600, { momentum: 0.62, seed: 41 })));
  const replay = (data: string): string[] => [
    'replay',
    csv,
    '--symbol',
    'EURUSD',
    '--timeframe',
    '1h',
    '--data',
    path.join(folder, data),
    '--train-after',
    '1500',
    '--retrain-every',
    '1000',
    '--json',
  ];
  const unbroken = await runCommand(replay('unbroken'));
  assert.equal(unbroken.code, 0, unbroken.stderr);

  for (const ms of [1_800, 2_600, 3_400, 4_300]) {
    const child = startCommand(replay('killed'));
    const ended = new Promise((resolve) => child.once('close', resolve));
    setTimeout(() => child.kill('SIGKILL'), ms);
    await ended;
  }
  const finished = await runCommand(replay('killed'));
  assert.equal(finished.code, 0, finished.stderr);
  const report = (text: string): Record<string, unknown> => {
    const { bars, featureRows, predictions, signals, resolved, accuracy, acted } = JSON.parse(text) as Record<
      string,
      unknown
    >;
    return { bars, featureRows, predictions, signals, resolved, accuracy, acted };
  };
  assert.deepEqual(report(finished.stdout), report(unbroken.stdout));

  const contents = [];
  for (const data of ['unbroken', 'killed']) {
    const engine = await openEngine(t, path.join(folder, data));
    contents.push({
      states: engine.instruments.graph.states(),
      // A signal that is made again has another place in the stream.
      signals: engine.journal.predictions.conclusions
        .after(0, 10_000)
        .map(({ sequence, signal }) => [sequence, signal.predictionId]),
      features: await engine.features.sql(
        'SELECT * EXCEPT (stored_at) FROM ml_features ORDER BY bar_open_time',
      ),
      predictions: (await engine.predictions.sql('SELECT * FROM ml_predictions ORDER BY bar_close_time')).map(
        (row) => ({ ...row, stored_at: undefined }),
      ),
    });
    await engine.stop();
  }
  assert.deepEqual(contents[0], contents[1]);
});

test('twenty years of daily bars are replayed, stored and trained on', async (t) => {
  const folder = temporaryFolder(t);
  const [csv, data] = [path.join(folder, 'daily.csv'), path.join(folder, 'data')];
  const dayMs = 86_400_000;
  const bars = inventedBars(7_300, { lengthMs: dayMs }).map((bar, i) => ({
    ...bar,
    openTime: Date.UTC(2006, 0, 1) + i * dayMs,
  }));
  writeFileSync(csv, toCsv(bars));
  const run = async (command: string, ...more: readonly string[]): Promise<Record<string, unknown>> => {
    const market = ['--symbol', 'BTCUSD', '--timeframe', '1d', '--data', data, '--json'];
    const { code, stdout, stderr } = await runCommand([command, csv, ...market, ...more]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const report = await run('replay', '--train-after', '1000000');
  assert.deepEqual([report['newBars'], report['featureRows']], [7_300, 7_300]);
  const query =
    'SELECT count() AS bars, uniq(toYYYYMM(bar_open_time)) AS months, countIf(labels_known = 3) AS labelled FROM ml_features';
  const { stdout } = await runCommand(['sql', 'features', query, '--data', data, '--json']);
  // By hand: 7,300 days from 2006 are 240 months, one insert of which ClickHouse refuses; the last day has no outcome yet.
  assert.deepEqual(JSON.parse(stdout), [{ bars: 7_300, months: 240, labelled: 7_299 }]);
  const model = await run('train', '--family', 'perceptron');
  assert.ok(Number(model['rows']) > 7_000, `trained on ${String(model['rows'])} bars`);
});

test('an export of MetaTrader and one command give a signal on the screen', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'EURUSD_H1.csv');
  const lines = inventedBars(900, { momentum: 0.75, seed: 4 }).map(({ openTime, open, high, low, close }) => {
    const [date, time] = new Date(openTime).toISOString().split('T') as [string, string];
    const prices = [open, high, low, close].map((price) => price.toFixed(5));
    return [date.replaceAll('-', '.'), time.slice(0, 8), ...prices, 100, 0, 12].join('\t');
  });
  const header = '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>';
  writeFileSync(file, [header, ...lines, ''].join('\r\n'));
  const { code, stdout, stderr } = await runCommand([
    'replay',
    file,
    '--symbol',
    'EURUSD',
    '--timeframe',
    '1h',
    '--data',
    path.join(folder, 'data'),
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /MetaTrader 5 export, 1h bars/);
  // The first model is trained on 799 bars.
  assert.match(stdout, /101 predictions by 1 model,/);
  assert.match(stdout, /newest signal\nbar close.*\n2024-02-07 \d\d:00  EURUSD   1h   (LONG|SHORT|FLAT)/);
});

test('every command explains itself', async () => {
  const help = await runCommand(['--help']);
  for (const command of ['start', 'replay', 'bars', 'train', 'signals', 'status', 'dead-letters', 'sql'])
    assert.match(help.stdout, new RegExp(`  ${command} `));
  assert.match((await runCommand(['replay', '--help'])).stdout, /Examples:/);
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  assert.equal((await runCommand(['--version'])).stdout.trim(), version);
});
