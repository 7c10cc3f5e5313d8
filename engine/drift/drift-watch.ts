import type { Logger } from 'pino';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import type { Label } from '../../actors/features/labels.js';
import type { FeatureRow } from '../../actors/messages.js';
import type { ModelEvidence } from '../../actors/signals/evidence.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { Clock } from '../clock.js';
import type { Background } from '../background.js';
import { messageOf } from '../errors.js';
import { readSignalActorId, seriesIdentity } from '../instruments/ids.js';
import type { ModelSeries } from '../registry/model-registry.js';
import type { AlertStore } from './alert-store.js';
import type { Alerts } from './alerts.js';
import { describeFinding } from './findings.js';
import { ModelMonitor, type Finding } from './model-monitor.js';
import { decodeMonitor, encodeMonitor } from './monitor-codec.js';
import type { MonitorStates } from './monitor-states.js';
import { decodeFacts } from './training-facts.js';

/** Monitors at most, of 40 KB each. */
const MONITORS_MAX = 4_000;
/** Rows of a series after which a model that answered none serves it no more. */
const ENDED_AFTER = 256;
/** How often what changed is written: a crash costs a monitor no more than this of what it saw. */
const SAVE_EVERY_MS = 300_000;
/** How long a stop waits for states to be written. */
const STOP_MS = 5_000;

/** A model on a series, and how far its monitor is. */
interface Watched {
  readonly key: string;
  readonly seriesId: string;
  readonly modelId: string;
  readonly version: string;
  readonly of: WatchedModel;
  /** `no_facts`: it was registered without what a monitor compares with. */
  state: 'loading' | 'watching' | 'no_facts';
  monitor: ModelMonitor | undefined;
  /** Rows of the series when it last gave an answer. */
  answeredAt: number;
  isDirty: boolean;
}

interface WatchedSeries {
  rows: number;
  /** By their keys. */
  readonly models: Map<string, Watched>;
}

/** A model that answers on a series. */
interface WatchedModel {
  /** Whose alerts are about it. */
  readonly owner: SignalOwner;
  /** As what it is registered. */
  readonly home: ModelSeries;
}

export interface DriftCounts {
  /** Models that are watched on a series; those whose training left nothing to compare with; those beyond the limit. */
  readonly watching: number;
  readonly withoutReference: number;
  readonly beyondLimit: number;
}

export interface DriftWatchParts {
  readonly store: Pick<AlertStore, 'facts'>;
  readonly states: MonitorStates;
  readonly alerts: Pick<Alerts, 'raise'>;
  /** The model that answered a signal actor; undefined for one of which the signals of others tell. */
  readonly modelOf: (actorId: string, model: ModelEvidence) => WatchedModel | undefined;
  readonly background: Pick<Background, 'untilDone' | 'repeat'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}

/** Has a monitor for each model that answers on a series, and raises what they find. It never throws into the path of a signal. */
export class DriftWatch {
  readonly #parts: DriftWatchParts;
  readonly #series = new Map<string, WatchedSeries>();
  #size = 0;
  #beyondLimit = 0;
  #stopped = false;

  constructor(parts: DriftWatchParts) {
    this.#parts = parts;
  }

  /** Begins to write states now and then. */
  open(): void {
    void this.#parts.background.repeat(SAVE_EVERY_MS, async () => await this.#save());
  }

  /** Takes a new row of a series. */
  see({ seriesId, closeTime, model }: Pick<FeatureRow, 'seriesId' | 'closeTime' | 'model'>): void {
    const series = this.#series.get(seriesId);
    if (series === undefined) return;
    series.rows++;
    for (const watched of series.models.values())
      if (watched.monitor !== undefined) this.#note(watched, watched.monitor.see(closeTime, model));
    if (series.rows % ENDED_AFTER === 0) this.#endUnused(series);
  }

  /** Takes what a model answered for a row of a signal actor. */
  answered(actorId: string, closeTime: number, evidence: ModelEvidence): void {
    const of = this.#parts.modelOf(actorId, evidence);
    if (of === undefined) return;
    const { seriesId } = readSignalActorId(actorId);
    let series = this.#series.get(seriesId);
    if (series === undefined) this.#series.set(seriesId, (series = { rows: 0, models: new Map() }));
    const { modelId, version, probabilities, anomaly } = evidence;
    const key = keyOf(seriesId, modelId, of.owner);
    const watched = series.models.get(key) ?? this.#watch(series, { key, seriesId, modelId, version, of });
    if (watched === undefined) return;
    watched.answeredAt = series.rows;
    if (watched.monitor !== undefined)
      this.#note(watched, watched.monitor.answered(closeTime, probabilities, anomaly));
  }

  /** Takes what came of an earlier row of a series over one horizon. */
  resolved(actorId: string, label: Readonly<Label>): void {
    const { seriesId, userId } = readSignalActorId(actorId);
    // A user's own signals may be behind his tenant's: what came of a bar is told after what was said of it.
    for (const watched of this.#series.get(seriesId)?.models.values() ?? [])
      if (watched.monitor !== undefined && watched.of.owner.userId === userId)
        this.#note(watched, watched.monitor.resolved(label));
  }

  counts(): DriftCounts {
    let watching = 0;
    let withoutReference = 0;
    for (const { models } of this.#series.values())
      for (const { state } of models.values()) {
        if (state === 'watching') watching++;
        if (state === 'no_facts') withoutReference++;
      }
    return { watching, withoutReference, beyondLimit: this.#beyondLimit };
  }

  /** Writes what changed and ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    let timer: { cancel(): void } | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#parts.clock.setTimeout(resolve, STOP_MS);
    });
    await Promise.race([this.#save(), late]);
    timer?.cancel();
  }

  #watch(
    series: WatchedSeries,
    model: Pick<Watched, 'key' | 'seriesId' | 'modelId' | 'version' | 'of'>,
  ): Watched | undefined {
    if (this.#size >= MONITORS_MAX) {
      this.#beyondLimit++;
      return undefined;
    }
    const { key } = model;
    const watched: Watched = {
      ...model,
      state: 'loading',
      monitor: undefined,
      answeredAt: series.rows,
      isDirty: false,
    };
    series.models.set(key, watched);
    this.#size++;
    void this.#parts.background.untilDone(`monitor of ${key}`, async () => await this.#load(watched));
    return watched;
  }

  async #load(watched: Watched): Promise<void> {
    const { store, states, log } = this.#parts;
    const { seriesId, modelId, version, of, key } = watched;
    const bytes = await store.facts(of.home, modelId);
    const facts = bytes === undefined ? undefined : decodeFacts(bytes, FEATURE_COUNT);
    if (facts === undefined) {
      watched.state = 'no_facts';
      log.warn(
        { seriesId, version },
        'the model keeps no reference of its training: its drift is not watched',
      );
      return;
    }
    const monitor = new ModelMonitor(facts, seriesIdentity(seriesId).timeframe);
    try {
      const kept = await states.load(key);
      const state = kept === undefined ? undefined : decodeMonitor(kept);
      if (state !== undefined) monitor.restore(state);
    } catch (error) {
      log.warn({ key, error: messageOf(error) }, 'the state of a monitor cannot be read; it begins anew');
    }
    watched.monitor = monitor;
    watched.state = 'watching';
  }

  #note(watched: Watched, finding: Finding | undefined): void {
    watched.isDirty = true;
    if (finding === undefined) return;
    const { seriesId, modelId, version, of } = watched;
    this.#parts.alerts.raise({
      tenantId: of.owner.tenantId,
      userId: of.owner.userId,
      seriesId,
      home: of.home,
      modelId,
      version,
      raisedAt: this.#parts.clock.now(),
      ...describeFinding(finding),
    });
  }

  /** Ends the monitors of models that others have taken the place of. */
  #endUnused({ models, rows }: WatchedSeries): void {
    const { states, log } = this.#parts;
    for (const watched of models.values()) {
      if (rows - watched.answeredAt < ENDED_AFTER) continue;
      const { key } = watched;
      models.delete(key);
      this.#size--;
      states
        .remove(key)
        .catch((error: unknown) => log.warn({ key, error: messageOf(error) }, 'a monitor is not removed'));
    }
  }

  async #save(): Promise<void> {
    const { states, log } = this.#parts;
    for (const { models } of this.#series.values()) {
      for (const watched of models.values()) {
        if (!watched.isDirty || watched.monitor === undefined) continue;
        watched.isDirty = false;
        try {
          await states.save(watched.key, encodeMonitor(watched.monitor.state));
        } catch (error) {
          watched.isDirty = true;
          log.warn({ key: watched.key, error: messageOf(error) }, 'the state of a monitor is not written');
          if (this.#stopped) return;
        }
      }
    }
  }
}

/** Names a monitor: one file may be registered on several levels. */
function keyOf(seriesId: string, modelId: string, { tenantId, userId }: SignalOwner): string {
  const key = `${seriesId}|${modelId}`;
  if (userId === undefined && seriesIdentity(seriesId).tenantId === tenantId) return key;
  return `${key}|${tenantId}${userId === undefined ? '' : `/${encodeURIComponent(userId)}`}`;
}
