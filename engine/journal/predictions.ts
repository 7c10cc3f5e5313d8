import type { Label } from '../../actors/features/labels.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { Signal } from '../../actors/signals/signal.js';
import { turnOf, type Clock } from '../clock.js';
import { AnswerTable } from './answers.js';
import type { Committer } from './committer.js';
import { ConclusionTopic } from './conclusions.js';
import type { LogStore, Table } from './log-store.js';
import { RecentEntries } from './recent-entries.js';
import type { ConclusionRecord, PredictionEvent, TradeRecord } from './records.js';
import { TopicLog, type TopicLag } from './topic-log.js';

type LoggedPrediction = { readonly sequence: number } | Exclude<PredictionEvent, { kind: 'signal' }>;

/** Entries read before the event loop has a turn: a few milliseconds of work. */
const READ_AT_ONCE = 200;
/** Bytes that entries take, about. */
const ANSWER_BYTES = 1_600;
const OUTCOME_BYTES = 220;
const TRADE_BYTES = 1_200;

/** A signal actor, and whose signals it makes. */
export interface SignalMaker extends SignalOwner {
  readonly actorId: string;
}

/** A bar that arms beside the serving one are asked about. */
export interface AnsweredBar extends SignalMaker {
  readonly closeTime: number;
}

/** What prediction stores and publishers are told, in order: signals, what came of them, and trades. */
export class PredictionTopic {
  readonly conclusions: ConclusionTopic;
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #meta: Table<unknown, string>;
  readonly #log: TopicLog<LoggedPrediction>;
  readonly #recent = new RecentEntries<PredictionEvent>();
  readonly #answers: AnswerTable;
  readonly #trades: Table<TradeRecord, [tenantId: string, tradeId: string]>;

  constructor(store: LogStore, committer: Committer, clock: Clock, meta: Table<unknown, string>) {
    this.#committer = committer;
    this.#clock = clock;
    this.#meta = meta;
    this.conclusions = new ConclusionTopic(store, committer, meta);
    this.#log = new TopicLog(store, committer, clock, 'predictions');
    this.#answers = new AnswerTable(store, committer);
    this.#trades = store.table('trades');
  }

  /** Takes what a signal actor concluded; returns the sequence number of a signal, undefined for a withheld one. */
  appendConclusion(conclusion: ConclusionRecord): number | undefined {
    const sequence = this.conclusions.append(conclusion, (number) => this.#log.append({ sequence: number }));
    const { result } = conclusion;
    if (sequence !== undefined && result.kind === 'signal')
      this.#remember({ kind: 'signal', sequence, signal: result.signal });
    return sequence;
  }

  /** Keeps the record of the newest entry, which was pushed just now. */
  #remember(record: PredictionEvent): void {
    this.#recent.add(this.#committer.last('predictions'), this.#committer.ticket, record);
  }

  /** Takes a record that is its own entry, with what is written beside it. */
  #append(record: Exclude<PredictionEvent, { kind: 'signal' }>, bytes: number, beside?: () => void): void {
    const log = this.#log.append(record);
    this.#committer.push(bytes, () => {
      beside?.();
      log();
    });
    this.#remember(record);
  }

  /** Arms beside the serving one are asked about a bar: {@link appendAnswers} will say what they answered. */
  expectAnswers({ actorId, closeTime }: AnsweredBar): void {
    this.#answers.expect(actorId, closeTime);
  }

  /** Takes what the arms beside the serving one said of a bar; `spread` is the bar's, over its close, NaN where unknown. */
  appendAnswers(bar: AnsweredBar, signals: readonly Signal[], spread: number): void {
    for (const signal of signals) this.#append({ kind: 'answer', signal, spread }, ANSWER_BYTES);
    const ids = signals.map(({ predictionId }) => predictionId);
    for (const label of this.#answers.put(bar.actorId, bar.closeTime, ids)) this.resolveAnswers(bar, label);
  }

  /** Takes what came of a bar for the answers of arms that did not serve it. */
  resolveAnswers(maker: SignalMaker, label: Label): void {
    for (const predictionId of this.#answers.take(maker.actorId, label))
      this.appendOutcome(maker, predictionId, label);
  }

  appendOutcome({ actorId, tenantId, userId }: SignalMaker, predictionId: string, label: Label): void {
    const user = userId === undefined ? {} : { userId };
    this.#committer.mark(`outcome:${actorId}`, label.resolvedAt);
    this.#append({ kind: 'outcome', tenantId, ...user, predictionId, label }, OUTCOME_BYTES);
  }

  /** Close time of the bar that made an actor's last durable outcome known, 0 before the first. */
  lastOutcomeOf(actorId: string): number {
    return (this.#meta.get(`outcome:${actorId}`) as number | undefined) ?? 0;
  }

  appendTrade(trade: TradeRecord): void {
    this.#append({ kind: 'trade', trade }, TRADE_BYTES, () =>
      this.#trades.put([trade.tenantId, trade.tradeId], trade),
    );
  }

  /** A trade that was reported, as long as it is kept. */
  trade(tenantId: string, tradeId: string): TradeRecord | undefined {
    return this.#trades.get([tenantId, tradeId]);
  }

  /** What came after an offset, oldest first. */
  async after(
    offset: number,
    limit: number,
  ): Promise<{ entries: { place: number; record: PredictionEvent }[]; offset: number; count: number }> {
    const recent = this.#recent.after(offset, limit, this.#committer.durableThrough);
    if (recent !== undefined)
      return { entries: [...recent], offset: recent.at(-1)?.place ?? offset, count: recent.length };
    const page = this.#log.after(offset, limit);
    const entries: { place: number; record: PredictionEvent }[] = [];
    for (const [i, { place, value }] of page.entries.entries()) {
      if (i % READ_AT_ONCE === READ_AT_ONCE - 1) await turnOf(this.#clock);
      if ('kind' in value) {
        entries.push({ place, record: value });
        continue;
      }
      const signal = this.conclusions.signal(value.sequence);
      if (signal !== undefined)
        entries.push({ place, record: { kind: 'signal', sequence: value.sequence, signal } });
    }
    return { entries, offset: page.offset, count: page.entries.length };
  }

  lag(offset: number): TopicLag {
    return this.#log.lag(offset);
  }

  /** Drops up to `limit` entries through a place, with the signals and trades they are about. Inside a transaction. */
  purge(through: number, limit: number): number {
    this.#recent.drop(through);
    return this.#log.purge(through, limit, (value) => {
      if ('sequence' in value) this.conclusions.purge(value.sequence);
      else if (value.kind === 'trade') this.#purgeTrade(value.trade);
    });
  }

  /** Whether trades were purged: one that is not here may be stored all the same. */
  get hasPurgedTrades(): boolean {
    return this.#meta.get('purgedTrades') === true;
  }

  #purgeTrade({ tenantId, tradeId }: TradeRecord): void {
    this.#trades.remove([tenantId, tradeId]);
    this.#meta.put('purgedTrades', true);
  }

  /** Forgets where an actor was. */
  remove(actorId: string): void {
    this.conclusions.remove(actorId);
    this.#committer.mark(`outcome:${actorId}`, undefined);
    this.#committer.push(0, () => this.#answers.remove(actorId));
  }
}
