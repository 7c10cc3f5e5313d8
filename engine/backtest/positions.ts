import { HORIZONS, HORIZON_MS } from '../../actors/features/labels.js';

/** What a model said at the close of one bar. */
export interface Forecast {
  /** Bar whose close it was made at. */
  readonly bar: number;
  /** Walk-forward fold that predicted it. */
  readonly fold: number;
  /** Down, flat, up for each horizon. */
  readonly probabilities: readonly number[];
  /** Expected return over each horizon. */
  readonly returns: readonly number[];
}

/** How forecasts become positions; the names are those of the engine's gates. */
export interface PositionRule {
  /** Index of the horizon that is traded. */
  readonly horizon: number;
  /** Lowest probability of the direction among up and down together, 0.5..1. */
  readonly minDirectionalShare: number;
  /** Lowest expected return, in spreads. */
  readonly minReturnInSpreads: number;
  /** When a position ends that no signal turns: once its horizon is over since the last signal its way, or with the first bar that has no such signal. */
  readonly exit: 'horizon' | 'signal';
}

export const DEFAULT_RULE: PositionRule = {
  horizon: 0,
  minDirectionalShare: 0.52,
  minReturnInSpreads: 0,
  exit: 'horizon',
};

/** What a rule takes from a forecast: direction (−1, +1, 0 when it abstains) and the probability of that among up and down. */
function signalOf(
  { probabilities, returns }: Pick<Forecast, 'probabilities' | 'returns'>,
  rule: PositionRule,
  spreadShare: number,
): { readonly direction: number; readonly share: number } {
  const at = rule.horizon * 3;
  const [down, flat, up] = [probabilities[at]!, probabilities[at + 1]!, probabilities[at + 2]!];
  const leaning = up >= down ? 1 : -1;
  const share = Math.max(up, down) / (up + down);
  const isShown =
    Math.max(up, down) > flat &&
    share >= rule.minDirectionalShare &&
    (rule.minReturnInSpreads === 0 ||
      leaning * returns[rule.horizon]! >= rule.minReturnInSpreads * spreadShare);
  return { direction: isShown ? leaning : 0, share };
}

/**
 * The position wanted after each bar's close (−1, 0, +1), which the next bar's open fills. A signal opens a position or turns
 * the one there is; one the same way renews it. Nothing but forecasts of that bar and before it is looked at.
 */
export function positionsOf(
  forecasts: readonly Forecast[],
  rule: PositionRule,
  market: {
    readonly closeTimes: Float64Array;
    readonly closeSpreads: Float64Array;
    readonly bidCloses: Float64Array;
  },
  isActive: (forecast: Forecast) => boolean = () => true,
): Int8Array {
  const bars = market.closeTimes.length;
  const positions = new Int8Array(bars);
  let next = 0;
  let position = 0;
  let until = -Infinity;
  for (let bar = 0; bar < bars; bar++) {
    while (next < forecasts.length && forecasts[next]!.bar < bar) next++;
    const forecast = forecasts[next]?.bar === bar ? forecasts[next]! : undefined;
    const spreadShare = market.closeSpreads[bar]! / market.bidCloses[bar]!;
    const direction =
      forecast === undefined || !isActive(forecast) ? 0 : signalOf(forecast, rule, spreadShare).direction;
    if (direction !== 0) {
      position = direction;
      until = market.closeTimes[bar]! + HORIZON_MS[rule.horizon]!;
    } else if (rule.exit === 'signal' || market.closeTimes[bar]! >= until) position = 0;
    positions[bar] = position;
  }
  return positions;
}

/** A rule in words. */
export function describeRule(rule: PositionRule): string {
  const over = HORIZONS[rule.horizon]!;
  const exit =
    rule.exit === 'horizon'
      ? `when ${over} is over since the last signal its way`
      : 'with the first bar that has no signal its way';
  const cost =
    rule.minReturnInSpreads > 0 ? ` and an expected return of ${rule.minReturnInSpreads} spreads` : '';
  return `Long or short the whole equity, without leverage, when up or down is likelier than flat over ${over} with a share of at least ${rule.minDirectionalShare} among the two${cost}; filled at the next bar's open; closed by a signal the other way, else ${exit}`;
}
