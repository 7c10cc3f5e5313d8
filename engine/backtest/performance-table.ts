import type { Performance } from './performance.js';

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** What a table says of one run, under {@link PERFORMANCE_HEAD}. */
export function performanceCells(p: Performance): string[] {
  return [
    percent(p.totalReturn),
    p.sharpe === undefined ? '–' : `${p.sharpe.annual.toFixed(2)} ± ${p.sharpe.standardError.toFixed(2)}`,
    p.sharpe === undefined ? '–' : percent(p.sharpe.deflated.probability),
    p.winRate === undefined ? '–' : percent(p.winRate),
    p.profitFactor === undefined ? '–' : p.profitFactor.toFixed(2),
    percent(p.maxDrawdown),
    percent(p.exposure),
    String(p.trades),
  ];
}

/** What the columns of such a table are called. */
export const PERFORMANCE_HEAD: readonly string[] = [
  'return',
  'Sharpe',
  'more than luck',
  'win rate',
  'profit factor',
  'drawdown',
  'exposure',
  'trades',
];
