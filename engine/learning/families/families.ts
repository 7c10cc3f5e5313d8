import { boosted } from './boosted.js';
import type { Family } from './family.js';
import type { Trainable } from './names.js';
import { perceptron } from './perceptron.js';

const FAMILIES: Readonly<Record<string, Family>> = { perceptron, boosted };

/** The family of a name. */
export function familyOf(name: Trainable): Family {
  return FAMILIES[name]!;
}
