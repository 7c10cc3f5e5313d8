import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SuhoError, messageOf } from '../errors.js';
import { makePrivateFolder } from './private-folder.js';

/** Version of everything in a data folder together, the journal's tables among it. */
export const FORMAT = 5;
/** Formats that become {@link FORMAT} by being opened: 4 had no write-ahead log before the journal's tables. */
const FORMATS_BEFORE: readonly unknown[] = [4];
const FORMAT_FILE = 'suho.json';
/** There while a folder is being converted (`suho upgrade`). */
export const UPGRADE_FILE = 'upgrade.json';
/** Below this nothing is begun: the stores would fill the disk while they start, each failing in its own words. */
const FREE_BYTES_MIN = 32e6;
/** Times a lock is looked at while others take and leave it. */
const ATTEMPTS_MAX = 5;

/** Start time of a process, where the system tells it: tells a reused id apart. */
function startTimeOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '';
  } catch {
    if (existsSync('/proc/self/stat')) return '';
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .stdout?.trim()
      .replaceAll(/\s+/g, '_');
  }
}

/** Which boot of the machine this is, where the system tells it: process ids and start times repeat after the next. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Whether the process that wrote a lock still runs. A lock that cannot be read is nobody's: locks appear whole. */
function isHeld(lock: string): boolean {
  const [pidText = '', startTime = '', boot = ''] = lock.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  if (boot !== '' && boot !== bootId()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startTime === '' || startTimeOf(pid) === startTime;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A failure to write below a folder, as a sentence: `BAD_CONFIG`, or `STORE_UNAVAILABLE` for a full disk. */
function writeFailure(folder: string, error: unknown): SuhoError {
  if (['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '')) return fullDisk(folder);
  return new SuhoError('BAD_CONFIG', `Cannot write the data folder ${folder}: ${messageOf(error)}.`);
}

/** Something in a data folder is not what it should be, such as a file in place of a folder, as a sentence. */
export function unusable(folder: string, error: unknown): SuhoError {
  return new SuhoError(
    'BAD_CONFIG',
    `The data folder ${folder} cannot be used: ${messageOf(error)}. Repair it, restore it from a copy, or use another one with --data.`,
    { cause: error },
  );
}

/** The disk of a folder is full, as a sentence. */
export function fullDisk(folder: string): SuhoError {
  return new SuhoError(
    'STORE_UNAVAILABLE',
    `The disk of the data folder ${folder} is full; free some space and start again.`,
  );
}

/** A data folder held by this process alone. What the process makes from then on is readable by its own user only. */
export class DataFolder {
  readonly path: string;
  readonly #lockFile: string;
  readonly #content = `${process.pid} ${startTimeOf(process.pid)} ${bootId()}`;

  private constructor(folder: string) {
    this.path = folder;
    this.#lockFile = path.join(folder, 'engine.lock');
  }

  /**
   * Takes a folder, making it if need be. Throws `DATA_FOLDER_IN_USE` when another engine runs on it,
   * `DATA_FOLDER_VERSION` when another version wrote it, `BAD_CONFIG` when it cannot be written and
   * `STORE_UNAVAILABLE` when its disk is full.
   */
  static open(folder: string): DataFolder {
    return DataFolder.#take(folder, (data) => data.#checkVersion());
  }

  /** Takes a folder that is there, whatever its format, to convert it. Throws as {@link open}, and `BAD_INPUT` for no data folder. */
  static openOfAnyFormat(folder: string): DataFolder {
    if (!existsSync(path.join(folder, FORMAT_FILE)))
      throw new SuhoError(
        'BAD_INPUT',
        `${path.resolve(folder)} is no data folder: it has no ${FORMAT_FILE}.`,
      );
    return DataFolder.#take(folder, () => undefined);
  }

  static #take(folder: string, check: (data: DataFolder) => void): DataFolder {
    const data = new DataFolder(path.resolve(folder));
    try {
      makePrivateFolder(data.path, (found) => existsSync(path.join(found, FORMAT_FILE)));
    } catch (error) {
      throw codeOf(error) === 'ENOSPC'
        ? fullDisk(data.path)
        : new SuhoError('BAD_CONFIG', `Cannot create the data folder ${data.path}: ${messageOf(error)}.`);
    }
    // The journal's and the stores' own code makes files as the mask allows.
    process.umask(0o077);
    let isHeldHere = false;
    try {
      data.#lock();
      isHeldHere = true;
      data.#checkSpace();
      check(data);
      return data;
    } catch (error) {
      if (isHeldHere) data.release();
      throw error instanceof SuhoError ? error : unusable(data.path, error);
    }
  }

  /** Path of a room inside the folder. */
  at(...parts: string[]): string {
    return path.join(this.path, ...parts);
  }

  /** Gives the folder up, if it is still this process's. */
  release(): void {
    if (readIfThere(this.#lockFile) === this.#content) rmSync(this.#lockFile, { force: true });
  }

  #checkSpace(): void {
    const { bavail, bsize } = statfsSync(this.path);
    const free = bavail * bsize;
    if (free >= FREE_BYTES_MIN) return;
    throw new SuhoError(
      'STORE_UNAVAILABLE',
      `The disk of the data folder ${this.path} is full: ${(free / 1e6).toFixed(0)} MB are free, at least ${FREE_BYTES_MIN / 1e6} MB are needed; free some space and start again.`,
    );
  }

  /** Writes a file that appears whole, durably. */
  writeWhole(name: string, content: string): void {
    this.#write(content, (whole) => renameSync(whole, this.at(name)));
  }

  /** States the folder's format. */
  writeFormat(format: number): void {
    this.writeWhole(FORMAT_FILE, `${JSON.stringify({ format })}\n`);
  }

  /** The format that a folder states, not checked. Throws `DATA_FOLDER_VERSION` when it cannot be read. */
  format(): unknown {
    const file = this.at(FORMAT_FILE);
    const text = readFileSync(file, 'utf8');
    try {
      return (JSON.parse(text) as { format?: unknown } | null)?.format;
    } catch {
      throw new SuhoError(
        'DATA_FOLDER_VERSION',
        `The file ${file} is damaged: write {"format":${FORMAT}} into it if this version of Suho made the folder, or use another folder with --data.`,
      );
    }
  }

  #checkVersion(): void {
    if (existsSync(this.at(UPGRADE_FILE)))
      throw new SuhoError(
        'DATA_FOLDER_VERSION',
        `The upgrade of the data folder ${this.path} was interrupted; continue it with suho upgrade --data ${this.path}.`,
      );
    if (!existsSync(this.at(FORMAT_FILE))) return this.writeFormat(FORMAT);
    const format = this.format();
    if (format === FORMAT) return undefined;
    if (FORMATS_BEFORE.includes(format)) return this.writeFormat(FORMAT);
    throw new SuhoError(
      'DATA_FOLDER_VERSION',
      `The data folder ${this.path} has format ${JSON.stringify(format) ?? 'unknown'}; this version of Suho reads format ${FORMAT}. Use another folder with --data.`,
    );
  }

  /** Writes a file beside, which `place` then makes appear whole. */
  #write(content: string, place: (whole: string) => void): void {
    const whole = this.at(`.${process.pid}.tmp`);
    try {
      writeFileSync(whole, content, { mode: 0o600, flush: true });
      place(whole);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw error;
      throw writeFailure(this.path, error);
    } finally {
      rmSync(whole, { force: true });
    }
  }

  #lock(): void {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      try {
        // Unlike a rename, a link fails where the lock is there.
        this.#write(this.#content, (whole) => linkSync(whole, this.#lockFile));
        return;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
      const found = readIfThere(this.#lockFile);
      if (found === undefined) continue;
      if (isHeld(found))
        throw new SuhoError(
          'DATA_FOLDER_IN_USE',
          `The data folder ${this.path} is in use by another engine (process ${found.split(' ')[0]}).`,
        );
      this.#removeStale(found);
    }
    throw new SuhoError(
      'DATA_FOLDER_IN_USE',
      `Another engine is just taking the data folder ${this.path}; try again.`,
    );
  }

  /** Takes away a lock that nobody holds. One that another engine has put in its place meanwhile goes back. */
  #removeStale(stale: string): void {
    const aside = this.at(`.${process.pid}.stale`);
    try {
      renameSync(this.#lockFile, aside);
      if (readFileSync(aside, 'utf8') !== stale) linkSync(aside, this.#lockFile);
    } catch (error) {
      if (!['ENOENT', 'EEXIST'].includes(codeOf(error) ?? '')) throw writeFailure(this.path, error);
    } finally {
      rmSync(aside, { force: true });
    }
  }
}
