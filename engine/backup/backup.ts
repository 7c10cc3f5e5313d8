import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { copyOwnCluster } from '../database/own-cluster.js';
import { SuhoError, systemFailure } from '../errors.js';
import { exportTables, importTables } from '../feature-store/table-copy.js';
import { copyTree } from '../journal/copy-tree.js';
import { copyJournal } from '../journal/journal-copy.js';
import { VERSION } from '../version.js';
import { digestOf, filesBelow } from './files.js';

const MANIFEST = 'backup.json';
const TABLES = 'clickhouse-tables';
/** What is copied in a way of its own, and what belongs to the running process. */
const OWN_WAY = new Set(['journal', 'postgres', 'clickhouse', 'segments', 'engine.lock', 'backups']);
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** A file of a backup. */
interface BackedUpFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

interface Manifest {
  /** Version of the engine that made it. */
  readonly version: string;
  /** When it was begun, epoch milliseconds UTC: what was acknowledged before is in it. */
  readonly time: number;
  readonly files: readonly BackedUpFile[];
}

/** What a backup became. */
export interface BackupReport {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

/** What a backup needs of the engine that runs on the data folder. */
export interface BackupSource {
  readonly folder: string;
  readonly isClickHouseEmbedded: boolean;
  /** Brings all that is durable into the journal's tables. */
  compactJournal(): Promise<void>;
}

/**
 * Copies the data folder of a running engine into `to/name`, which appears once it is whole. The journal is copied first: stores
 * that are copied after it hold at least what its offsets say, and writing the rest again is a no-op. So a restored engine
 * continues from the moment of the journal's copy. Throws `BAD_INPUT` for a name that is none or is taken, and `BAD_CONFIG` where
 * nothing can be written.
 */
export async function makeBackup(source: BackupSource, to: string, name: string): Promise<BackupReport> {
  if (!NAME.test(name))
    throw new SuhoError('BAD_INPUT', 'name: 1 to 100 letters, digits, dots, dashes and underscores.');
  const folder = path.join(to, name);
  if (existsSync(folder))
    throw new SuhoError('BAD_INPUT', `name: there is ${folder} already; choose another name.`);
  const part = path.join(to, `.${name}.part`);
  try {
    await mkdir(to, { recursive: true, mode: 0o700 });
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { mode: 0o700 });
    const time = Date.now();
    await source.compactJournal();
    await copyJournal(path.join(source.folder, 'journal'), path.join(part, 'journal'));
    await copyOwnCluster(path.join(source.folder, 'postgres'), path.join(part, 'postgres'));
    if (source.isClickHouseEmbedded)
      await exportTables(path.join(source.folder, 'clickhouse'), path.join(part, TABLES));
    await copyTree(
      source.folder,
      part,
      (relative) => OWN_WAY.has(relative) || /^\.\d+\.(tmp|stale)$/.test(relative),
    );
    const files = await describe(part);
    const manifest: Manifest = { version: VERSION, time, files };
    await writeFile(path.join(part, MANIFEST), `${JSON.stringify(manifest)}\n`, { mode: 0o600, flush: true });
    await rename(part, folder);
    return { folder, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  } catch (error) {
    await rm(part, { recursive: true, force: true }).catch(() => undefined);
    const system = systemFailure(error);
    if (system === undefined) throw error;
    throw new SuhoError('BAD_CONFIG', `The backup cannot be written (backup.folder): ${system}.`);
  }
}

async function describe(folder: string): Promise<BackedUpFile[]> {
  const files: BackedUpFile[] = [];
  for (const file of await filesBelow(folder))
    files.push({ path: file, ...(await digestOf(path.join(folder, file))) });
  return files;
}

function readManifest(text: string, file: string): Manifest {
  try {
    const manifest = JSON.parse(text) as Manifest;
    if (Array.isArray(manifest.files)) return manifest;
  } catch {
    // Said below.
  }
  throw new SuhoError('BAD_FILE', `The backup is damaged: ${file} cannot be read; use another backup.`);
}

/**
 * Makes a data folder from a backup, after every file was found to be what it was. Throws `BAD_FILE` for a damaged or unfinished
 * backup and `BAD_INPUT` when there is something in the data folder.
 */
export async function restoreBackup(backup: string, data: string): Promise<BackupReport> {
  const file = path.join(backup, MANIFEST);
  if (!existsSync(file))
    throw new SuhoError('BAD_FILE', `${backup} is no backup: it has no ${MANIFEST}. suho backup makes one.`);
  if (existsSync(data) && (await readdir(data)).length > 0)
    throw new SuhoError(
      'BAD_INPUT',
      `There is something in ${data}; restore into a folder that is not there yet.`,
    );
  const { files } = readManifest(await readFile(file, 'utf8'), file);
  for (const { path: name, bytes, sha256 } of files) {
    const where = path.join(backup, name);
    const found = existsSync(where) ? await digestOf(where) : undefined;
    if (found?.sha256 !== sha256)
      throw new SuhoError(
        'BAD_FILE',
        `The backup is damaged: ${where} is not what it was; use another backup.`,
      );
    if (found.bytes !== bytes)
      throw new SuhoError('BAD_FILE', `The backup is damaged: the size of ${where}.`);
  }
  const part = `${path.resolve(data)}.part`;
  await rm(part, { recursive: true, force: true });
  try {
    await copyTree(backup, part, (relative) => relative === MANIFEST || relative === TABLES);
    if (existsSync(path.join(backup, TABLES)))
      await importTables(path.resolve(backup, TABLES), path.join(part, 'clickhouse'));
    if (existsSync(data)) await rm(data, { recursive: true });
    await rename(part, data);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
  return { folder: data, files: files.length, bytes: files.reduce((sum, one) => sum + one.bytes, 0) };
}
