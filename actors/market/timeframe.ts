/** The bar lengths the engine knows, shortest first. */
export const TIMEFRAMES = ['1m', '5m', '15m', '30m', '1h', '4h', '1d'] as const;

export type Timeframe = (typeof TIMEFRAMES)[number];

const DURATION_MS: Record<Timeframe, number> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
  '1d': 86_400_000,
};

/** Length of one bar in milliseconds. */
export function timeframeMs(timeframe: Timeframe): number {
  return DURATION_MS[timeframe];
}

/** Reads a timeframe as a user writes it; undefined when it is none of {@link TIMEFRAMES}. */
export function parseTimeframe(text: string): Timeframe | undefined {
  const wanted = text.trim().toLowerCase();
  return TIMEFRAMES.find((timeframe) => timeframe === wanted);
}
