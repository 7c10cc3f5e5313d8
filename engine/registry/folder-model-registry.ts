import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { SuhoError } from '../errors.js';
import type { ModelRecord, ModelRegistry } from './model-registry.js';

/** A registry in a folder: `artifacts/SHA256.onnx` and `models/FEED-SYMBOL-TIMEFRAME-VERSION.json`. */
export class FolderModelRegistry implements ModelRegistry {
  readonly #artifacts: string;
  readonly #models: string;

  constructor(folder: string) {
    this.#artifacts = path.join(folder, 'artifacts');
    this.#models = path.join(folder, 'models');
    mkdirSync(this.#artifacts, { recursive: true });
    mkdirSync(this.#models, { recursive: true });
  }

  async putArtifact(bytes: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = this.#artifactFile(sha256);
    if (!existsSync(file)) await writeWhole(file, bytes);
    return sha256;
  }

  artifactPath(sha256: string): string {
    const file = this.#artifactFile(sha256);
    if (!existsSync(file)) throw new SuhoError('NOT_FOUND', `The registry has no artifact ${sha256}.`);
    return file;
  }

  async put(record: ModelRecord): Promise<void> {
    const name = [record.feed, record.symbol, record.timeframe, record.version]
      .map(encodeURIComponent)
      .join('~');
    await writeWhole(
      path.join(this.#models, `${name}.json`),
      new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`),
    );
  }

  list(series?: {
    readonly feed: string;
    readonly symbol: string;
    readonly timeframe: string;
  }): ModelRecord[] {
    return readdirSync(this.#models)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(path.join(this.#models, name), 'utf8')) as ModelRecord)
      .filter(
        (record) =>
          series === undefined ||
          (record.feed === series.feed &&
            record.symbol === series.symbol &&
            record.timeframe === series.timeframe),
      )
      .sort((a, b) => a.trainedThrough - b.trainedThrough);
  }

  #artifactFile(sha256: string): string {
    return path.join(this.#artifacts, `${sha256}.onnx`);
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
