import { simulatedBars } from '../engine/feeds/simulator.js';
import { inventedBars } from '../test/support/markets.js';
import { watch } from '../test/support/watched-market.js';
import { report } from './report.js';

const SEEDS = Number(process.env['SUHO_BENCH_SEEDS'] ?? 50);
const YEARS = Number(process.env['SUHO_BENCH_YEARS'] ?? 2);
/** Hourly bars of a year of a market that is open five days a week. */
const YEAR = 6_240;
const WARM_UP = 199;

/** False alarms of the monitors in markets that do not change, by how many rows the model was trained on. */
export function benchDrift(): void {
  const lines: string[] = [];
  const results: Record<string, unknown> = {};
  for (const trained of [1_500, 4_000]) {
    const count = WARM_UP + trained + YEARS * YEAR;
    for (const [name, bars] of [
      ['volatility without regimes', (seed: number) => inventedBars(count, { seed, momentum: 0.62 })],
      ['volatility with regimes', (seed: number) => simulatedBars('EURUSD', seed, '1h', count)],
    ] as const) {
      const kinds: Record<string, number> = {};
      let alarmed = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { found } = watch(bars(seed), trained);
        if (found.length > 0) alarmed++;
        // One of a kind until it is closed.
        for (const kind of new Set(found.map(({ finding }) => finding.kind)))
          kinds[kind] = (kinds[kind] ?? 0) + 1;
      }
      const all = Object.values(kinds).reduce((a, b) => a + b, 0);
      const rate = all / (SEEDS * YEARS);
      lines.push(
        `${trained} rows, ${name}: ${all} alarms in ${SEEDS * YEARS} years (${rate.toFixed(2)} a year) of ${alarmed} models ${JSON.stringify(kinds)}`,
      );
      process.stdout.write(`  ${lines.at(-1)!}\n`);
      results[`${trained} ${name}`] = { alarms: all, alarmed, kinds, years: SEEDS * YEARS };
    }
  }
  report('drift false alarms', lines, { seeds: SEEDS, years: YEARS, results });
}
