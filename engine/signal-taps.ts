import type { EvidenceGatherer } from './evidence/evidence-gatherer.js';
import type { EffectPorts, PatternOutcome } from './instruments/effects.js';
import type { ConclusionRecord } from './journal/records.js';
import type { Publication } from './publication/publication.js';

/** What monitors are shown of the way of a signal. */
export interface SignalTaps {
  /** Each new row. */
  readonly onRow: EffectPorts['onRow'];
  /** What the arms of a route plan answered. */
  readonly onArms: Required<EffectPorts>['onArms'];
  /** What a signal actor concluded, once. */
  readonly onConclusion: (conclusion: ConclusionRecord) => void;
  /** What came of an earlier moment, in the order of the conclusions. */
  readonly onOutcome: (outcome: PatternOutcome) => void;
}

/** What actors ask of the rooms around them, shown to monitors. */
export function tapped(
  { ports }: EvidenceGatherer,
  publication: Publication,
  { onConclusion, onOutcome, ...told }: SignalTaps,
): EffectPorts {
  return {
    evidence: {
      ...ports,
      resolve: (outcome) => {
        ports.resolve(outcome);
        onOutcome(outcome);
      },
    },
    conclude: (conclusion, ...at) => {
      publication.conclude(conclusion, ...at);
      onConclusion(conclusion);
    },
    ...told,
  };
}
