import { DEFAULT_RULES } from '../engine/rollout/decision.js';
import { mistakenFor, playTrial, type Breakage } from '../test/support/trial-market.js';
import { report } from './report.js';

const SEEDS = 200;

const CASES: readonly {
  readonly name: string;
  readonly accuracy: number;
  readonly broken?: Breakage;
}[] = [
  { name: 'worse by 2 points', accuracy: 0.52 },
  { name: 'equal', accuracy: 0.54 },
  { name: 'better by 1 point', accuracy: 0.55 },
  { name: 'better by 2 points', accuracy: 0.56 },
  { name: 'better by 2, no number from bar 300', accuracy: 0.56, broken: { from: 300, how: 'no number' } },
  { name: 'better by 2, late from bar 300', accuracy: 0.56, broken: { from: 300, how: 'late' } },
  {
    name: 'better by 2, overstates from bar 300',
    accuracy: 0.56,
    broken: { from: 300, how: 'overconfident' },
  },
];

/** What becomes of challengers of a production model that is right on 54 % of the moves: how often, and after how many bars. */
export function benchRollout(): void {
  const lines: string[] = [];
  const results: Record<string, unknown> = {};
  for (const { name, accuracy, broken } of CASES) {
    const ends = Array.from({ length: SEEDS }, (_, i) =>
      playTrial(
        1 + i * 7_919,
        { mistaken: mistakenFor(0.54) },
        { mistaken: mistakenFor(accuracy) },
        DEFAULT_RULES,
        broken,
      ),
    );
    const of = (end: string): number => ends.filter((each) => each.end === end).length / SEEDS;
    const bars = ends.map((each) => each.bars).sort((a, b) => a - b);
    results[name] = {
      promoted: of('promote'),
      retired: of('archive'),
      withdrawn: of('withdraw'),
      rolledBack: of('rolled back'),
      canary: ends.filter(({ steps }) => steps.length > 0).length / SEEDS,
      barsMedian: bars[SEEDS / 2]!,
      bars95: bars[Math.floor(SEEDS * 0.95)]!,
    };
    lines.push(`${name}: ${JSON.stringify(results[name])}`);
    process.stdout.write(`  ${lines.at(-1)!}\n`);
  }
  report('rollout', lines, { seeds: SEEDS, results });
}
