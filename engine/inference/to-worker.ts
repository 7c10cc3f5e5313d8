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
  /** False where a row's numbers depend on the batch it runs in: replays run it alone. */
  readonly batchInvariant?: false;
}

/** Given to every worker when it starts. */
export interface WorkerSetup {
  readonly slab: SharedArrayBuffer;
  readonly layout: SlabLayout;
  /** Memory for the models a worker keeps open. */
  readonly sessionBytesMax: number;
}

/** Which rows of the slab to run through which models. */
export interface Batch {
  readonly kind: 'infer';
  readonly predictor: ModelFile;
  /** Undefined where it has seen the rows already. */
  readonly encoder: ModelFile | undefined;
  readonly slot: number;
  readonly rows: number;
  /** Whether every row has its sequence in the slab. */
  readonly withSequences: boolean;
}

/** What goes into a worker: a batch to run, or the order to load ONNX Runtime before the first one comes. */
export type ToWorker = Batch | { readonly kind: 'load' };
