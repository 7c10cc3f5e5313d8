import type { Label } from '../../actors/features/labels.js';
import { HORIZONS } from '../../actors/features/labels.js';
import type { Committer } from './committer.js';
import type { LogStore, Table } from './log-store.js';

const ANSWERS_BYTES = 120;

/**
 * Ids of what arms beside the serving one said of a bar, by signal actor and bar, until the longest horizon's outcome is
 * known: an outcome is told of each.
 */
export class AnswerTable {
  readonly #committer: Committer;
  readonly #table: Table<readonly string[], [actorId: string, closeTime: number]>;
  /** Outcomes of bars whose answers are still to come, by actor and bar. */
  readonly #early = new Map<string, Label[]>();
  /** What the table holds, those that are not durable yet included. */
  readonly #open = new Map<string, Map<number, readonly string[]>>();

  constructor(store: LogStore, committer: Committer) {
    this.#committer = committer;
    this.#table = store.table('answers');
    for (const { key, value } of this.#table.entries()) this.#of(key[0]).set(key[1], value);
  }

  /** Answers to a bar will come: outcomes that are known before wait for them. */
  expect(actorId: string, closeTime: number): void {
    this.#early.set(`${actorId} ${closeTime}`, []);
  }

  /** Takes the ids of a bar's answers; returns the outcomes that were known before. */
  put(actorId: string, closeTime: number, ids: readonly string[]): readonly Label[] {
    const early = this.#early.get(`${actorId} ${closeTime}`) ?? [];
    this.#early.delete(`${actorId} ${closeTime}`);
    if (ids.length > 0) this.#keep(actorId, closeTime, ids);
    return early;
  }

  #keep(actorId: string, closeTime: number, ids: readonly string[]): void {
    this.#of(actorId).set(closeTime, ids);
    this.#committer.push(ANSWERS_BYTES, () => this.#table.put([actorId, closeTime], ids));
  }

  /** Ids of the answers an outcome is of; with the last horizon's they are forgotten. */
  take(actorId: string, label: Readonly<Label>): readonly string[] {
    const { closeTime, horizon } = label;
    this.#early.get(`${actorId} ${closeTime}`)?.push({ ...label });
    const ids = this.#open.get(actorId)?.get(closeTime);
    if (ids === undefined) return [];
    if (horizon === HORIZONS.length - 1) {
      this.#open.get(actorId)!.delete(closeTime);
      this.#committer.push(0, () => this.#table.remove([actorId, closeTime]));
    }
    return ids;
  }

  /** Forgets an actor's. Inside a transaction. */
  remove(actorId: string): void {
    this.#open.delete(actorId);
    for (const key of Array.from(this.#table.keys({ start: [actorId, 0], end: [actorId, Infinity] })))
      this.#table.remove(key);
  }

  #of(actorId: string): Map<number, readonly string[]> {
    let open = this.#open.get(actorId);
    if (open === undefined) this.#open.set(actorId, (open = new Map<number, readonly string[]>()));
    return open;
  }
}
