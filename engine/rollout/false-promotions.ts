const YEAR_MS = 365 * 86_400_000;
/** How likely a challenger that is no better may become production: one that an alarm or a person asked for. */
const CHANCE_MAX = 0.01;
/**
 * And all of those together that merely come with time, in a year of their market. Alarms come 0.75 times a year where nothing
 * changed (docs/drift.md), so a series has 0.75 × 1 % + 1.75 % a year: 5 % in two years, however often it is trained.
 */
const CHANCE_A_YEAR = 0.0175;
/** Of two models of nearly the same bars the second is not shut out for good. */
const CHANCE_MIN = 1e-6;

/**
 * Evidence that makes a challenger production: one over the chance that it gets there without being better (Ville's
 * inequality). `sinceMs`: market time between the newest bar of the model before and its own, when it was trained because that
 * time was over; undefined when an alarm or a person asked for it.
 */
export function evidenceForProduction(sinceMs: number | undefined): number {
  if (sinceMs === undefined) return 1 / CHANCE_MAX;
  const chance = (CHANCE_A_YEAR * sinceMs) / YEAR_MS;
  return Math.round(1 / Math.min(CHANCE_MAX, Math.max(CHANCE_MIN, chance)));
}
