import type { Label } from '../../actors/features/labels.js';
import type { Signal } from '../../actors/signals/signal.js';
import { turnOf, type Clock } from '../clock.js';
import { AnswerTable } from './answers.js';
import type { Committer } from './committer.js';
import { ConclusionTopic } from './conclusions.js';
import type { LogStore, Table } from './log-store.js';
import type { ConclusionRecord, PredictionEvent, TradeRecord } from './records.js';
import { TopicLog, type TopicLag } from './topic-log.js';

type LoggedPrediction = { readonly sequence: number } | Exclude<PredictionEvent, { kind: 'signal' }>;

/** Entries read before the event loop has a turn: a few milliseconds of work. */
const READ_AT_ONCE = 200;
const ANSWER_BYTES = 1_600;

/** A bar that arms beside the serving one are asked about. */
export interface AnsweredBar {
  readonly actorId: string;
  readonly tenantId: string;
  readonly userId?: string | undefined;
  readonly closeTime: number;
}

/** What prediction stores and publishers are told, in order: signals, what came of them, and trades. */
export class PredictionTopic {
  readonly conclusions: ConclusionTopic;
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #meta: Table<unknown, string>;
  readonly #log: TopicLog<LoggedPrediction>;
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
    return this.conclusions.append(conclusion, (sequence) => this.#log.append({ sequence }));
  }

  /** Arms beside the serving one are asked about a bar: {@link appendAnswers} will say what they answered. */
  expectAnswers({ actorId, closeTime }: AnsweredBar): void {
    this.#answers.expect(actorId, closeTime);
  }

  /** Takes what the arms beside the serving one said of a bar; `spread` is the bar's, over its close, NaN where unknown. */
  appendAnswers({ closeTime, ...by }: AnsweredBar, signals: readonly Signal[], spread: number): void {
    for (const signal of signals) {
      const write = this.#log.append({ kind: 'answer', signal, spread });
      this.#committer.push(ANSWER_BYTES, write);
    }
    const ids = signals.map(({ predictionId }) => predictionId);
    const known = this.#answers.put(by.actorId, closeTime, ids);
    for (const label of known) this.resolveAnswers(by.actorId, by.tenantId, label, by.userId);
  }

  /** Takes what came of a bar for the answers of arms that did not serve it. */
  resolveAnswers(actorId: string, tenantId: string, label: Label, userId?: string): void {
    for (const predictionId of this.#answers.take(actorId, label))
      this.appendOutcome(actorId, tenantId, predictionId, label, userId);
  }

  appendOutcome(
    actorId: string,
    tenantId: string,
    predictionId: string,
    label: Label,
    userId?: string,
  ): void {
    const write = this.#log.append({
      kind: 'outcome',
      tenantId,
      ...(userId === undefined ? {} : { userId }),
      predictionId,
      label,
    });
    this.#committer.push(220, () => {
      write();
      this.#meta.put(`outcome:${actorId}`, label.resolvedAt);
    });
  }

  /** Close time of the bar that made an actor's last durable outcome known, 0 before the first. */
  lastOutcomeOf(actorId: string): number {
    return (this.#meta.get(`outcome:${actorId}`) as number | undefined) ?? 0;
  }

  appendTrade(trade: TradeRecord): void {
    const write = this.#log.append({ kind: 'trade', trade });
    this.#committer.push(1_200, () => {
      this.#trades.put([trade.tenantId, trade.tradeId], trade);
      write();
    });
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
    this.#committer.push(0, () => {
      this.conclusions.remove(actorId);
      this.#answers.remove(actorId);
      this.#meta.remove(`outcome:${actorId}`);
    });
  }
}
