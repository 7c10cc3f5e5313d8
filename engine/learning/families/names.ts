/** The kinds of model that can be trained. */
const FAMILY_NAMES = ['perceptron', 'boosted', 'forest', 'lstm', 'transformer', 'ensemble'] as const;
export type FamilyName = (typeof FAMILY_NAMES)[number];

/** What a training can be asked for: a kind of model, or the best of them. */
export const TRAINABLE = ['auto', ...FAMILY_NAMES] as const;
export type Trainable = (typeof TRAINABLE)[number];
