import { existsSync, readFileSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { digestOf, filesBelow } from '../backup/files.js';
import { SuhoError } from '../errors.js';
import { copyTree } from '../journal/copy-tree.js';
import { DataFolder, FORMAT, UPGRADE_FILE } from '../journal/data-folder.js';
import { STEPS, type UpgradeStep } from './steps.js';

/** What became of a data folder. */
export interface Upgrade {
  readonly folder: string;
  readonly from: number;
  readonly to: number;
  readonly steps: readonly string[];
  /** Where the folder as it was is; undefined when there was nothing to do. */
  readonly copy: string | undefined;
}

/** An upgrade that has begun to change a folder, as it is written there until it is done. */
interface Begun {
  readonly from: number;
  readonly copy: string;
}

/** What belongs to a process, not to the data. */
const NOT_COPIED = /^(engine\.lock|backups|\.\d+\.(tmp|stale))$/;

/**
 * Makes a data folder that no engine uses one of this version's format. First all of it is copied beside, and the copy compared
 * with it, file by file; then each step that its format needs is done. Ended at any moment, it is continued by being called
 * again; until then no engine opens the folder. Throws `DATA_FOLDER_VERSION` for a format that no step begins with, and what
 * the folder's lock and the steps throw.
 */
export async function upgradeFolder(
  folder: string,
  options: { readonly steps?: readonly UpgradeStep[]; readonly to?: number } = {},
): Promise<Upgrade> {
  const { steps = STEPS, to = FORMAT } = options;
  const data = DataFolder.openOfAnyFormat(folder);
  try {
    const begun = readBegun(data);
    const from = begun?.from ?? data.format();
    const wanted = pathOf(data, from, to, steps);
    if (begun === undefined && wanted.length === 0)
      return { folder: data.path, from: to, to, steps: [], copy: undefined };
    const copy = begun?.copy ?? (await copyBeside(data, Number(from)));
    data.writeWhole(UPGRADE_FILE, JSON.stringify({ from: Number(from), copy } satisfies Begun));
    // Steps before the format that is stated are done.
    const stated = Number(data.format());
    for (const step of wanted.filter((one) => one.from >= stated)) {
      await step.convert(data.path);
      data.writeFormat(step.from + 1);
    }
    rmSync(data.at(UPGRADE_FILE));
    return { folder: data.path, from: Number(from), to, steps: wanted.map(({ what }) => what), copy };
  } finally {
    data.release();
  }
}

function readBegun(data: DataFolder): Begun | undefined {
  const file = data.at(UPGRADE_FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Begun) : undefined;
}

/** The steps from a format to another, in their order. */
function pathOf(
  data: DataFolder,
  from: unknown,
  to: number,
  steps: readonly UpgradeStep[],
): readonly UpgradeStep[] {
  const found: UpgradeStep[] = [];
  for (let format = from; format !== to;) {
    const step = steps.find((one) => one.from === format);
    if (step === undefined)
      throw new SuhoError(
        'DATA_FOLDER_VERSION',
        typeof from === 'number' && from > to
          ? `The data folder ${data.path} has format ${from}, of a newer Suho; this version reads format ${to}. Use that version.`
          : `The data folder ${data.path} has format ${JSON.stringify(from)}, from which this version cannot convert. Bring the history into a new folder with replay or backfill.`,
      );
    found.push(step);
    format = step.from + 1;
  }
  return found;
}

/**
 * Copies a folder beside itself and compares the copy, which appears under its name once it is whole. One that is there already is
 * taken when it is equal: an earlier run ended before it changed anything.
 */
async function copyBeside(data: DataFolder, format: number): Promise<string> {
  const copy = `${data.path}.format-${format}`;
  if (existsSync(copy)) {
    if ((await differing(data, copy)) === undefined) return copy;
    throw new SuhoError(
      'BAD_INPUT',
      `${copy} is there already and differs from the data folder: it may be the copy of an earlier upgrade. Move it away first.`,
    );
  }
  const part = `${copy}.part`;
  await rm(part, { recursive: true, force: true });
  await copyTree(data.path, part, (relative) => NOT_COPIED.test(relative));
  const file = await differing(data, part);
  if (file !== undefined)
    throw new SuhoError(
      'STORE_UNAVAILABLE',
      `The copy of ${data.at(file)} differs from it; another program may be writing there. Nothing was changed.`,
    );
  await rename(part, copy);
  return copy;
}

/** A file of a folder that a copy does not have as it is; undefined when there is none. */
async function differing(data: DataFolder, copy: string): Promise<string | undefined> {
  for (const file of await filesBelow(data.path)) {
    if (NOT_COPIED.test(file.split(path.sep)[0]!)) continue;
    const there = path.join(copy, file);
    if (!existsSync(there)) return file;
    const [one, other] = await Promise.all([digestOf(there), digestOf(data.at(file))]);
    if (one.sha256 !== other.sha256) return file;
  }
  return undefined;
}
