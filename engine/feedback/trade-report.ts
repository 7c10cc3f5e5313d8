import { z } from 'zod';
import { SuhoError } from '../errors.js';
import type { TradeRecord } from '../journal/records.js';
import type { PredictionSummary } from '../prediction-store/prediction-store.js';

const moment = z.number().int().positive().max(8_640_000_000_000_000);
const positive = z.number().positive().finite();
const money = z.number().finite();

/** A closed trade as a client reports it. Times in epoch milliseconds UTC, prices in the symbol's quote currency. */
const tradeReport = z.strictObject({
  tradeId: z.string().min(1).max(128).describe('The client’s own id; the same again changes nothing'),
  predictionId: z.uuid().describe('The signal it was made on'),
  side: z.enum(['LONG', 'SHORT']),
  quantity: positive.describe('Units of the base currency, contracts or shares'),
  entryTime: moment,
  entryPrice: positive,
  exitTime: moment,
  exitPrice: positive,
  pnlMoney: money.optional().describe('After costs; reckoned from prices, quantity and costs when left out'),
  currency: z
    .string()
    .min(1)
    .max(12)
    .optional()
    .describe('Of money; the symbol’s quote currency when left out'),
  commission: money.default(0).describe('Cost, positive'),
  financing: money.default(0).describe('Cost of holding, positive'),
  slippagePips: money.optional(),
  exitReason: z.string().max(200).default(''),
  marketConditions: z
    .record(z.string().max(64), z.union([z.number().finite(), z.string().max(200)]))
    .default({}),
});

export type TradeReport = z.output<typeof tradeReport>;

/** Takes a report from outside. Throws `BAD_INPUT` naming the field that is wrong. */
export function readTradeReport(given: unknown): TradeReport {
  const parsed = tradeReport.safeParse(given);
  if (parsed.success) {
    if (parsed.data.exitTime >= parsed.data.entryTime) return parsed.data;
    throw new SuhoError('BAD_INPUT', 'exitTime: a trade ends after it begins.');
  }
  const [issue] = parsed.error.issues;
  throw new SuhoError('BAD_INPUT', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

const METALS: Readonly<Record<string, number>> = { XAU: 0.1, XAG: 0.01 };
const CURRENCIES = new Set(
  'AUD CAD CHF CNH CZK DKK EUR GBP HKD HUF JPY MXN NOK NZD PLN SEK SGD THB TRY USD ZAR'.split(' '),
);

/**
 * A pip in units of price: 0.0001 for currency pairs, 0.01 for those in yen (and forint), 0.1 for gold, 0.01 for
 * silver, as FX venues quote them; 1 unit of price for anything else.
 */
export function pipOf(symbol: string): number {
  const base = symbol.slice(0, 3);
  const quote = symbol.slice(3);
  const metal = METALS[base];
  if (metal !== undefined) return metal;
  if (!CURRENCIES.has(base) || !CURRENCIES.has(quote)) return 1;
  return quote === 'JPY' || quote === 'HUF' ? 0.01 : 0.0001;
}

/** A reported trade as it is kept, with what it earned. Throws `BAD_INPUT` for one that began before its prediction. */
export function tradeOf(
  report: TradeReport,
  prediction: PredictionSummary,
  tenantId: string,
  userId: string | undefined,
): TradeRecord {
  if (report.entryTime < prediction.barCloseTime) {
    throw new SuhoError(
      'BAD_INPUT',
      `entryTime: the prediction was made at ${new Date(prediction.barCloseTime).toISOString()}, the trade began before.`,
    );
  }
  const { pnlMoney, currency, ...rest } = report;
  const gain = (report.exitPrice - report.entryPrice) * (report.side === 'LONG' ? 1 : -1);
  const { barCloseTime, modelVersion, symbol, timeframe } = prediction;
  return {
    ...rest,
    tenantId,
    userId,
    symbol,
    timeframe,
    modelVersion,
    barCloseTime,
    pnlMoney: pnlMoney ?? gain * report.quantity - report.commission - report.financing,
    currency: currency ?? (symbol.length >= 6 ? symbol.slice(-3) : ''),
    pnlPips: gain / pipOf(symbol),
    pnlPercent: (gain / report.entryPrice) * 100,
    slippagePips: report.slippagePips,
  };
}
