import type { Logger } from 'pino';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { Background } from '../background.js';
import type { Clock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { ModelSeries } from '../registry/model-registry.js';
import type { Alert, AlertAct, AlertStore, NewAlert } from './alert-store.js';

/** Alerts that wait for a store that is away; what comes beyond that is dropped and counted. */
const WAITING_MAX = 1_000;
/** How often it is looked whether models that alerts are about still serve. */
const LOOK_MS = 60_000;

export interface AlertCounts {
  /** Alerts that are neither acknowledged nor closed, those that are acknowledged, and those raised since start. */
  readonly open: number;
  readonly acknowledged: number;
  readonly raised: number;
  /** Alerts that the store of alerts has not taken yet, and those that were dropped because too many waited. */
  readonly waiting: number;
  readonly dropped: number;
}

export interface AlertsParts {
  readonly store: AlertStore;
  readonly background: Background;
  readonly clock: Pick<Clock, 'now'>;
  /** Whether the model of an alert has a part in its owner's signals on the series; undefined where that is not known here. */
  readonly isInUse: (alert: Alert) => boolean | undefined;
  /** Tenants the engine serves, the platform among them, and users with signals of their own. */
  readonly owners: () => readonly SignalOwner[];
  /** Tells an alert that was raised, acknowledged or closed, where someone listens. */
  readonly publish: (alert: Alert) => void;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

/**
 * Alerts about models: one of a kind about a model on a series until it is closed, however often its cause is found
 * again. The store may be away: an alert is then known here at once, and kept when the store is back.
 */
export class Alerts {
  readonly #parts: AlertsParts;
  /** Alerts that are not closed, or wait to be kept. */
  readonly #open = new Map<string, Alert | undefined>();
  readonly #listeners = new Set<(alert: Alert) => void>();
  #raised = 0;
  #waiting = 0;
  #dropped = 0;
  #opened: Promise<void> | undefined;

  constructor(parts: AlertsParts) {
    this.#parts = parts;
  }

  /** Reads what is not closed, until the store answers. */
  open(): void {
    const { store, background, owners } = this.#parts;
    this.#opened = background.untilDone('alerts', async () => {
      for (const owner of owners())
        for (const alert of await store.list(owner, false)) this.#open.set(keyOf(alert), alert);
    });
    void background.repeat(LOOK_MS, async () => await this.#closeUnused());
  }

  /** Settles when what was not closed at start is known. */
  async ready(): Promise<void> {
    await this.#opened;
  }

  /** Told of each new alert once it is kept. */
  onRaised(listener: (alert: Alert) => void): void {
    this.#listeners.add(listener);
  }

  /** Of one tenant those that all of it may know, or all there are. */
  counts(tenantId?: string): AlertCounts {
    let open = 0;
    let acknowledged = 0;
    for (const alert of this.#open.values()) {
      if (alert === undefined) continue;
      if (tenantId !== undefined && (alert.tenantId !== tenantId || alert.userId !== undefined)) continue;
      if (alert.state === 'open') open++;
      else acknowledged++;
    }
    return { open, acknowledged, raised: this.#raised, waiting: this.#waiting, dropped: this.#dropped };
  }

  /** Raises an alert, unless one of its kind about its model on its series is not closed yet. */
  raise(alert: NewAlert): void {
    const key = keyOf(alert);
    if (this.#open.has(key)) return;
    if (this.#waiting >= WAITING_MAX) {
      this.#dropped++;
      return;
    }
    this.#open.set(key, undefined);
    this.#raised++;
    this.#waiting++;
    const { seriesId, version, kind, severity, summary } = alert;
    this.#parts.log.warn({ seriesId, version, kind, severity }, summary);
    void this.#parts.background.untilDone(
      `alert ${kind} of ${seriesId}`,
      async () => await this.#keep(key, alert),
    );
  }

  /** As {@link AlertStore.list}. */
  async list(reader: SignalOwner, all: boolean): Promise<Alert[]> {
    return await this.#parts.store.list(reader, all);
  }

  /** As {@link AlertStore.acknowledge}. */
  async acknowledge(reader: SignalOwner, alertId: string, act: AlertAct): Promise<Alert | undefined> {
    return this.#changed(await this.#parts.store.acknowledge(reader, alertId, act));
  }

  /** As {@link AlertStore.close}. */
  async close(reader: SignalOwner, alertId: string, act: AlertAct): Promise<Alert | undefined> {
    return this.#changed(await this.#parts.store.close(reader, alertId, act));
  }

  /** As {@link AlertStore.facts}. */
  async trainingFacts(home: ModelSeries, modelId: string): Promise<Uint8Array | undefined> {
    return await this.#parts.store.facts(home, modelId);
  }

  /** Closes what is open about models that others have taken the place of, also in an earlier run of the engine. */
  async #closeUnused(): Promise<void> {
    const { isInUse, clock, log } = this.#parts;
    for (const alert of this.#open.values()) {
      if (alert === undefined || isInUse(alert) !== false) continue;
      try {
        await this.close(alert, alert.alertId, { by: 'it serves the series no more', at: clock.now() });
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'alerts about models that serve no more stay open for now');
        return;
      }
    }
  }

  async #keep(key: string, alert: NewAlert): Promise<void> {
    const kept = await this.#parts.store.raise(alert);
    this.#waiting--;
    if (kept === undefined) {
      // Another engine raised it, or its model is not in this registry.
      const open = await this.#parts.store.list(alert, false);
      const same = open.find((other) => keyOf(other) === key);
      if (same === undefined) this.#open.delete(key);
      else this.#open.set(key, same);
      return;
    }
    this.#open.set(key, kept);
    for (const listener of this.#listeners) listener(kept);
    this.#parts.publish(kept);
  }

  #changed(alert: Alert | undefined): Alert | undefined {
    if (alert === undefined) return undefined;
    if (alert.state === 'closed') this.#open.delete(keyOf(alert));
    else this.#open.set(keyOf(alert), alert);
    this.#parts.publish(alert);
    return alert;
  }
}

function keyOf({ tenantId, userId, seriesId, modelId, kind }: Alert | NewAlert): string {
  return JSON.stringify([tenantId, userId, seriesId, modelId, kind]);
}
