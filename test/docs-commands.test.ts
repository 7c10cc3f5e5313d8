/** The commands that the documents show, run as a reader would: in their order, in one folder, against one engine. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Bar } from '../actors/market/bar.js';
import type { EngineHealth__Output as EngineHealth } from '../engine/api/generated/suho/v1/EngineHealth.js';
import { afterTest } from './support/cleanup.js';
import { runCommand, startCommand } from './support/command.js';
import { temporaryFolder } from './support/engine.js';
import { inventedBars, toCsv } from './support/markets.js';
import { TestClient, eventually } from './support/served.js';
import { zipOf } from './support/zip.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HOUR = 3_600_000;

interface Shown {
  readonly page: string;
  /** As the page has it, on one line. */
  readonly line: string;
}

/** Lines of the code blocks of a page that have no language: what is typed into a shell, and what that answers. */
function linesOf(page: string): Shown[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8').replaceAll('\\\n', '');
  const blocks = [...text.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)];
  return blocks.flatMap(([, language, block]) =>
    language === ''
      ? block!
          .split('\n')
          .map((line) => ({ page, line: line.trim().replace(/^\$ /, '').replace(/ +#.*/, '') }))
      : [],
  );
}

const PAGES = ['README.md', ...readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter(
  (page) => page.endsWith('.md'),
);
const LINES = PAGES.flatMap(linesOf);

/** Commands that are not run here, and why. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^(npx )?suho start /, 'is the engine that the others talk to; this test starts it'],
  [
    /^(npx )?suho polygon /,
    'needs a key of the vendor: test/polygon/backfill.test.ts, against a server of our own',
  ],
  [/^export POLYGON_API_KEY/, 'the same'],
  [
    /^(npx )?suho models import /,
    'needs a file from Python: test/cli/models-import.test.ts imports such files',
  ],
  [
    /^(npx )?suho signals --follow/,
    'goes on until it is stopped: test/cli/start.test.ts and test/services read streams',
  ],
  [/^(npx )?suho models /, 'needs versions with outcomes: test/rollout/model-service.test.ts'],
  [
    /^(npx )?suho (jobs|retrain|alerts) /,
    'needs a market that turned: test/drift/jobs.test.ts and alerts.test.ts',
  ],
  [/^(npx )?suho (reload|drain|audit)$/, 'test/ops/operations.test.ts'],
  [/^(npx )?suho (backup|restore)/, 'test/ops/backup.test.ts'],
  [/^(npx )?suho (upgrade|version)/, 'test/upgrade/upgrade.test.ts, test/cli/completion.test.ts'],
  [/^(npx )?suho (doctor|schema status)/, 'test/registry/doctor.test.ts, test/services/commands.test.ts'],
  [
    /^(npx )?suho (keys list|instruments remove)/,
    'test/engine/credentials.test.ts, test/engine/api-surface.test.ts',
  ],
  [/^(npx )?suho sql \w+ '[^']*'$/, 'is asked of a running engine: test/ops/queries.test.ts'],
  [
    /^(cd goclient|go install|grpcurl|npx buf)/,
    'test/services/go-client.test.ts runs that page; grpcurl needs Go',
  ],
  [/^(python3|venv\/bin|PYTHONPATH)/, 'needs packages of Python'],
  [/^npm ci && npm start/, 'test/cli/start.test.ts starts the built engine as npm start does'],
  [/^(npm ci && )?npm (test|run)|^SUHO_FUZZ/, 'runs this suite, a part of it, or for hours'],
];
const isCommand = (line: string): boolean =>
  /^(npx suho|suho|npm|npx|go|grpcurl|python3|venv|PYTHONPATH|SUHO_\w+=|export|cd) ?/.test(line);

/** Words of a command, quotes taken off as a shell does. */
function wordsOf(line: string): string[] {
  const words = line.replace(/^(npx )?suho /, '').match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  return words.map((word) => word.replace(/^['"]|['"]$/g, ''));
}

/** Bars as MetaTrader 5 exports minutes of them. */
function metaTrader(bars: readonly Bar[], minutes: number): string {
  const rows = bars.flatMap(({ openTime, open, close, high, low }) =>
    Array.from({ length: 60 / minutes }, (_, i) => {
      const at = new Date(openTime + i * minutes * 60_000).toISOString();
      const price = (share: number): number => open + (close - open) * share;
      const [from, to] = [price((i * minutes) / 60), price(((i + 1) * minutes) / 60)];
      const prices = [from, i === 0 ? high : Math.max(from, to), i === 0 ? low : Math.min(from, to), to];
      const cells = [
        at.slice(0, 10).replaceAll('-', '.'),
        at.slice(11, 19),
        ...prices.map((x) => x.toFixed(6)),
      ];
      return [...cells, 100, 0, 5].join('\t');
    }),
  );
  return `<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n${rows.join('\n')}\n`;
}

const BARS = inventedBars(2_050, { momentum: 0.66, seed: 51 });

/** The files that a reader of the pages has. */
function writeFiles(folder: string): void {
  const write = (name: string, content: string | Buffer): void =>
    writeFileSync(path.join(folder, name), content);
  const zipped = (bars: readonly Bar[]): Buffer => gzipSync(toCsv(bars));
  write('EURUSD_h1.csv.gz', zipped(BARS));
  // Through the month that docs/backfill.md corrects.
  const pound = inventedBars(2_400, { seed: 52 });
  write('GBPUSD_h1.csv.gz', zipped(pound));
  write('corrected.csv', toCsv(pound.map((bar) => ({ ...bar, close: bar.open }))));
  write('USDJPY_h1.csv.gz', zipped(inventedBars(2_050, { seed: 53 })));
  write('XAUUSD_h1.csv.gz', zipped(inventedBars(2_050, { seed: 54 })));
  const quotes = Array.from(
    { length: 2_000 },
    (_, i) => `${BARS[0]!.openTime + i * 15_000},1.1,${1.1 + (i % 7) / 1e5}`,
  );
  write('ticks.csv', `ts,bid,ask\n${quotes.join('\n')}\n`);
  const minutes = metaTrader(BARS, 1);
  write('EURUSD_M1.csv', minutes);
  write('EURUSD_M1.zip', zipOf([['EURUSD_M1.csv', minutes]], true));
  write('EURUSD_H1.csv', metaTrader(BARS, 60));
}

/** Trainings that take no longer than they must. */
const SHORT = { SUHO_TRAINING_FOLDS: '1', SUHO_TRAINING_BUDGET_SECONDS: '20', SUHO_CONSOLE_ENABLED: 'false' };

/** A command whose answer is the credential of those after it. */
const AS_KEY = /^export SUHO_API_KEY=\$\((.*)\)$/;

/** A command however the page calls the program. */
const plain = (line: string): string => line.replace('npx suho', 'suho');

/** Commands that ran, whoever ran them. */
const RAN = new Set<string>();

/** Runs commands in a folder of a reader's files, each once. */
class Reader {
  readonly folder: string;
  variables: Readonly<Record<string, string>> = SHORT;
  /** What stands in the pages for what only the reader knows. */
  replaced: readonly (readonly [RegExp, string])[] = [
    // Minutes of search are as many as one likes.
    [/--minutes 20/, '--minutes 0.2'],
  ];

  readonly #ran = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
    writeFiles(folder);
  }

  #note(line: string): void {
    this.#ran.add(plain(line));
    RAN.add(plain(line));
  }

  async run(line: string, page = 'the test'): Promise<string> {
    const typed = this.replaced.reduce((text, [pattern, by]) => text.replace(pattern, by), line);
    const { code, stdout, stderr } = await runCommand(wordsOf(typed), this.variables, this.folder);
    // `suho status` says degraded with 1: bars were withheld while there was no model.
    const isWell = code === 0 || (code === 1 && typed.endsWith('suho status'));
    assert.ok(isWell, `${page}: ${typed}\n${code}\n${stdout}\n${stderr}`);
    this.#note(line);
    return stdout;
  }

  /** Runs the commands of pages that a pattern finds, in their order. */
  async follow(pages: readonly string[], pattern: RegExp): Promise<void> {
    for (const { page, line } of pages.flatMap(linesOf)) {
      const [, command] = AS_KEY.exec(line) ?? [undefined, line];
      if (!/^(npx )?suho /.test(command!) || !pattern.test(line) || this.#ran.has(plain(line))) continue;
      if (ELSEWHERE.some(([elsewhere]) => elsewhere.test(line))) continue;
      const stdout = await this.run(command!, page);
      if (command === line) continue;
      this.variables = { ...this.variables, SUHO_API_KEY: stdout.trim() };
      this.#note(line);
    }
  }
}

/** Commands on files and data folders; the others talk to an engine. */
const ON_FILES =
  /suho (replay|train|backtest|experiment run|relations|bars|backfill|verify|features|sql \w+ '.*' --data|start --data)/;

/** Commands that change nothing of the engine that goes on. */
const OF_AN_ENGINE = /suho (trades|explain|anomalies|status|instruments list|keys create|dead-letters)/;

test('commands on files and data folders run as they are written', async (t) => {
  const reader = new Reader(temporaryFolder(t));
  await reader.follow(
    [
      'README.md',
      'docs/files.md',
      'docs/models.md',
      'docs/stores.md',
      'docs/backfill.md',
      'docs/python-models.md',
    ],
    ON_FILES,
  );
});

test('the development of a model runs as its page has it', async (t) => {
  await new Reader(temporaryFolder(t)).follow(['docs/DEPLOYMENT_WORKFLOW.md'], ON_FILES);
});

test('from an export to a live signal, and all that is said to the engine then', async (t) => {
  const folder = temporaryFolder(t);
  const reader = new Reader(folder);
  await reader.follow(['docs/metatrader.md'], ON_FILES);

  // The engine of the tutorial, on the folder that a model was trained in; the pages call it suho-data elsewhere.
  const engine = startCommand(
    ['start', '--data', 'suho-data', '--no-simulator', '--port', '0'],
    { ...SHORT, SUHO_INFERENCE_DEADLINE_MS: '60000' },
    folder,
  );
  afterTest(t, () => engine.kill('SIGKILL'));
  let said = '';
  engine.stdout!.on('data', (text: Buffer) => (said += text.toString()));
  await eventually('it serves', () => /serving gRPC on/.test(said), 300_000);
  const port = Number(/serving gRPC on \S+:(\d+);/.exec(said)![1]);
  reader.variables = { ...SHORT, SUHO_ADDRESS: `127.0.0.1:${port}` };
  const client = new TestClient(port);
  afterTest(t, () => client.close());

  // Step 5 of the tutorial: the newest bars of the history, then those that follow.
  const after = inventedBars(1_000, { momentum: 0.66, seed: 55, from: BARS.at(-1)!.openTime + HOUR });
  const history = BARS.slice(-200);
  await client.publish(history);
  for (let i = 0; i < 900; i += 300) await client.publish(after.slice(i, i + 300));
  await eventually('the model of the file serves', async () => {
    const { first_models: waiting } = await client.call<EngineHealth>('EngineService', 'GetHealth', {});
    return waiting!.series.length === 0;
  });
  await client.publish(after.slice(900, 960));
  await eventually('its signals are stored', async () => (await signals()).length > 40);

  const [signal] = await signals();
  const trade = 'trade_id,prediction_id,side,quantity,entry_time,entry_price,exit_time,exit_price';
  writeFileSync(
    path.join(folder, 'closed-trades.csv'),
    `${trade}\nt2,${signal!.prediction_id},LONG,10000,2026-11-25T14:00:00Z,1.1577,2026-11-25T18:00:00Z,1.1590\n`,
  );
  reader.replaced = [
    [/PREDICTION_ID|\b[0-9a-f]{8}-[0-9a-f-]{27}\b/, signal!.prediction_id],
    [/acme@published/, 'default@published'],
  ];
  await reader.follow(['docs/metatrader.md', 'README.md', 'docs/explain.md', 'docs/stores.md'], OF_AN_ENGINE);

  async function signals(): Promise<{ prediction_id: string }[]> {
    const answer = await client.call<{ signals: { prediction_id: string }[] }>(
      'SignalService',
      'QuerySignals',
      {
        symbols: ['EURUSD'],
        timeframes: ['TIMEFRAME_1H'],
      },
    );
    return answer.signals;
  }
});

test('no command of the documents is left out without a reason', (t) => {
  const commands = LINES.filter(({ line }) => isCommand(line));
  const notRun = commands.filter(({ line }) => !RAN.has(plain(line)));
  const unexplained = notRun.filter(({ line }) => !ELSEWHERE.some(([pattern]) => pattern.test(line)));
  assert.deepEqual(unexplained, []);
  for (const [pattern, why] of ELSEWHERE)
    assert.ok(
      notRun.some(({ line }) => pattern.test(line)),
      why,
    );
  t.diagnostic(
    `${commands.length} commands in the documents: ${commands.length - notRun.length} ran, ${notRun.length} run elsewhere`,
  );
});
