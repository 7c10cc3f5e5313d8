import type { Evidence } from '../../actors/signals/evidence.js';
import type { Signal } from '../../actors/signals/signal.js';
import type { ConclusionRecord, TradeRecord } from '../../engine/journal/records.js';

/** A conclusion with a signal, as a journal takes it; its evidence is empty. */
export function conclusionOf(actorId: string, signal: Signal): ConclusionRecord {
  return {
    actorId,
    closeTime: signal.barCloseTime,
    evidence: emptyEvidence(signal.barCloseTime),
    result: { kind: 'signal', signal },
  };
}

/** What a journal takes for a bar that had no signal, since the models were late. */
export function withheldOn(actorId: string, closeTime: number): ConclusionRecord {
  return {
    actorId,
    closeTime,
    evidence: { ...emptyEvidence(closeTime), modelFailure: 'deadline' },
    result: { kind: 'withheld', reason: 'model_deadline' },
  };
}

function emptyEvidence(closeTime: number): Evidence {
  return {
    closeTime,
    model: undefined,
    modelFailure: 'error',
    patterns: undefined,
    patternFailure: undefined,
    timing: { queueMs: 0, inferenceMs: 0, patternsMs: 0 },
  };
}

/** A trade of its tenant on a signal, as the journal has it. */
export function tradeOn({ tenantId, predictionId, barCloseTime }: Signal): TradeRecord {
  return {
    tenantId,
    userId: undefined,
    tradeId: 't1',
    predictionId,
    symbol: 'EURUSD',
    timeframe: '1h',
    modelVersion: 'v1.0.0',
    barCloseTime,
    side: 'LONG',
    quantity: 1,
    entryTime: barCloseTime,
    entryPrice: 1,
    exitTime: barCloseTime + 1,
    exitPrice: 1,
    pnlMoney: 0,
    currency: 'USD',
    pnlPips: 0,
    pnlPercent: 0,
    commission: 0,
    financing: 0,
    slippagePips: undefined,
    exitReason: 'stop',
    marketConditions: {},
  };
}
