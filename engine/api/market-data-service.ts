import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import { requestStream, type CallContext, type Taken } from './calls.js';
import { checkRows, readEach, readSymbol, readTimeframe } from './fields.js';
import type { Bar__Output as ProtoBar } from './generated/suho/v1/Bar.js';
import type { PublishAck } from './generated/suho/v1/PublishAck.js';
import type { PublishBarsRequest__Output as PublishBarsRequest } from './generated/suho/v1/PublishBarsRequest.js';
import type { PublishQuotesRequest__Output as PublishQuotesRequest } from './generated/suho/v1/PublishQuotesRequest.js';
import type { Quote__Output as ProtoQuote } from './generated/suho/v1/Quote.js';
import type { IntakeResult } from '../intake/intake.js';
import type { Intake } from './ports.js';

/** Handlers of MarketDataService. */
export function marketDataService(calls: CallContext, intake: Intake): Record<string, unknown> {
  const { admission } = calls;
  return {
    PublishBars: requestStream(calls, 'trader', async (request: PublishBarsRequest, caller) => {
      const input = {
        tenantId: caller.tenantId,
        symbol: readSymbol('symbol', request.symbol),
        timeframe: readTimeframe('timeframe', request.timeframe),
        signalTimeframes: readEach('signal_timeframes', request.signal_timeframes, readTimeframe),
      };
      checkRows('bars', request.bars);
      await admission.admitRows(caller, 'bars', request.bars.length);
      return acknowledged(
        request.request_id,
        intake.publishBars({ ...input, bars: request.bars.map(readBar) }),
      );
    }),
    PublishQuotes: requestStream(calls, 'trader', async (request: PublishQuotesRequest, caller) => {
      const input = {
        tenantId: caller.tenantId,
        symbol: readSymbol('symbol', request.symbol),
        signalTimeframes: readEach('signal_timeframes', request.signal_timeframes, readTimeframe),
      };
      checkRows('quotes', request.quotes);
      await admission.admitRows(caller, 'quotes', request.quotes.length);
      return acknowledged(
        request.request_id,
        intake.publishQuotes({ ...input, quotes: request.quotes.map(readQuote) }),
      );
    }),
  };
}

function acknowledged(requestId: string, result: Promise<IntakeResult>): Taken<PublishAck> {
  const answer = async (): Promise<PublishAck> => {
    const { accepted, duplicates, late, conflicts, skipped, rejected } = await result;
    return {
      request_id: requestId,
      accepted,
      duplicates,
      late,
      conflicts,
      skipped: [...skipped],
      rejected: [...rejected],
    };
  };
  return { answer: answer() };
}

/** A time that is not exact as a number becomes one that the checks of a row call `bad_time`. */
function readBar(bar: ProtoBar): Bar {
  return {
    openTime: Number(bar.open_time),
    open: bar.open,
    high: bar.high,
    low: bar.low,
    close: bar.close,
    volume: bar.volume ?? NaN,
    tickCount: bar.tick_count ?? NaN,
    bid: bar.bid ?? NaN,
    ask: bar.ask ?? NaN,
  };
}

function readQuote(quote: ProtoQuote): Quote {
  return {
    ts: Number(quote.ts),
    bid: quote.bid,
    ask: quote.ask,
    bidSize: quote.bid_size ?? NaN,
    askSize: quote.ask_size ?? NaN,
  };
}
