import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { SuhoError, messageOf } from '../errors.js';
import type { ArtifactPlace, ArtifactStore } from './artifact-store.js';

/** A file that is still coming: `SHA256.onnx.UUID.part`; earlier versions wrote `.tmp` too. */
const PARTIAL = /\.(part|tmp)$/;
/** Untouched for so long, a file that is still coming has nobody who writes it. */
const ABANDONED_MS = 3_600_000;

/** Model files in a folder: `SHA256.onnx`. */
export class FolderArtifactStore implements ArtifactStore {
  readonly #folder: string;
  /** Files whose bytes were found to be right, with the size and time they had then. */
  readonly #verified = new Map<string, string>();
  readonly #verifying = new Map<string, Promise<boolean>>();

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
    this.#removeAbandoned();
  }

  async put(_place: ArtifactPlace, bytes: Uint8Array): Promise<{ sha256: string; uri: string }> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = this.#file(sha256);
    if (!(await this.has(sha256))) await this.receive(sha256, [bytes]);
    return { sha256, uri: pathToFileURL(file).href };
  }

  async fetch(_place: ArtifactPlace, sha256: string): Promise<void> {
    const file = this.path(sha256);
    if (!(await this.has(sha256)))
      throw new SuhoError(
        'BAD_MODEL',
        `The model file ${file} is damaged: its SHA-256 is not its name. Restore it from a backup, or train the model again.`,
      );
  }

  /** Whether a file is here and has the bytes that its name says. */
  async has(sha256: string): Promise<boolean> {
    const file = this.#file(sha256);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return false;
    const state = `${stats.size}/${stats.mtimeMs}/${stats.ctimeMs}/${stats.ino}`;
    if (this.#verified.get(sha256) === state) return true;
    let verifying = this.#verifying.get(sha256);
    if (verifying === undefined) {
      verifying = hashOf(file).then((found) => found === sha256);
      this.#verifying.set(sha256, verifying);
      const forget = (): boolean => this.#verifying.delete(sha256);
      verifying.then(forget, forget);
    }
    const whole = await verifying;
    if (whole) this.#verified.set(sha256, state);
    return whole;
  }

  path(sha256: string): string {
    const file = this.#file(sha256);
    if (!existsSync(file)) throw new SuhoError('NOT_FOUND', `There is no model file ${sha256} here.`);
    return file;
  }

  /**
   * Takes a file piece by piece; it is there whole and durable afterwards, or not at all. Throws `BAD_MODEL` when it is
   * not what its name says.
   */
  async receive(sha256: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    mkdirSync(this.#folder, { recursive: true });
    const partial = `${this.#file(sha256)}.${randomUUID()}.part`;
    try {
      const found = await writeDurably(partial, pieces);
      if (found !== sha256)
        throw new SuhoError('BAD_MODEL', `The model file ${sha256} came as ${found}: it is refused.`);
      await rename(partial, this.#file(sha256));
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    await syncFolder(this.#folder);
  }

  async probe(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true });
    try {
      await access(this.#folder, constants.W_OK);
    } catch (error) {
      throw new SuhoError('STORE_UNAVAILABLE', `Model files cannot be written: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  close(): void {}

  /** Removes what downloads of processes that died left behind. Another process may write its own here now. */
  #removeAbandoned(): void {
    if (!existsSync(this.#folder)) return;
    for (const name of readdirSync(this.#folder)) {
      if (!PARTIAL.test(name)) continue;
      const file = path.join(this.#folder, name);
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_MS) rmSync(file, { force: true });
    }
  }

  #file(sha256: string): string {
    return path.join(this.#folder, `${sha256}.onnx`);
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Writes pieces to a new file and makes them durable; returns their SHA-256. */
async function writeDurably(
  file: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(file, 'wx');
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      await handle.writeFile(piece);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** Makes a rename durable: the name is the folder's own content. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
