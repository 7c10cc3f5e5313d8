import type { ModelAct } from '../registry/model-registry.js';

const DAY_MS = 86_400_000;
/** Days of an A/B test that nobody gave a number of. */
export const TEST_DAYS = 30;
const CANARY_SHARE = 0.1;
const TEST_SHARE = 0.5;

/** What a person may ask to be done to a model. */
export const ASKED_CHANGES = [
  'promote',
  'shadow',
  'canary',
  'ab',
  'rollback',
  'withdraw',
  'archive',
] as const;

/** An act as a person asks for it. */
export interface AskedAct {
  readonly change: (typeof ASKED_CHANGES)[number];
  /** Share of the bars of a canary or A/B test, between 0 and 1; 0.1 and 0.5 without one. */
  readonly share?: number | undefined;
  /** Days an A/B test goes on at most; 30 without. */
  readonly days?: number | undefined;
  /** As a shadow or canary: outcomes move it on or out by themselves. */
  readonly automatic: boolean;
}

/** The act on the registry that was asked for. `now`: epoch milliseconds. */
export function modelActOf({ change, share, days = TEST_DAYS, automatic }: AskedAct, now: number): ModelAct {
  const trial = { kind: automatic ? 'challenger' : 'manual' } as const;
  switch (change) {
    case 'shadow':
      return { kind: 'shadow', trial };
    case 'canary':
      return { kind: 'canary', share: share ?? CANARY_SHARE, trial };
    case 'ab':
      return {
        kind: 'canary',
        share: share ?? TEST_SHARE,
        trial: { kind: 'ab', until: now + days * DAY_MS },
      };
    default:
      return { kind: change };
  }
}
