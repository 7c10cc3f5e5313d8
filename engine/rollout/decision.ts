import type { ComparisonFigures } from './comparison.js';

/** How far a trial is: as the registry has it. */
export interface TrialStage {
  readonly version: string;
  readonly against: string;
  readonly kind: 'challenger' | 'ab' | 'manual';
  /** Share of the bars it serves; 0 as a shadow. */
  readonly share: number;
  /** Whether the time of an A/B test is up. */
  readonly isOver: boolean;
  /** Evidence of being better that makes it production; that of the rules without it. */
  readonly evidence?: number | undefined;
}

/** What is to be done about a trial, in one sentence with its figures. */
export type Decision =
  | { readonly act: 'wait' }
  | { readonly act: 'canary'; readonly share: number; readonly sentence: string }
  | {
      readonly act: 'promote' | 'archive' | 'withdraw';
      readonly sentence: string;
      /** Version that won an A/B test. */
      readonly winner?: string;
    };

/** A step of a rollout: the evidence of being better that it takes, the bars served as a canary before it, and its share. */
interface RolloutStep {
  readonly evidence: number;
  readonly canaryBars: number;
  /** 1: production. */
  readonly share: number;
}

export interface DecisionRules {
  readonly steps: readonly RolloutStep[];
  /** Evidence of not being worth it that ends a trial. */
  readonly retireAt: number;
  /** Evidence of either arm being better that ends an A/B test: twice, because there are two ways to win. */
  readonly winAt: number;
  /** Evidence of broken calibration that ends a trial. */
  readonly overconfidentAt: number;
  /** How much larger a share of the bars it may do nothing on than production, once there are so many. */
  readonly abstention: { readonly excess: number; readonly bars: number };
  /** Smallest decrease of log-loss worth having, nats a bar. */
  readonly worthHaving: number;
  /** Independent bars after which a challenger that is not decided is retired. */
  readonly barsMax: number;
}

/**
 * A challenger that is no better reaches production with a probability of 1 % at most, however often and however long it is
 * looked at (1/100), and with less where its trial says so; one that is better by what is worth having is retired with 5 % at
 * most (1/20). A decrease of log-loss of 0.002 is about one point of accuracy where that is 55 %.
 */
export const DEFAULT_RULES: DecisionRules = {
  steps: [
    { evidence: 4, canaryBars: 0, share: 0.1 },
    { evidence: 20, canaryBars: 30, share: 0.5 },
    { evidence: 100, canaryBars: 60, share: 1 },
  ],
  retireAt: 20,
  winAt: 40,
  overconfidentAt: 1_000,
  abstention: { excess: 0.3, bars: 50 },
  worthHaving: 0.002,
  barsMax: 10_000,
};

const WAIT: Decision = { act: 'wait' };

/** What the outcomes so far say about a trial. It decides nothing but the next step; a later call decides the one after. */
export function decide(stage: TrialStage, figures: ComparisonFigures, rules: DecisionRules): Decision {
  if (stage.kind !== 'manual' && figures.overconfident >= rules.overconfidentAt)
    return {
      act: 'withdraw',
      sentence: `${stage.version} is withdrawn: its directions come true less often than it states, with evidence ${evidence(figures.overconfident)} of the ${rules.overconfidentAt} needed. ${told(stage, figures)}`,
    };
  const idle = figures.challenger.abstained - figures.production.abstained;
  if (stage.kind !== 'manual' && figures.bars >= rules.abstention.bars && idle > rules.abstention.excess)
    return {
      act: 'withdraw',
      sentence: `${stage.version} is withdrawn: it does nothing on ${percent(figures.challenger.abstained)} of the bars, and ${stage.against} on ${percent(figures.production.abstained)}. ${told(stage, figures)}`,
    };
  switch (stage.kind) {
    case 'manual':
      return WAIT;
    case 'ab':
      return decideTest(stage, figures, rules);
    case 'challenger':
      return decideChallenger(stage, figures, rules);
  }
}

/** The next step of a challenger's rollout. */
export function nextStep(
  { share, evidence: own }: TrialStage,
  rules: DecisionRules,
): RolloutStep | undefined {
  const step = rules.steps.find((each) => each.share > share);
  return step?.share === 1 && own !== undefined ? { ...step, evidence: own } : step;
}

function decideChallenger(stage: TrialStage, figures: ComparisonFigures, rules: DecisionRules): Decision {
  const { version } = stage;
  const step = nextStep(stage, rules);
  if (step !== undefined && figures.better >= step.evidence && figures.canaryBars >= step.canaryBars) {
    const reason = `better than ${stage.against} with evidence ${evidence(figures.better)} of the ${step.evidence} needed. ${told(stage, figures)}`;
    return step.share === 1
      ? { act: 'promote', sentence: `${version} becomes production: ${reason}` }
      : {
          act: 'canary',
          share: step.share,
          sentence: `${version} serves ${percent(step.share)} of the bars: ${reason}`,
        };
  }
  if (figures.notWorthIt >= rules.retireAt)
    return {
      act: 'archive',
      sentence: `${version} is retired: not better than ${stage.against} by the ${rules.worthHaving} nats a bar that would be worth it, with evidence ${evidence(figures.notWorthIt)} of the ${rules.retireAt} needed. ${told(stage, figures)}`,
    };
  if (figures.independentBars >= rules.barsMax)
    return {
      act: 'archive',
      sentence: `${version} is retired: after ${rules.barsMax} bars it is not shown to be better than ${stage.against}. ${told(stage, figures)}`,
    };
  return WAIT;
}

function decideTest(stage: TrialStage, figures: ComparisonFigures, rules: DecisionRules): Decision {
  const { version, against } = stage;
  if (figures.better >= rules.winAt)
    return {
      act: 'promote',
      winner: version,
      sentence: `${version} wins the A/B test against ${against}, with evidence ${evidence(figures.better)} of the ${rules.winAt} needed. ${told(stage, figures)}`,
    };
  if (figures.worse >= rules.winAt)
    return {
      act: 'withdraw',
      winner: against,
      sentence: `${against} wins the A/B test against ${version}, with evidence ${evidence(figures.worse)} of the ${rules.winAt} needed. ${told(stage, figures)}`,
    };
  if (stage.isOver)
    return {
      act: 'withdraw',
      sentence: `The A/B test of ${version} against ${against} is over without a winner, and ${against} stays. ${told(stage, figures)}`,
    };
  return WAIT;
}

/** The figures of a trial, as a sentence. */
function told({ version, against }: TrialStage, figures: ComparisonFigures): string {
  const { bars, production, challenger } = figures;
  if (bars === 0) return 'No outcome is known yet.';
  return `Over ${bars} bars the log-loss of ${version} is ${challenger.logLoss.toFixed(4)} and that of ${against} ${production.logLoss.toFixed(4)}; Brier ${challenger.brier.toFixed(4)} and ${production.brier.toFixed(4)}; profit after spreads ${percent(challenger.pnl)} and ${percent(production.pnl)}.`;
}

/** Evidence as people read it. */
export function evidence(x: number): string {
  if (x < 0.1) return 'under 0.1';
  return x >= 1e4 ? 'over 10,000' : x.toFixed(x < 100 ? 1 : 0);
}

/** A share as people read it. */
export function percent(x: number): string {
  return `${Number((x * 100).toFixed(2))} %`;
}
