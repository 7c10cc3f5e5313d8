import type { Effect, FeatureRow } from '../../actors/messages.js';
import type { Evidence } from '../../actors/signals/evidence.js';
import type { ArmAnswer } from './arm-answer.js';
import type { Clock } from '../clock.js';
import type { Journal } from '../journal/journal.js';
import type { ConclusionRecord } from '../journal/records.js';
import type { ActorGraph } from './actor-graph.js';
import { instrumentOfActor } from './ids.js';
import type { StageTimes } from '../stage-times.js';
import type { Instrument } from './instrument.js';
import type { Snapshots } from './snapshots.js';

export type EvidenceRequest = Extract<Effect, { kind: 'evidence_request' }>;
export type PatternOutcome = Extract<Effect, { kind: 'pattern_outcome' }>;

/** What actors ask of the rooms around them. */
export interface EffectPorts {
  readonly evidence: {
    /** A new row, before its signal actors ask for it. */
    ahead(row: FeatureRow, subscribers: readonly string[]): void;
    /** Gathers evidence, waiting as long as it takes (`patient`) or until the deadline. Never rejects. */
    gather(request: EvidenceRequest, patient: boolean): Promise<Evidence>;
    /** Asks the arms beside the one that serves, whose evidence is `served`. Never rejects. */
    beside(request: EvidenceRequest, served: Promise<Evidence>, patient: boolean): Promise<ArmAnswer[]>;
    /** What came of an earlier moment. */
    resolve(outcome: PatternOutcome): void;
  };
  /** Takes a conclusion; when its bar came in and its models were asked, on the monotonic clock, where that is known. */
  readonly conclude: (
    conclusion: ConclusionRecord,
    arrivedAt: number | undefined,
    askedAt: number | undefined,
  ) => void;
  /** Told what every arm of a plan made of a bar: the serving one's evidence, the answers of those beside it. */
  readonly onArms?: (request: EvidenceRequest, served: Evidence, answers: readonly ArmAnswer[]) => void;
  /** Told of each row that is new. */
  readonly onRow: (row: FeatureRow) => void;
}

export interface EffectCounts {
  readonly rows: number;
  readonly signals: number;
  readonly withheld: Readonly<Record<string, number>>;
}

/**
 * Takes what actors emit to the journal and to the rooms around. What the journal holds already, because a recovery runs
 * through it again, is not written a second time.
 */
export class EffectRouter {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #times: StageTimes | undefined;
  /** When the bars of rows came in, as long as somebody has the row. */
  readonly #arrivals = new WeakMap<FeatureRow, number>();
  /** The same of the row that a signal actor concludes next, and when its models were asked. */
  readonly #arrivalOf = new Map<string, { readonly at: number | undefined; readonly askedAt: number }>();
  readonly #graph: ActorGraph;
  readonly #snapshots: Snapshots;
  readonly #ports: EffectPorts;
  readonly #instrumentOf: (id: string) => Instrument | undefined;
  /** Hands evidence to an actor of an instrument. */
  readonly #answer: (instrument: Instrument, actorId: string, evidence: Evidence) => void;
  /** Tells that something it waited for has come. */
  readonly #idle: () => void;
  readonly #instruments = new Map<string, Instrument>();
  #rows = 0;
  #signals = 0;
  readonly #withheld: Record<string, number> = {};

  constructor(parts: {
    readonly journal: Journal;
    readonly clock: Clock;
    readonly times: StageTimes | undefined;
    readonly graph: ActorGraph;
    readonly snapshots: Snapshots;
    readonly ports: EffectPorts;
    readonly instrumentOf: (id: string) => Instrument | undefined;
    readonly answer: (instrument: Instrument, actorId: string, evidence: Evidence) => void;
    readonly idle: () => void;
  }) {
    this.#journal = parts.journal;
    this.#clock = parts.clock;
    this.#times = parts.times;
    this.#graph = parts.graph;
    this.#snapshots = parts.snapshots;
    this.#ports = parts.ports;
    this.#instrumentOf = parts.instrumentOf;
    this.#answer = parts.answer;
    this.#idle = parts.idle;
  }

  counts(): EffectCounts {
    return { rows: this.#rows, signals: this.#signals, withheld: { ...this.#withheld } };
  }

  /** Forgets an instrument that was removed. */
  forget(instrument: Instrument): void {
    for (const [actorId, known] of this.#instruments)
      if (known === instrument) {
        this.#instruments.delete(actorId);
        this.#arrivalOf.delete(actorId);
      }
  }

  handle(effect: Effect, actorId: string): void {
    const instrument = this.#ownerOf(actorId);
    if (instrument === undefined) return;
    switch (effect.kind) {
      case 'row':
        this.#row(instrument, effect.row);
        return;
      case 'evidence_request':
        void this.#gather(instrument, effect);
        return;
      case 'signal': {
        const { signal, evidence } = effect;
        instrument.outstanding--;
        this.#conclude(instrument, {
          actorId,
          closeTime: signal.barCloseTime,
          evidence,
          result: { kind: 'signal', signal },
        });
        return;
      }
      case 'withheld': {
        const { reason, closeTime, evidence } = effect;
        instrument.outstanding--;
        this.#withheld[reason] = (this.#withheld[reason] ?? 0) + 1;
        // One that never asked for evidence needs none to be replayed.
        if (evidence === undefined) return;
        this.#conclude(instrument, { actorId, closeTime, evidence, result: { kind: 'withheld', reason } });
        return;
      }
      case 'passed':
        instrument.outstanding--;
        return;
      case 'ended':
        this.#graph.end(actorId);
        this.#instruments.delete(actorId);
        this.#arrivalOf.delete(actorId);
        return;
      case 'outcome':
        if (effect.label.resolvedAt <= (instrument.known.outcomes.get(actorId) ?? 0)) return;
        this.#journal.predictions.appendOutcome(effect, effect.predictionId, effect.label);
        return;
      case 'pattern_outcome':
        this.#ports.evidence.resolve(effect);
        if (effect.label.resolvedAt > (instrument.known.outcomes.get(actorId) ?? 0))
          this.#journal.predictions.resolveAnswers(effect, effect.label);
        return;
      case 'snapshot':
        this.#snapshots.take(effect);
    }
  }

  /** The instrument of an actor; asked for with every effect, so it is looked up once. */
  #ownerOf(actorId: string): Instrument | undefined {
    let instrument = this.#instruments.get(actorId);
    if (instrument === undefined) {
      instrument = this.#instrumentOf(instrumentOfActor(actorId));
      if (instrument !== undefined) this.#instruments.set(actorId, instrument);
    }
    return instrument;
  }

  #row(instrument: Instrument, row: FeatureRow): void {
    const subscribers = this.#graph.series(row.seriesId)?.topology.subscribers ?? [];
    instrument.outstanding += subscribers.length;
    if (row.seriesId === instrument.base) instrument.rowMade();
    if (instrument.rowArrival !== undefined) this.#arrivals.set(row, instrument.rowArrival);
    if (row.closeTime <= (instrument.known.rows.get(row.seriesId) ?? 0)) return;
    this.#rows++;
    this.#journal.rows.append(row);
    this.#ports.evidence.ahead(row, subscribers);
    this.#ports.onRow(row);
  }

  async #gather(instrument: Instrument, request: EvidenceRequest): Promise<void> {
    const { incarnation } = instrument;
    const { actorId, row } = request;
    instrument.gathering++;
    const arrivedAt = this.#arrivals.get(row);
    const askedAt = this.#clock.monotonic();
    this.#arrivalOf.set(actorId, { at: arrivedAt, askedAt });
    if (arrivedAt !== undefined) this.#times?.observe('queue', askedAt - arrivedAt);
    const known =
      row.closeTime <= (instrument.known.conclusions.get(actorId) ?? 0)
        ? this.#journal.predictions.conclusions.get(actorId, row.closeTime)?.evidence
        : undefined;
    const patient = instrument.state !== 'live';
    const gathered = known ?? this.#ports.evidence.gather(request, patient);
    // What an arm said of a bar that is concluded already is stored, or went with the process.
    if (request.beside.length > 0 && gathered instanceof Promise)
      void this.#compare(instrument, request, gathered, patient);
    const evidence = await gathered;
    // Its actors were made anew meanwhile, and have asked again.
    if (instrument.incarnation !== incarnation) return;
    instrument.gathering--;
    this.#answer(instrument, actorId, evidence);
  }

  /** Has the arms beside the serving one asked, and what they would have signalled written down. */
  async #compare(
    instrument: Instrument,
    request: EvidenceRequest,
    served: Promise<Evidence>,
    patient: boolean,
  ): Promise<void> {
    const { incarnation } = instrument;
    const { actorId, tenantId, userId, row } = request;
    const { predictions } = this.#journal;
    const bar = { actorId, tenantId, userId, closeTime: row.closeTime };
    predictions.expectAnswers(bar);
    instrument.gathering++;
    const answers = await this.#ports.evidence.beside(request, served, patient);
    const evidence = await served;
    if (instrument.incarnation !== incarnation) return;
    instrument.gathering--;
    const { bid, ask, close } = row.bar;
    const signals = answers.flatMap(({ signal }) => signal ?? []);
    predictions.appendAnswers(bar, signals, (ask - bid) / close);
    this.#ports.onArms?.(request, evidence, answers);
    this.#idle();
  }

  #conclude(instrument: Instrument, conclusion: ConclusionRecord): void {
    if (conclusion.closeTime <= (instrument.known.conclusions.get(conclusion.actorId) ?? 0)) return;
    if (conclusion.result.kind === 'signal') this.#signals++;
    const arrival = this.#arrivalOf.get(conclusion.actorId);
    this.#ports.conclude(conclusion, arrival?.at, arrival?.askedAt);
  }
}
