import type { Market } from './market.js';
import { window, type Definitions, type Series } from './series.js';

/** What is wrong with the data. */
export function qualityDefinitions({ bars, high, low, volume, each, missing }: Market): Definitions {
  return {
    // Here only: bars missing cost 0.1, no volume 0.02, a spread over 5 times its mean 0.2, 10 flat bars 0.2.
    quality_score: each((i) => {
      const spreads = bars.slice(Math.max(0, i - 100), i).map(({ bid, ask }) => ask - bid);
      const spike = i >= 20 && bars[i]!.ask - bars[i]!.bid > 50 * Math.min(...spreads);
      const flat = i >= 9 && window(high, i, 10).every((h, k) => h === low[i - 9 + k]);
      return (
        1 - (missing[i]! > 0 ? 0.1 : 0) - (volume[i]! > 0 ? 0 : 0.02) - (spike ? 0.2 : 0) - (flat ? 0.2 : 0)
      );
    }),
    bars_since_gap: ((): Series => {
      let since = 0;
      return each((i) => (since = missing[i]! > 0 ? 0 : Math.min(1000, since + 1)));
    })(),
  };
}
