import type { SlabLayout } from './slab.js';

/** A model file a worker may open: its path and the SHA-256 its bytes must have. */
export interface ModelFile {
  readonly path: string;
  readonly sha256: string;
}

/** Given to every worker when it starts. */
export interface WorkerSetup {
  readonly slab: SharedArrayBuffer;
  readonly layout: SlabLayout;
}

/** What goes into a worker: which rows of the slab to run through which models. */
export type ToWorker =
  | {
      readonly kind: 'infer';
      readonly slot: number;
      readonly rows: number;
      readonly predictor: ModelFile;
      readonly encoder: ModelFile;
    }
  | { readonly kind: 'check'; readonly predictor: ModelFile; readonly encoder: ModelFile };
