import { auto } from './auto.js';
import { boosted } from './boosted.js';
import { ensemble } from './ensemble.js';
import type { Family } from './family.js';
import { forest } from './forest.js';
import { lstm } from './lstm.js';
import type { Trainable } from './names.js';
import { perceptron } from './perceptron.js';
import { transformer } from './transformer.js';

const FAMILIES: Readonly<Record<Trainable, Family>> = {
  auto,
  perceptron,
  boosted,
  forest,
  lstm,
  transformer,
  ensemble,
};

/** The family of a name. */
export function familyOf(name: Trainable): Family {
  return FAMILIES[name];
}
