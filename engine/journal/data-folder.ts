import { mkdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { SuhoError, messageOf } from '../errors.js';

/** Version of everything in a data folder together. */
const FORMAT = 3;

/** Start time of a process in clock ticks since boot, where the system tells it; tells a reused id apart. */
function startTimeOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isRunning(pid: number, startTime: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return startTimeOf(pid) === startTime;
}

/** Makes a folder and those above it. Step by step: Node's own recursion never ends where nothing may be made, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder);
}

/** A data folder held by this process alone. */
export class DataFolder {
  readonly path: string;
  readonly #lockFile: string;

  private constructor(folder: string) {
    this.path = folder;
    this.#lockFile = path.join(folder, 'engine.lock');
  }

  /**
   * Takes a folder, making it if need be. Throws `DATA_FOLDER_IN_USE` when another engine runs on it,
   * `DATA_FOLDER_VERSION` when another version wrote it and `BAD_CONFIG` when it cannot be written.
   */
  static open(folder: string): DataFolder {
    const data = new DataFolder(path.resolve(folder));
    try {
      makeFolder(data.path);
    } catch (error) {
      throw new SuhoError('BAD_CONFIG', `The data folder ${data.path} cannot be made: ${messageOf(error)}.`);
    }
    data.#checkVersion();
    data.#lock();
    return data;
  }

  /** Path of a room inside the folder. */
  at(...parts: string[]): string {
    return path.join(this.path, ...parts);
  }

  release(): void {
    rmSync(this.#lockFile, { force: true });
  }

  #checkVersion(): void {
    const file = this.at('suho.json');
    if (existsSync(file)) {
      let format: unknown;
      try {
        format = (JSON.parse(readFileSync(file, 'utf8')) as { format?: unknown }).format;
      } catch {
        format = 'unreadable';
      }
      if (format === FORMAT) return;
      throw new SuhoError(
        'DATA_FOLDER_VERSION',
        `The data folder ${this.path} has format ${String(format)}; this version of Suho reads format ${FORMAT}. Use another folder with --data.`,
      );
    }
    try {
      writeFileSync(file, `${JSON.stringify({ format: FORMAT })}\n`);
    } catch (error) {
      throw new SuhoError(
        'BAD_CONFIG',
        `The data folder ${this.path} cannot be written: ${messageOf(error)}.`,
      );
    }
  }

  #lock(): void {
    const content = `${process.pid} ${startTimeOf(process.pid)}`;
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        writeFileSync(this.#lockFile, content, { flag: 'wx' });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          throw new SuhoError(
            'BAD_CONFIG',
            `The data folder ${this.path} cannot be written: ${messageOf(error)}.`,
          );
        }
      }
      const [pid = '', startTime = ''] = readFileSync(this.#lockFile, 'utf8').split(' ');
      if (isRunning(Number(pid), startTime)) {
        throw new SuhoError(
          'DATA_FOLDER_IN_USE',
          `The data folder ${this.path} is in use by another engine (process ${pid}).`,
        );
      }
      rmSync(this.#lockFile, { force: true });
    }
    throw new SuhoError(
      'DATA_FOLDER_IN_USE',
      `The data folder ${this.path} is being taken by another engine.`,
    );
  }
}
