import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SuhoError, messageOf } from '../errors.js';
import type { RelationSnapshot, RelationStore } from './relation-store.js';

/** Relations as JSON files in a folder: `TENANT/TIMEFRAME/MOMENT.json`. */
export class FolderRelationStore implements RelationStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async keep(snapshot: RelationSnapshot): Promise<void> {
    const room = this.#room(snapshot.tenantId, snapshot.timeframe);
    const file = path.join(room, `${snapshot.at}.json`);
    try {
      mkdirSync(room, { recursive: true });
      writeFileSync(`${file}.part`, JSON.stringify(snapshot));
      renameSync(`${file}.part`, file);
      await Promise.resolve();
    } catch (error) {
      throw new SuhoError('STORE_UNAVAILABLE', `Relations cannot be written: ${messageOf(error)}.`, {
        cause: error,
      });
    }
  }

  async asOf(tenantId: string, timeframe: string, at: number): Promise<RelationSnapshot | undefined> {
    const room = this.#room(tenantId, timeframe);
    if (!existsSync(room)) return undefined;
    const newest = readdirSync(room)
      .filter((name) => name.endsWith('.json'))
      .map((name) => Number(name.slice(0, -'.json'.length)))
      .filter((moment) => moment <= at)
      .reduce((latest, moment) => Math.max(latest, moment), -1);
    if (newest < 0) return undefined;
    return await Promise.resolve(
      JSON.parse(readFileSync(path.join(room, `${newest}.json`), 'utf8')) as RelationSnapshot,
    );
  }

  #room(tenantId: string, timeframe: string): string {
    return path.join(this.#folder, encodeURIComponent(tenantId), timeframe);
  }
}
