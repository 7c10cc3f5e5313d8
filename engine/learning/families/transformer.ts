import { transformerNetwork, type TransformerSizes } from '../sequence-network.js';
import type { Family } from './family.js';
import { fitSequence, type SequenceRules } from './sequence-model.js';

const RULES: SequenceRules = { epochsMax: 20, patience: 3, rate: 1e-3, decay: 5 };
const SIZES: TransformerSizes = { width: 32, heads: 2, layers: 2, hidden: 64 };

/** A small causal transformer over the sequence channels, with a linear path around it. */
export const transformer: Family = transformerOf(SIZES, RULES);

/** One of another size, by other rules. */
export function transformerOf(sizes: TransformerSizes, rules: SequenceRules): Family {
  const made = {
    family: 'transformer',
    architecture: 'causal transformer with autoencoder',
    sizes: { ...sizes },
    network: transformerNetwork(sizes),
    rules,
  } as const;
  return {
    name: 'transformer',
    form: 'sequence',
    rowsMin: 2_000,
    rowMs: 2,
    fit: async (dataset, split, options) => await fitSequence(made, dataset, split, options),
  };
}
