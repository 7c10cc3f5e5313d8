import { lstmNetwork } from '../sequence-network.js';
import type { Family } from './family.js';
import { fitSequence, type SequenceRules } from './sequence-model.js';

const RULES: SequenceRules = { epochsMax: 20, patience: 3, rate: 1e-3, decay: 5 };
const UNITS = 32;

/** A long short-term memory over the sequence channels, with a linear path around it. */
export const lstm: Family = lstmOf(UNITS, RULES);

/** One of another size, by other rules. */
export function lstmOf(units: number, rules: SequenceRules): Family {
  const made = {
    family: 'lstm',
    architecture: 'long short-term memory with autoencoder',
    sizes: { units },
    network: lstmNetwork(units),
    rules,
  } as const;
  return {
    name: 'lstm',
    form: 'sequence',
    rowsMin: 2_000,
    rowMs: 1,
    fit: async (dataset, split, options) => await fitSequence(made, dataset, split, options),
  };
}
