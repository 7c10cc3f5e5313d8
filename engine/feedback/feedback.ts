import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import { SuhoError } from '../errors.js';
import { isKnownTo } from '../instruments/audience.js';
import type { Journal } from '../journal/journal.js';
import type { TradeRecord } from '../journal/records.js';
import type { PatternRecorder } from '../patterns/pattern-recorder.js';
import type { PredictionStore, PredictionSummary } from '../prediction-store/prediction-store.js';
import { readTradeReport, tradeOf, type TradeReport } from './trade-report.js';

/** What became of a reported trade. */
export type TradeAnswer = 'ACCEPTED' | 'DUPLICATE' | 'UNKNOWN_PREDICTION';

/** Takes trade results back: into the journal, and from there to their predictions, and to their patterns. */
export class Feedback {
  readonly #journal: Journal;
  readonly #predictions: PredictionStore;
  readonly #patterns: PatternRecorder;
  /** The last report of each tenant that is not durable yet. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #now: () => number;
  #taken = 0;

  /** `now` is the engine's clock, epoch milliseconds UTC. */
  constructor(
    journal: Journal,
    predictions: PredictionStore,
    patterns: PatternRecorder,
    now: () => number = Date.now,
  ) {
    this.#now = now;
    this.#journal = journal;
    this.#predictions = predictions;
    this.#patterns = patterns;
  }

  /** Trades taken since start. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes a closed trade of a tenant. The same trade again changes nothing; one on a prediction the tenant does not
   * have is not taken. Settles when it is durable. Throws `BAD_INPUT`, and `STORE_UNAVAILABLE` when the prediction
   * is no longer in the journal and the store of predictions is away.
   */
  async report(
    tenantId: string,
    userId: string | undefined,
    given: unknown,
  ): Promise<{ readonly answer: TradeAnswer; readonly trade: TradeRecord | undefined }> {
    const report = readTradeReport(given, this.#now());
    // One after the other: of two at the same moment, of the same trade or on the same prediction, the second must
    // find what the first wrote.
    const before = this.#last.get(tenantId);
    const work = (async () => {
      await before?.catch(() => undefined);
      return await this.#take(tenantId, userId, report);
    })();
    this.#last.set(tenantId, work);
    try {
      return await work;
    } finally {
      if (this.#last.get(tenantId) === work) this.#last.delete(tenantId);
    }
  }

  async #take(
    tenantId: string,
    userId: string | undefined,
    report: TradeReport,
  ): Promise<{ readonly answer: TradeAnswer; readonly trade: TradeRecord | undefined }> {
    const known = this.#journal.predictions.trade(tenantId, report.tradeId);
    if (known !== undefined) return { answer: 'DUPLICATE', trade: known };
    if (this.#journal.predictions.hasPurgedTrades && (await this.#isStored(tenantId, report.tradeId)))
      return { answer: 'DUPLICATE', trade: undefined };
    const prediction = await this.#predictionOf({ tenantId, userId }, report.predictionId);
    if (prediction === undefined) return { answer: 'UNKNOWN_PREDICTION', trade: undefined };
    const trade = tradeOf(report, prediction, tenantId, userId);
    await this.#journal.durable();
    // Both in one transaction, so that neither is without the other.
    this.#patterns.addTrade(trade);
    this.#journal.predictions.appendTrade(trade);
    this.#taken++;
    await this.#journal.durable();
    return { answer: 'ACCEPTED', trade };
  }

  async #predictionOf(reporter: SignalOwner, predictionId: string): Promise<PredictionSummary | undefined> {
    const signal = this.#journal.predictions.conclusions.signalOf(predictionId);
    if (signal !== undefined) {
      if (!isKnownTo(reporter, signal)) return undefined;
      const { userId, symbol, timeframe, barCloseTime, model } = signal;
      return { userId, symbol, timeframe, barCloseTime, modelVersion: model.version };
    }
    const { tenantId, userId } = reporter;
    return await this.#ask(async () => await this.#predictions.find(tenantId, predictionId, userId));
  }

  /** Whether a trade that the journal no longer has was taken before. */
  async #isStored(tenantId: string, tradeId: string): Promise<boolean> {
    return await this.#ask(async () => await this.#predictions.hasTrade(tenantId, tradeId));
  }

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const text = 'The store of predictions is away; send the trade again later.';
      throw new SuhoError('STORE_UNAVAILABLE', text, { cause: error });
    }
  }
}
