import { SuhoError } from '../errors.js';
import type { Feedback } from '../feedback/feedback.js';
import { unary, type CallContext } from './calls.js';
import { StatusFailure, invalid } from './failure.js';
import { readInteger } from './fields.js';
import type { ReportTradeRequest__Output as ReportTradeRequest } from './generated/suho/v1/ReportTradeRequest.js';
import type { ReportTradeResponse } from './generated/suho/v1/ReportTradeResponse.js';

/** Market conditions of one trade at most. */
const CONDITIONS_MAX = 100;
const CONDITION_NAME = /^[\x20-\x7e]{1,64}$/;

const SIDES = new Map<unknown, 'LONG' | 'SHORT'>([
  ['DIRECTION_LONG', 'LONG'],
  ['DIRECTION_SHORT', 'SHORT'],
]);

/** Handlers of FeedbackService. */
export function feedbackService(calls: CallContext, feedback: Feedback): Record<string, unknown> {
  return {
    ReportTrade: unary(
      calls,
      'trader',
      async (request: ReportTradeRequest, caller): Promise<ReportTradeResponse> => {
        const report = readReport(request);
        const { answer, trade } = await inFieldNames(feedback.report(caller.tenantId, caller.userId, report));
        return {
          answer: `TRADE_ANSWER_${answer}`,
          pnl_money: trade?.pnlMoney ?? 0,
          currency: trade?.currency ?? '',
          pnl_pips: trade?.pnlPips ?? 0,
          pnl_percent: trade?.pnlPercent ?? 0,
        };
      },
    ),
  };
}

function readReport(request: ReportTradeRequest): Readonly<Record<string, unknown>> {
  const side = SIDES.get(request.side);
  if (side === undefined) throw invalid('side', 'it must be DIRECTION_LONG or DIRECTION_SHORT.');
  return {
    tradeId: request.trade_id,
    predictionId: request.prediction_id,
    side,
    quantity: request.quantity,
    entryTime: readInteger('entry_time', request.entry_time),
    entryPrice: request.entry_price,
    exitTime: readInteger('exit_time', request.exit_time),
    exitPrice: request.exit_price,
    pnlMoney: request.pnl_money,
    currency: request.currency,
    commission: request.commission,
    financing: request.financing,
    slippagePips: request.slippage_pips,
    exitReason: request.exit_reason,
    marketConditions: readConditions(request.market_conditions),
  };
}

function readConditions(conditions: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const names = Object.keys(conditions);
  if (names.length > CONDITIONS_MAX)
    throw invalid('market_conditions', `at most ${CONDITIONS_MAX}; there are ${names.length}.`);
  if (!names.every((name) => CONDITION_NAME.test(name)))
    throw invalid('market_conditions', 'a name must have 1 to 64 printable ASCII characters.');
  return conditions;
}

/** What is wrong with a report, in the names of the message's fields. */
async function inFieldNames<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof SuhoError) || error.code !== 'BAD_INPUT') throw error;
    const [, name, rest] = /^([a-zA-Z]+)(.*)$/s.exec(error.message) ?? [];
    if (name === undefined || rest === undefined) throw error;
    const field = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    throw new StatusFailure('INVALID_FIELD', `${field}${rest}`, { field });
  }
}
