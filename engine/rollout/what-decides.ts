import type { ComparisonFigures } from './comparison.js';
import { nextStep, type DecisionRules, type TrialStage } from './decision.js';

/** One way in which a trial can end or go on, and how near it is. */
export interface Deciding {
  /** What happens then. */
  readonly outcome: string;
  /** What is counted, and of how much; evidence is an e-value. */
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly what: string;
  readonly value: number;
  readonly needed: number;
}

/** All that {@link decide} looks at for a trial, nearest step first: what would decide it, and how far each is. */
export function whatDecides(
  stage: TrialStage,
  figures: ComparisonFigures,
  rules: DecisionRules,
): readonly Deciding[] {
  const { version, against, kind } = stage;
  const { better, worse, notWorthIt, canaryBars, independentBars } = figures;
  if (kind === 'manual') return [];
  const withdrawn = withdrawals(version, figures, rules);
  if (kind === 'ab')
    return [
      {
        outcome: `${version} becomes production`,
        conditions: [evidence(`${version} is better`, better, rules.winAt)],
      },
      {
        outcome: `${against} stays`,
        conditions: [evidence(`${version} is worse`, worse, rules.winAt)],
      },
      ...withdrawn,
    ];
  const step = nextStep(stage, rules);
  const on: Deciding[] =
    step === undefined
      ? []
      : [
          {
            outcome:
              step.share === 1
                ? `${version} becomes production`
                : `${version} serves ${Math.round(step.share * 100)} % of the bars`,
            conditions: [
              evidence(`${version} is better`, better, step.evidence),
              ...(step.canaryBars === 0
                ? []
                : [{ what: 'bars served as a canary', value: canaryBars, needed: step.canaryBars }]),
            ],
          },
        ];
  return [
    ...on,
    {
      outcome: `${version} is retired: not worth it`,
      conditions: [
        evidence(`it is not better by ${rules.worthHaving} nats a bar`, notWorthIt, rules.retireAt),
      ],
    },
    {
      outcome: `${version} is retired: undecided`,
      conditions: [{ what: 'bars that do not overlap', value: independentBars, needed: rules.barsMax }],
    },
    ...withdrawn,
  ];
}

function evidence(what: string, value: number, needed: number): Condition {
  return { what: `evidence that ${what}`, value, needed };
}

/** What takes any trial back, whichever its kind. */
function withdrawals(version: string, figures: ComparisonFigures, rules: DecisionRules): Deciding[] {
  const idle = Math.max(0, figures.challenger.abstained - figures.production.abstained);
  return [
    {
      outcome: `${version} is withdrawn: it overstates`,
      conditions: [
        evidence('its directions come less often than stated', figures.overconfident, rules.overconfidentAt),
      ],
    },
    {
      outcome: `${version} is withdrawn: it does nothing`,
      conditions: [
        { what: 'share of bars it leaves more often', value: idle || 0, needed: rules.abstention.excess },
        { what: 'bars', value: figures.bars, needed: rules.abstention.bars },
      ],
    },
  ];
}
