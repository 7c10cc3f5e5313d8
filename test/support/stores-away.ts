import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The embedded feature store of a data folder cannot take rows while a file lies where its folder should be. */
export class FeatureStoreAway {
  readonly #folder: string;

  constructor(data: string) {
    this.#folder = path.join(data, 'segments');
  }

  begin(): void {
    if (existsSync(`${this.#folder}.away`)) return;
    renameSync(this.#folder, `${this.#folder}.away`);
    writeFileSync(this.#folder, '');
  }

  end(): void {
    if (!existsSync(`${this.#folder}.away`)) return;
    rmSync(this.#folder, { recursive: true });
    renameSync(`${this.#folder}.away`, this.#folder);
  }
}
