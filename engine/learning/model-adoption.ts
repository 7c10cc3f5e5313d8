import { isOfCurrentFeatures } from '../../actors/signals/route.js';
import type { Calendars } from '../calendars.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import { SuhoError } from '../errors.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import { FILE_FEED, seriesIdentity } from '../instruments/ids.js';
import { packBars } from '../journal/records.js';
import type { ArtifactStore } from '../registry/artifact-store.js';
import { fileIfSound } from '../registry/model-files.js';
import {
  artifactPlace,
  modelName,
  type ModelRecord,
  type ModelRegistry,
} from '../registry/model-registry.js';
import type { History } from './encoder.js';
import { pastOf, type ModelActivation } from './model-activation.js';
import { WARM_UP } from './series-training.js';
import type { TrainingPool } from './training-pool.js';

export interface ModelAdoptionParts {
  readonly features: Pick<FeatureStore, 'bars'>;
  readonly registry: Pick<ModelRegistry, 'production'>;
  readonly artifacts: Pick<ArtifactStore, 'fetch' | 'path'>;
  readonly pool: Pick<TrainingPool, 'embed'>;
  readonly activation: ModelActivation;
  readonly calendars: Calendars;
  readonly rowsMax: number;
  readonly log: { warn(facts: object, text: string): void };
}

/** What the registry had for a series without a model. */
export type Adoption =
  /** A model, which is in use now. */
  | { readonly kind: 'adopted'; readonly record: ModelRecord }
  /** A model that has seen bars up to `trainedThrough`: on those its answers would flatter it. `isOwn`: of this very series. */
  | { readonly kind: 'ahead'; readonly record: ModelRecord; readonly isOwn: boolean }
  | { readonly kind: 'none' };

/**
 * Takes models into use that are registered already: a series' own, which an earlier process trained, else the one that
 * was trained on a file of the same symbol, timeframe and calendar.
 */
export class ModelAdoption {
  readonly #parts: ModelAdoptionParts;

  constructor(parts: ModelAdoptionParts) {
    this.#parts = parts;
  }

  /**
   * Looks for a model for those tenants with signals on a series that have none. It must know the present features and
   * nothing after `closedThrough`, the close time of the series' newest bar. Throws `STORE_UNAVAILABLE`, `NOT_FOUND`.
   */
  async adopt(seriesId: string, closedThrough: number): Promise<Adoption> {
    const own = seriesIdentity(seriesId);
    const ofFile = { ...own, tenantId: PLATFORM, feed: FILE_FEED };
    let ahead: Adoption = { kind: 'none' };
    for (const series of [own, ofFile]) {
      const record = await this.#parts.registry.production(series);
      if (record === undefined || !isOfCurrentFeatures(record) || !(await this.#isSound(record))) continue;
      if (record.trainedThrough <= closedThrough) {
        if (await this.#use(seriesId, record)) return { kind: 'adopted', record };
        continue;
      }
      if (ahead.kind === 'none') ahead = { kind: 'ahead', record, isOwn: series === own };
    }
    return ahead;
  }

  async #isSound(record: ModelRecord): Promise<boolean> {
    const { artifacts, log } = this.#parts;
    const { version, modelId, encoderId } = record;
    for (const sha256 of [modelId, encoderId]) {
      const found = await fileIfSound(artifacts, artifactPlace(record, version), sha256);
      if (found.file !== undefined) continue;
      log.warn({ model: modelName(record), version, fault: found.fault }, 'a registered model is left out');
      return false;
    }
    return true;
  }

  /**
   * Makes a model ready to be an arm of a tenant's signals on a series: its files, its similar moments. False when it cannot
   * be, which is logged, or is not yet: it is asked for again then. An index that is away keeps it from being ready, and holds
   * up nothing else. Throws `STORE_UNAVAILABLE`.
   */
  async prepare(seriesId: string, tenantId: string, record: ModelRecord): Promise<boolean> {
    const { activation } = this.#parts;
    if (activation.isFilling(seriesId, tenantId, record)) return false;
    if (!(await this.#isSound(record))) return false;
    await activation.warmUp(record);
    // Moments in its embedding are there already where it has the encoder of a model in use.
    if (await activation.isReady(seriesId, tenantId, record)) return true;
    const history = await this.#historyOf(seriesId, record);
    if (history === undefined) return false;
    await activation.fill(seriesId, tenantId, record, history);
    return await activation.isReady(seriesId, tenantId, record);
  }

  /** Takes a model into use; false when its encoder cannot embed what it was trained on. */
  async #use(seriesId: string, record: ModelRecord): Promise<boolean> {
    const history = await this.#historyOf(seriesId, record);
    if (history === undefined) return false;
    await this.#parts.activation.activate(seriesId, record, history, 'without');
    return true;
  }

  /** The moments a model was trained on, embedded; undefined when its encoder cannot do that, which is logged. */
  async #historyOf(seriesId: string, record: ModelRecord): Promise<History | undefined> {
    const { features, artifacts, pool, calendars, rowsMax, log } = this.#parts;
    const { timeframe, calendar, version, trainedThrough, encoderId } = record;
    const bars = await features.bars(
      seriesIdentity(pastOf(record, seriesId)),
      trainedThrough,
      rowsMax + WARM_UP,
    );
    const encoder = { path: artifacts.path(encoderId), sha256: encoderId };
    try {
      return await pool.embed(seriesId, {
        bars: packBars(bars),
        timeframe,
        calendar: calendars.rule(calendar),
        encoder,
      });
    } catch (error) {
      if (!(error instanceof SuhoError && error.code === 'TRAINING_FAILED')) throw error;
      const facts = { model: modelName(record), version, fault: error.message };
      log.warn(facts, 'a registered model is left out');
      return undefined;
    }
  }
}
