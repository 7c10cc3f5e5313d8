import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Bar } from '../../actors/market/bar.js';
import { runCommand, startCommand } from './command.js';
import { inventedBars, toCsv } from './markets.js';
import { importedModel } from './imported-models.js';
import { zipOf } from './zip.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Shown {
  readonly page: string;
  /** As the page has it, on one line. */
  readonly line: string;
}

/** Lines of the code blocks of a page that have no language: what is typed into a shell, and what that answers. */
export function linesOf(page: string): Shown[] {
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

/** Every command that the documents show. */
export const COMMANDS = PAGES.flatMap(linesOf).filter(({ line }) =>
  /^(npx suho|suho|npm|npx|go|grpcurl|python3|venv|PYTHONPATH|SUHO_\w+=|export|cd) ?/.test(line),
);

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

/** The bars of the reader's EURUSD. */
export const BARS = inventedBars(2_050, { momentum: 0.66, seed: 51 });

/** The files that a reader of the pages has. */
function writeFiles(folder: string): void {
  const write = (name: string, content: string | Uint8Array): void =>
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
  const trainedThrough = BARS[1_500]!.openTime;
  write('model.onnx', importedModel('row', trainedThrough));
  write('lstm.onnx', importedModel('sequence', trainedThrough));
}

/** Trainings that take no longer than they must. */
export const SHORT = {
  SUHO_TRAINING_FOLDS: '1',
  SUHO_TRAINING_BUDGET_SECONDS: '20',
  SUHO_CONSOLE_ENABLED: 'false',
};

/** A command whose answer is the credential of those after it. */
const AS_KEY = /^export SUHO_API_KEY=\$\((.*)\)$/;

/** A command however the page calls the program. */
export const plain = (line: string): string => line.replace('npx suho', 'suho');

/** Commands that ran, whoever ran them. */
export const RAN = new Set<string>();

/** Runs commands in a folder of a reader's files, each once. */
export class Reader {
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

  #typed(line: string): string {
    return this.replaced.reduce((text, [pattern, by]) => text.replace(pattern, by), line);
  }

  /** Runs a command to its end, and gives what it wrote. */
  async run(line: string, page = 'the test'): Promise<string> {
    const typed = this.#typed(line);
    const { code, stdout, stderr } = await runCommand(wordsOf(typed), this.variables, this.folder);
    // `suho status` says degraded with 1: bars were withheld while there was no model.
    const isWell = code === 0 || (code === 1 && typed.endsWith('suho status'));
    assert.ok(isWell, `${page}: ${typed}\n${code}\n${stdout}\n${stderr}`);
    this.#note(line);
    return stdout;
  }

  /** Starts a command that goes on until it is ended, with further options. */
  start(
    line: string,
    more: readonly string[] = [],
    variables: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    assert.ok(
      COMMANDS.some((shown) => plain(shown.line) === plain(line)),
      `no page has: ${line}`,
    );
    this.#note(line);
    return startCommand(
      [...wordsOf(this.#typed(line)), ...more],
      { ...this.variables, ...variables },
      this.folder,
    );
  }

  /** Runs the commands of pages that a pattern finds, in their order. */
  async follow(pages: readonly string[], pattern: RegExp): Promise<void> {
    for (const { page, line } of pages.flatMap(linesOf)) {
      const [, command] = AS_KEY.exec(line) ?? [undefined, line];
      if (!/^(npx )?suho /.test(command!) || !pattern.test(line) || this.#ran.has(plain(line))) continue;
      const stdout = await this.run(command!, page);
      if (command === line) continue;
      this.variables = { ...this.variables, SUHO_API_KEY: stdout.trim() };
      this.#note(line);
    }
  }
}
