import { createHash } from 'node:crypto';
import { constants, createReadStream, existsSync, mkdirSync } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { SuhoError, messageOf } from '../errors.js';
import type { ArtifactPlace, ArtifactStore } from './artifact-store.js';

/** Model files in a folder: `SHA256.onnx`. */
export class FolderArtifactStore implements ArtifactStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = path.resolve(folder);
  }

  async put(_place: ArtifactPlace, bytes: Uint8Array): Promise<{ sha256: string; uri: string }> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = this.#file(sha256);
    mkdirSync(this.#folder, { recursive: true });
    if (!existsSync(file)) await writeWhole(file, bytes);
    return { sha256, uri: pathToFileURL(file).href };
  }

  async fetch(_place: ArtifactPlace, sha256: string): Promise<void> {
    this.path(sha256);
  }

  has(sha256: string): boolean {
    return existsSync(this.#file(sha256));
  }

  path(sha256: string): string {
    const file = this.#file(sha256);
    if (!existsSync(file)) throw new SuhoError('NOT_FOUND', `There is no model file ${sha256} here.`);
    return file;
  }

  /** Path of a file that is still coming. */
  partial(sha256: string): string {
    mkdirSync(this.#folder, { recursive: true });
    return `${this.#file(sha256)}.part`;
  }

  /** Takes a file that has come. Throws `BAD_MODEL`, and drops it, when it is not what its name says. */
  async complete(sha256: string): Promise<void> {
    const file = this.partial(sha256);
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
    const found = hash.digest('hex');
    if (found !== sha256) {
      await rm(file, { force: true });
      throw new SuhoError('BAD_MODEL', `The model file ${sha256} came as ${found}: it is refused.`);
    }
    await rename(file, this.#file(sha256));
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

  #file(sha256: string): string {
    return path.join(this.#folder, `${sha256}.onnx`);
  }
}

/** Writes a file so that it is there whole or not at all. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
