/** Prices an indicator of single numbers can be fed with. */
export const EXTRA_PRICES = ['open', 'high', 'low', 'close', 'volume', 'hl2', 'hlc3', 'ohlc4'] as const;
export type ExtraPrice = (typeof EXTRA_PRICES)[number];
