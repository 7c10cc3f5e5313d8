import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { isOfCurrentFeatures } from '../../actors/signals/route.js';
import { Backoff } from '../backoff.js';
import type { Clock } from '../clock.js';
import { SuhoError, messageOf } from '../errors.js';
import type { ModelFile, ModelPair } from '../inference/to-worker.js';
import type { ArtifactPlace, ArtifactStore } from './artifact-store.js';

/** A model whose files are to be served: where they belong and what they are. */
export interface ServedModel {
  readonly place: ArtifactPlace;
  /** SHA-256 of the predictor's file, and of the encoder's. */
  readonly modelId: string;
  readonly encoderId: string;
  /** The feature set they were trained on. */
  readonly featureSetVersion: string;
}

/** Whether a model can be asked. */
export type ModelState =
  | { readonly kind: 'pending' }
  | { readonly kind: 'available'; readonly pair: ModelPair; readonly batchInvariant: boolean }
  | {
      readonly kind: 'withheld';
      /** A sentence that names the file and says what is wrong with it. */
      readonly reason: string;
      /** Whether it is tried again: its files may come back, but the bytes of a bad model do not change. */
      readonly retried: boolean;
    };

/** A model and its state, for health and `doctor`. */
export interface ModelStatus extends ServedModel {
  readonly state: ModelState;
}

export interface ModelFilesOptions {
  readonly artifacts: Pick<ArtifactStore, 'fetch' | 'path'>;
  /** Opens and runs a pair of models, away from what serves; throws `BAD_MODEL`. */
  readonly tryPair: (pair: ModelPair) => Promise<{ readonly batchInvariant: boolean }>;
  readonly clock: Pick<Clock, 'setTimeout'>;
  /** Told of every state a model comes to. */
  readonly onState?: (status: ModelStatus) => void;
}

const RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;

interface Entry {
  readonly model: ServedModel;
  state: ModelState;
  /** The first verdict; later ones change `state`. */
  verdict: Promise<ModelState> | undefined;
  readonly backoff: Backoff;
}

/**
 * The files of the models in use: fetched, verified (SHA-256) and tried before any of them is asked. A model whose
 * files are missing, damaged or bad is withheld with its reason, and the others serve. Files that are missing or
 * damaged are looked for again and again, so a store that comes back or a file that is restored needs no restart.
 * A model of another feature set is withheld until one of its name that was trained on this one comes into use.
 */
export class ModelFiles {
  readonly #options: ModelFilesOptions;
  readonly #entries = new Map<string, Entry>();
  #closed = false;

  constructor(options: ModelFilesOptions) {
    this.#options = options;
  }

  /**
   * Takes a model into use; resolves with the first verdict, at once when there is one. Never rejects: a model that
   * cannot be served is withheld.
   */
  async use(model: ServedModel): Promise<ModelState> {
    const key = keyOf(model);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#replaceOutdated(model);
      entry = this.#enter(model, { kind: 'pending' });
      entry.verdict = this.#judge(entry);
      void this.#judgeAgain(entry);
    }
    return entry.state.kind === 'pending' ? await entry.verdict! : entry.state;
  }

  /** Takes a model into use whose files were tried a moment ago. */
  admit(model: ServedModel, pair: ModelPair, batchInvariant: boolean): void {
    this.forget(model);
    this.#replaceOutdated(model);
    this.#enter(model, available(pair, batchInvariant));
  }

  /** The files of a model, after its first verdict. Throws as {@link pair} does. */
  async ready(model: Pick<ServedModel, 'modelId' | 'encoderId'>): Promise<ModelPair> {
    await this.#entries.get(keyOf(model))?.verdict;
    return this.pair(model);
  }

  /** Stops looking after a model that no route uses any more. */
  forget(model: ServedModel): void {
    const key = keyOf(model);
    this.#entries.get(key)?.backoff.stop();
    this.#entries.delete(key);
  }

  /** The files of a model that is available. Throws `BAD_MODEL` with the reason when it is withheld, pending or unknown. */
  pair(model: Pick<ServedModel, 'modelId' | 'encoderId'>): ModelPair {
    const state = this.#entries.get(keyOf(model))?.state ?? { kind: 'pending' };
    if (state.kind === 'available') return state.pair;
    throw new SuhoError(
      'BAD_MODEL',
      state.kind === 'withheld' ? state.reason : `The files of model ${model.modelId} are not here yet.`,
    );
  }

  /** Every model in use and its state, in the order they came into use. */
  status(): readonly ModelStatus[] {
    return [...this.#entries.values()].map(({ model, state }) => ({ ...model, state }));
  }

  close(): void {
    this.#closed = true;
    for (const { backoff } of this.#entries.values()) backoff.stop();
  }

  #replaceOutdated({ place, featureSetVersion }: ServedModel): void {
    if (!isOfCurrentFeatures({ featureSetVersion })) return;
    for (const { model } of this.#entries.values())
      if (
        model.place.tenantId === place.tenantId &&
        model.place.userId === place.userId &&
        model.place.model === place.model &&
        !isOfCurrentFeatures(model)
      )
        this.forget(model);
  }

  #enter(model: ServedModel, state: ModelState): Entry {
    const backoff = new Backoff({ clock: this.#options.clock, initialMs: RETRY_MS, maxMs: RETRY_MS_MAX });
    const entry: Entry = { model, state, verdict: undefined, backoff };
    this.#entries.set(keyOf(model), entry);
    return entry;
  }

  async #judge(entry: Entry): Promise<ModelState> {
    const state = await this.#inspect(entry.model);
    if (!this.#closed && this.#entries.get(keyOf(entry.model)) === entry) {
      entry.state = state;
      this.#options.onState?.({ ...entry.model, state });
    }
    return state;
  }

  /** Looks for files that are missing or damaged until they are there. */
  async #judgeAgain(entry: Entry): Promise<void> {
    let state = await entry.verdict!;
    while (state.kind === 'withheld' && state.retried && (await entry.backoff.wait()))
      state = await this.#judge(entry);
  }

  async #inspect(model: ServedModel): Promise<ModelState> {
    const { place, modelId, encoderId, featureSetVersion } = model;
    const { artifacts, tryPair } = this.#options;
    const name = `${place.version} of ${place.model} (${place.tenantId})`;
    if (!isOfCurrentFeatures(model))
      return {
        kind: 'withheld',
        reason: `Model ${name} is withheld. It was trained on feature set ${featureSetVersion}, and this engine computes ${FEATURE_SET_VERSION}; train the series again.`,
        retried: false,
      };
    // Both end before the next look, which would share a transfer that is about to fail.
    const fetched = await Promise.allSettled(
      [modelId, encoderId].map(async (sha256) => await artifacts.fetch(place, sha256)),
    );
    const failed = fetched.find((result) => result.status === 'rejected');
    if (failed !== undefined)
      return {
        kind: 'withheld',
        reason: `Model ${name} is withheld. ${messageOf(failed.reason)}`,
        retried: true,
      };
    try {
      const pair: ModelPair = {
        predictor: { path: artifacts.path(modelId), sha256: modelId },
        encoder: { path: artifacts.path(encoderId), sha256: encoderId },
      };
      const { batchInvariant } = await tryPair(pair);
      return available(pair, batchInvariant);
    } catch (error) {
      const bad = error instanceof SuhoError && error.code === 'BAD_MODEL';
      return { kind: 'withheld', reason: `Model ${name} is withheld. ${messageOf(error)}`, retried: !bad };
    }
  }
}

function available(pair: ModelPair, batchInvariant: boolean): ModelState {
  return { kind: 'available', pair: batchInvariant ? pair : { ...pair, batchInvariant }, batchInvariant };
}

function keyOf({ modelId, encoderId }: Pick<ServedModel, 'modelId' | 'encoderId'>): string {
  return `${modelId}/${encoderId}`;
}

/**
 * A file that would be useful but is not needed: fetched and verified, or why it cannot be had. Throws
 * `STORE_UNAVAILABLE` when that cannot be said now.
 */
export async function fileIfSound(
  artifacts: Pick<ArtifactStore, 'fetch' | 'path'>,
  place: ArtifactPlace,
  sha256: string,
): Promise<{ readonly file: ModelFile } | { readonly file: undefined; readonly fault: string }> {
  try {
    await artifacts.fetch(place, sha256);
    return { file: { path: artifacts.path(sha256), sha256 } };
  } catch (error) {
    if (error instanceof SuhoError && (error.code === 'BAD_MODEL' || error.code === 'NOT_FOUND'))
      return { file: undefined, fault: error.message };
    throw error;
  }
}
