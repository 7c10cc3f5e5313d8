import type { ServerResponse } from 'node:http';
import type { Caller } from '../credentials/caller.js';
import type { Engine } from '../engine.js';
import { SuhoError } from '../errors.js';
import { isFor } from '../instruments/audience.js';
import type { PublishedSignal } from '../publication/subscription.js';
import type { Operations } from './operations.js';
import { rowOfSignal } from './signal-views.js';
import type { HealthView, Update } from './wire.js';

const UPDATE_MS = 1_000;
/** Something is sent at least this often, so that both sides notice a connection that broke. */
const QUIET_MS = 15_000;
/** Pages that are open at once, of all tenants and of one: no tenant shuts the others out. */
const CLIENTS_MAX = 100;
export const CLIENTS_OF_TENANT_MAX = 50;
/** Signals that wait for one page; the oldest are left out first. */
const WAITING_MAX = 200;

/** An open page. */
export interface Client {
  readonly caller: Caller;
  readonly response: ServerResponse;
  /** Id of the series it shows; it was checked that the caller may see it. */
  readonly series: string | undefined;
  readonly wantsHealth: boolean;
}

interface OpenClient extends Client {
  waiting: PublishedSignal[];
  skipped: number;
  /** What it was told last, and when. */
  last: string;
  lastAt: number;
}

/**
 * Tells open pages what is new, once a second: a page that does not read its updates gets fewer, not later ones. Without an
 * open page it neither listens nor has a timer.
 */
export class Events {
  readonly #engine: Engine;
  readonly #operations: Operations;
  readonly #clients = new Map<ServerResponse, OpenClient>();
  #timer: NodeJS.Timeout | undefined;
  #leave: () => void = () => undefined;

  constructor(engine: Engine, operations: Operations) {
    this.#engine = engine;
    this.#operations = operations;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Throws `OVERLOADED` when as many pages are open as may be. */
  assertRoom(tenantId: string): void {
    const own = [...this.#clients.values()].filter(({ caller }) => caller.tenantId === tenantId).length;
    if (own >= CLIENTS_OF_TENANT_MAX || this.#clients.size >= CLIENTS_MAX)
      throw new SuhoError(
        'OVERLOADED',
        `${this.#clients.size} pages of the console are open, ${own} of them your tenant's; ${CLIENTS_MAX} may be, and ${CLIENTS_OF_TENANT_MAX} of one tenant. Close one.`,
      );
  }

  add(client: Client): void {
    const opened: OpenClient = { ...client, waiting: [], skipped: 0, last: '', lastAt: 0 };
    this.#clients.set(client.response, opened);
    if (this.#clients.size === 1) {
      this.#leave = this.#engine.publication.onSignal((published) => this.#take(published));
      this.#timer = setInterval(() => this.#tell(), UPDATE_MS);
    }
    this.#update(opened, this.#operations.health(client.caller), performance.now());
  }

  remove(response: ServerResponse): void {
    if (!this.#clients.delete(response) || this.#clients.size > 0) return;
    this.#leave();
    clearInterval(this.#timer);
  }

  #take(published: PublishedSignal): void {
    for (const client of this.#clients.values()) {
      if (!isFor(this.#engine.instruments, client.caller, published)) continue;
      client.waiting.push(published);
      // Cut in steps, so that a signal costs no more when a page is slow.
      if (client.waiting.length >= 2 * WAITING_MAX) {
        client.waiting.splice(0, WAITING_MAX);
        client.skipped += WAITING_MAX;
      }
    }
  }

  #tell(): void {
    const now = performance.now();
    // Pages of one tenant see the same.
    const known = new Map<string, HealthView>();
    for (const client of this.#clients.values()) {
      const { role, tenantId } = client.caller;
      const whose = role === 'operator' ? '' : tenantId;
      const health = known.get(whose) ?? this.#operations.health(client.caller);
      known.set(whose, health);
      this.#update(client, health, now);
    }
  }

  #update(client: OpenClient, health: HealthView, now: number): void {
    const { response, series, wantsHealth } = client;
    // What it has not read yet is enough for it.
    if (response.writableNeedDrain || response.writableEnded) return;
    const overflow = Math.max(0, client.waiting.length - WAITING_MAX);
    const update: Update = {
      state: health.state,
      degraded: health.degraded,
      signals: client.waiting.slice(overflow).map(({ signal }) => rowOfSignal(signal)),
      skipped: client.skipped + overflow,
      watched: series === undefined ? null : this.#watched(series),
      health: wantsHealth ? health : null,
    };
    client.waiting = [];
    client.skipped = 0;
    const text = JSON.stringify(update);
    if (text !== client.last) {
      client.last = text;
      client.lastAt = now;
      response.write(`event: update\ndata: ${text}\n\n`);
    } else if (now - client.lastAt > QUIET_MS) {
      client.lastAt = now;
      response.write('event: alive\ndata: 1\n\n');
    }
  }

  #watched(id: string): Update['watched'] {
    const { instruments } = this.#engine;
    const last = instruments.lastClosedBar(id);
    return { bars: instruments.barsOf(id), lastBarTime: Number.isNaN(last) ? null : last };
  }
}
