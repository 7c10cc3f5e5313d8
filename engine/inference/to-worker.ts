import type { SlabLayout } from './slab.js';

/** A model file a worker may open: its path and the SHA-256 its bytes must have. */
export interface ModelFile {
  readonly path: string;
  readonly sha256: string;
}

/** A pair of models that see the same row. */
export interface ModelPair {
  readonly predictor: ModelFile;
  readonly encoder: ModelFile;
}

/** Given to every worker when it starts. */
export interface WorkerSetup {
  readonly slab: SharedArrayBuffer;
  readonly layout: SlabLayout;
  /** Memory for the models a worker keeps open. */
  readonly sessionBytesMax: number;
}

/** What goes into a worker: which rows of the slab to run through which models. */
export interface ToWorker extends ModelPair {
  readonly kind: 'infer';
  readonly slot: number;
  readonly rows: number;
}
