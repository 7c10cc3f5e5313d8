import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import { SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';

export const PROBABILITIES = HORIZONS.length * 3;
export const RETURNS = HORIZONS.length;
/** Width of the pattern embedding. */
export const EMBEDDING = 64;

/** Numbers a row has in the output: probabilities, returns, embedding, reconstruction error. */
export const OUTPUT_STRIDE = PROBABILITIES + RETURNS + EMBEDDING + 1;

/** How rows lie in the shared memory between the engine and its workers. */
export interface SlabLayout {
  readonly slots: number;
  /** Rows a slot holds at most. */
  readonly batchMax: number;
}

const SLOT_ROW = FEATURE_COUNT + OUTPUT_STRIDE + SEQUENCE_SIZE;

export function slabBytes(layout: SlabLayout): number {
  return layout.slots * layout.batchMax * SLOT_ROW * Float32Array.BYTES_PER_ELEMENT;
}

/** The inputs of a slot: batchMax rows of model-form features. */
export function slotInputs(slab: SharedArrayBuffer, layout: SlabLayout, slot: number): Float32Array {
  const first = slot * layout.batchMax * SLOT_ROW;
  return new Float32Array(slab, first * 4, layout.batchMax * FEATURE_COUNT);
}

/** The sequences of a slot: batchMax rows of sequence channels. Models that take none leave them as they are. */
export function slotSequences(slab: SharedArrayBuffer, layout: SlabLayout, slot: number): Float32Array {
  const first = (slot + 1) * layout.batchMax * SLOT_ROW - layout.batchMax * SEQUENCE_SIZE;
  return new Float32Array(slab, first * 4, layout.batchMax * SEQUENCE_SIZE);
}

/** The outputs of a slot: batchMax rows of {@link OUTPUT_STRIDE} numbers. */
export function slotOutputs(slab: SharedArrayBuffer, layout: SlabLayout, slot: number): Float32Array {
  const first = slot * layout.batchMax * SLOT_ROW + layout.batchMax * FEATURE_COUNT;
  return new Float32Array(slab, first * 4, layout.batchMax * OUTPUT_STRIDE);
}
