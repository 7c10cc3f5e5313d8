import type { Market } from './market.js';
import { ago, combine, type Definitions } from './series.js';

/** The lines of Ichimoku. */
export function ichimokuDefinitions({ close, from, highest, lowest }: Market): Definitions {
  const tenkan = combine((h, l) => (h + l) / 2, highest(9), lowest(9));
  const kijun = combine((h, l) => (h + l) / 2, highest(26), lowest(26));
  const senkouA = ago(
    combine((t, k) => (t + k) / 2, tenkan, kijun),
    26,
  );
  const senkouB = ago(
    combine((h, l) => (h + l) / 2, highest(52), lowest(52)),
    26,
  );
  return {
    ichimoku_tenkan_9: tenkan,
    ichimoku_kijun_26: kijun,
    ichimoku_senkou_a: senkouA,
    ichimoku_senkou_b_52: senkouB,
    ichimoku_chikou_return_26: from(26, (i) => close[i]! / close[i - 26]! - 1),
    ichimoku_cloud_thickness: combine((a, b) => a - b, senkouA, senkouB),
    ichimoku_price_vs_cloud: combine(
      (c, a, b) => (Number.isNaN(a + b) ? NaN : c > Math.max(a, b) ? 1 : c < Math.min(a, b) ? -1 : 0),
      close,
      senkouA,
      senkouB,
    ),
  };
}
