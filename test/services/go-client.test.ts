// The tutorial docs/go-client.md as its reader follows it: its files written, its commands run, in their order.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runCommand } from '../support/command.js';
import { temporaryFolder } from '../support/engine.js';
import { inventedBars, toCsv } from '../support/markets.js';
import { linesOf } from '../support/reader.js';
import { startTutorialEngine } from '../support/tutorial-engine.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MINUTES_10 = 600_000;
const run = promisify(execFile);
const hasGo = spawnSync('go', ['version']).status === 0;

interface Block {
  readonly language: string;
  readonly text: string;
}

/** The code blocks of the tutorial, with another address than the usual. */
function blocksOf(address: string): readonly Block[] {
  const page = readFileSync(path.join(ROOT, 'docs', 'go-client.md'), 'utf8');
  return [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language: language!,
    text: text!.replaceAll('127.0.0.1:50051', address),
  }));
}

test(
  'every command of the Go tutorial does what it says, to a signal of the client’s own bars',
  { skip: !hasGo && 'SKIPPED: Go is not installed (https://go.dev/dl)' },
  async (t) => {
    const folder = temporaryFolder(t);
    const { address, data } = await startTutorialEngine(t, folder);
    cpSync(path.join(ROOT, 'proto'), path.join(folder, 'proto'), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    copyFileSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
    mkdirSync(path.join(folder, 'goclient'));
    const bars = inventedBars(900, { seed: 7, momentum: 0.7 });
    writeFileSync(path.join(folder, 'EURUSD_h1.csv'), toCsv(bars));
    const blocks = blocksOf(address);
    const file = (language: string): string => blocks.find((block) => block.language === language)!.text;
    writeFileSync(path.join(folder, 'goclient', 'buf.gen.yaml'), file('yaml'));
    writeFileSync(path.join(folder, 'goclient', 'main.go'), file('go'));

    const bin = path.join(folder, 'bin');
    const PATH = [bin, process.env['PATH'], path.join(homedir(), 'go', 'bin')].join(':');
    const environment = { ...process.env, GOBIN: bin, GOFLAGS: '-mod=mod', PATH };
    const answers = new Map<string, string>();
    const type = async (command: string, variables: Readonly<Record<string, string>> = {}): Promise<void> => {
      const env = { ...environment, ...variables };
      const { stdout } = await run('bash', ['-c', command], { cwd: folder, env, timeout: MINUTES_10 });
      answers.set(command, stdout);
    };
    const commands = blocks.flatMap(({ language, text }) => (language === '' ? text.trim().split('\n') : []));
    for (const command of commands.filter((line) => !line.startsWith('npx suho'))) await type(command);
    const answerTo = (part: string): string =>
      [...answers].find(([command]) => command.includes(part))?.[1] ?? '';
    assert.match(answerTo(' list'), /^suho\.v1\.SignalService$/m);
    assert.match(answerTo(' describe '), /rpc PublishBars \( stream .suho.v1.PublishBarsRequest/);
    assert.match(answerTo('MarketDataService/PublishBars'), /"accepted": 1/);
    assert.match(answerTo('ListInstruments'), /"symbol": "TEST"/);
    const signals = answerTo('go run').split('\n');
    const lastTime = bars.at(-1)!.openTime;
    const ofModel = signals.filter((line) => /^\d+ DIRECTION_(LONG|SHORT|FLAT) 0\.\d{3} /.test(line));
    assert.ok(ofModel.length >= 15, answerTo('go run'));
    assert.ok(!signals.some((line) => line.startsWith('not all taken')));
    assert.ok(Number(ofModel.at(-1)!.split(' ')[0]) <= lastTime);

    // What other pages say to the same engine; the page of the API with a key.
    const calls = (page: string): string[] =>
      linesOf(page).flatMap(({ line }) =>
        line.startsWith('grpcurl') ? [line.replace('127.0.0.1:50051', address)] : [],
      );
    const [bar] = calls('docs/metatrader.md');
    await type(bar!);
    assert.match(answers.get(bar!)!, /"accepted": 1/);
    const made = await runCommand([
      'keys',
      'create',
      '--tenant',
      'default',
      '--role',
      'operator',
      '--data',
      data,
    ]);
    assert.equal(made.code, 0, made.stderr);
    const [list, latest] = calls('docs/api.md');
    for (const command of [list!, latest!]) await type(command, { SUHO_API_KEY: made.stdout.trim() });
    assert.match(answers.get(list!)!, /^suho\.v1\.SignalService$/m);
    assert.match(answers.get(latest!)!, /"symbol": "EURUSD"/);
  },
);
