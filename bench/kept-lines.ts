import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Results of a long run in a file of JSON lines, each kept as soon as it is there: a run that is ended goes on where it was. */
export class KeptLines<T> {
  readonly #file: string;
  readonly #all: T[];

  /** `file`, or one of a name in bench/results. */
  constructor(name: string, file: string | undefined) {
    this.#file = file ?? path.join('bench', 'results', `${name}.jsonl`);
    mkdirSync(path.dirname(this.#file), { recursive: true });
    const lines = existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n') : [];
    this.#all = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
  }

  get all(): readonly T[] {
    return this.#all;
  }

  keep(one: T): void {
    this.#all.push(one);
    appendFileSync(this.#file, `${JSON.stringify(one)}\n`);
  }
}
