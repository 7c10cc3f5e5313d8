import { z } from 'zod';
import { PRICE_MAX, PRICE_MIN } from '../../actors/market/bar.js';
import { SuhoError } from '../errors.js';
import type { TradeRecord } from '../journal/records.js';
import type { PredictionSummary } from '../prediction-store/prediction-store.js';

/** No trade is older than this; one that ends after now and a day has a wrong unit or a wrong clock. */
const FIRST_TIME = Date.UTC(1990, 0, 1);
const AHEAD_MS = 86_400_000;
/**
 * Limits no real trade comes near. Whatever is computed within them (money, pips, percent, and their sums over all trades
 * on a prediction) is a finite double, which is what the stores keep.
 */
const QUANTITY_MAX = 1e15;
const MONEY_MAX = 1e15;
const CONDITIONS_MAX = 64;

/** Text that every store can hold: no control characters (PostgreSQL has no NUL), no half of a surrogate pair. */
const CONTROL = /\p{Cc}|\p{Cs}/u;
const text = (max: number): z.ZodString =>
  z
    .string()
    .max(max)
    .refine((given) => !CONTROL.test(given), 'has a control character or half a surrogate pair');

const quantity = z.number().positive().max(QUANTITY_MAX);
const price = z.number().min(PRICE_MIN).max(PRICE_MAX);
const money = z.number().min(-MONEY_MAX).max(MONEY_MAX);
const moment = z.number().int();

/** A closed trade as a client reports it. Times in epoch milliseconds UTC, prices in the symbol's quote currency. */
const tradeReport = z.strictObject({
  tradeId: text(128).min(1).describe('The client’s own id; the same again changes nothing'),
  predictionId: z.uuid().toLowerCase().describe('The signal it was made on'),
  // In the words of the API as well, which NATS messages may use.
  side: z.preprocess(
    (given) => (typeof given === 'string' ? given.replace(/^DIRECTION_/, '') : given),
    z.enum(['LONG', 'SHORT']),
  ),
  quantity: quantity.describe('Units of the base currency, contracts or shares'),
  entryTime: moment,
  entryPrice: price,
  exitTime: moment,
  exitPrice: price,
  pnlMoney: money.optional().describe('After costs; computed from prices, quantity and costs when left out'),
  currency: z
    .string()
    .regex(/^[A-Za-z0-9]{1,12}$/, 'letters and digits, 12 at most')
    .optional()
    .describe('Of money; the symbol’s quote currency when left out'),
  commission: money.default(0).describe('Cost, positive'),
  financing: money.default(0).describe('Cost of holding, positive'),
  slippagePips: money.optional(),
  exitReason: text(200).default(''),
  marketConditions: z
    .record(text(64), z.union([z.number(), text(200)]))
    .refine((given) => Object.keys(given).length <= CONDITIONS_MAX, `${CONDITIONS_MAX} at most`)
    .default({}),
});

export type TradeReport = z.output<typeof tradeReport>;

/** Takes a report from outside, at a time of the engine's clock. Throws `BAD_INPUT` naming the field that is wrong. */
export function readTradeReport(given: unknown, now: number): TradeReport {
  const parsed = tradeReport.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw wrong(issue?.path.join('.') ?? '', issue?.message ?? '');
  }
  const { entryTime, exitTime } = parsed.data;
  for (const [field, time] of Object.entries({ entryTime, exitTime })) {
    if (time < FIRST_TIME) throw wrong(field, 'is before 1990; times are epoch milliseconds UTC.');
    if (time > now + AHEAD_MS)
      throw wrong(field, 'is more than a day ahead; times are epoch milliseconds UTC.');
  }
  if (exitTime < entryTime) throw wrong('exitTime', 'a trade ends after it begins.');
  return parsed.data;
}

function wrong(field: string, why: string): SuhoError {
  return new SuhoError('BAD_INPUT', `${field}: ${why}`);
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
    throw wrong(
      'entryTime',
      `the prediction was made at ${new Date(prediction.barCloseTime).toISOString()}, the trade began before.`,
    );
  }
  const { pnlMoney, currency, ...rest } = report;
  const gain = (report.exitPrice - report.entryPrice) * (report.side === 'LONG' ? 1 : -1);
  const { barCloseTime, modelVersion, symbol, timeframe, userId: predictionUserId } = prediction;
  return {
    ...rest,
    tenantId,
    userId,
    ...(predictionUserId === undefined ? {} : { predictionUserId }),
    symbol,
    timeframe,
    modelVersion,
    barCloseTime,
    pnlMoney: pnlMoney ?? gain * report.quantity - report.commission - report.financing,
    currency: currency ?? (/^[A-Z]{6}$/.test(symbol) ? symbol.slice(3) : ''),
    pnlPips: gain / pipOf(symbol),
    pnlPercent: (gain / report.entryPrice) * 100,
    slippagePips: report.slippagePips,
  };
}
