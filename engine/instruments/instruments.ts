import type { Logger } from 'pino';
import { TIMEFRAMES, type Timeframe } from '../../actors/market/timeframe.js';
import type { Calendar } from '../../actors/market/calendar.js';
import type { Effect, Message } from '../../actors/messages.js';
import { ActorSystem, type SystemCounts } from '../../actors/runtime/actor-system.js';
import type { RoutePlan } from '../../actors/signals/route-plan.js';
import type { Calendars } from '../calendars.js';
import type { Clock } from '../clock.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import { SuhoError } from '../errors.js';
import type { StageTimes } from '../stage-times.js';
import type { Journal } from '../journal/journal.js';
import type { InputRecord, InstrumentDefinition } from '../journal/records.js';
import { ActorGraph, type ActorSettings } from './actor-graph.js';
import { deliver } from './delivery.js';
import { EffectRouter, type EffectPorts } from './effects.js';
import { instrumentId, signalActorId } from './ids.js';
import type { FollowRequest } from './follow-request.js';
import { Instrument, rowsOf } from './instrument.js';
import { assertQuota, type InstrumentLimits } from './limits.js';
import type { RecoveryPorts } from './recovery.js';
import { Snapshots } from './snapshots.js';
import { Supervision } from './supervision.js';
import { Workload } from './workload.js';

/** Bars and quotes of an instrument between two snapshots: what a recovery has to play again. */
const SNAPSHOT_EVERY = 4_000;
/** Messages and rows of an instrument that wait, above which its next input waits too. */
const BACKLOG_MAX = 1_024;
/** Instruments asked at once to fold their inputs when the journal has to shrink. */
const FOLD_AT_ONCE = 32;

export interface InstrumentsOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly calendars: Calendars;
  readonly actors: Omit<ActorSettings, 'calendarOf'>;
  readonly ports: EffectPorts;
  readonly times?: StageTimes | undefined;
  readonly storedBars: RecoveryPorts['storedBars'];
  readonly useRoute: RecoveryPorts['useRoute'];
  /** In [0, 1), for the delays of retries. */
  readonly random: () => number;
  readonly limitsOf: (tenantId: string) => InstrumentLimits;
}

/** All instruments: who follows them, their actors, and how they come back after a crash or a failure. */
export class Instruments {
  readonly graph: ActorGraph;
  readonly workload = new Workload((owner) => this.#system.queued(owner));
  readonly #options: InstrumentsOptions;
  readonly #journal: Journal;
  readonly #system: ActorSystem<Message, Effect>;
  readonly #snapshots: Snapshots;
  readonly #effects: EffectRouter;
  readonly #supervision: Supervision;
  readonly #instruments = new Map<string, Instrument>();
  #stopped = false;
  #idleWaiters: { readonly isIdle: () => boolean; readonly resolve: () => void }[] = [];

  constructor(options: InstrumentsOptions) {
    this.#options = options;
    const { journal, clock } = options;
    this.#journal = journal;
    this.#system = new ActorSystem<Message, Effect>({
      onEffect: (effect, actorId) => this.#effects.handle(effect, actorId),
      onFailure: (letter) => this.#supervision.failed(letter.actorId, letter.error),
      schedule: (turn) =>
        clock.setImmediate(() => {
          turn();
          this.#checkIdle();
        }),
      now: () => clock.monotonic(),
    });
    const calendarOf = (name: string): Calendar => options.calendars.get(name);
    this.graph = new ActorGraph(this.#system, { ...options.actors, calendarOf });
    this.#snapshots = new Snapshots(journal, this.#system, this.graph);
    this.#effects = new EffectRouter({
      journal,
      clock,
      graph: this.graph,
      snapshots: this.#snapshots,
      ports: options.ports,
      times: options.times,
      instrumentOf: (id) => this.#instruments.get(id),
      answer: (instrument, actorId, evidence) => {
        this.#tell(instrument, actorId, { kind: 'evidence', evidence });
        this.#checkIdle();
      },
      idle: () => this.#checkIdle(),
    });
    this.#supervision = new Supervision({
      journal,
      clock,
      log: options.log,
      random: options.random,
      graph: this.graph,
      snapshots: this.#snapshots,
      instrumentOf: (id) => this.#instruments.get(id),
      recovery: {
        journal,
        clock,
        graph: this.graph,
        storedBars: options.storedBars,
        useRoute: options.useRoute,
        deliver: (instrument, input) => this.#deliver(instrument, input),
        idle: async (instrument) =>
          await this.#idle(() => this.graph.isIdle(instrument) || instrument.failure !== undefined),
        warn: (facts, text) => options.log.warn(facts, text),
      },
    });
  }

  /** Brings all instruments of the journal back. One that cannot be brought back now is tried again beside the rest. */
  async open(): Promise<void> {
    // All are known before the first is back: whoever asks for one meanwhile waits for it, and none is made a second time.
    for (const id of this.#journal.snapshots.ids()) {
      const { definition, position, cursor } = this.#journal.snapshots.record(id)!;
      const calendar = this.#options.calendars.get(definition.calendar);
      const instrument = new Instrument(id, calendar, definition, position, this.workload, cursor);
      instrument.enter('recovering', 'starting');
      this.#instruments.set(id, instrument);
    }
    for (const instrument of this.#instruments.values()) await this.#supervision.firstAttempt(instrument);
  }

  get(id: string): Instrument | undefined {
    return this.#instruments.get(id);
  }

  all(): IterableIterator<Instrument> {
    return this.#instruments.values();
  }

  /**
   * Makes sure that a tenant has signals on a timeframe of a feed's symbol, from the next bar on; returns the
   * instrument's id. Throws `BAD_INPUT` for a timeframe shorter than the base, `QUOTA_EXCEEDED`, `JOURNAL_FULL`, and what
   * {@link Instrument.assertLive} throws.
   */
  async follow(request: FollowRequest): Promise<string> {
    const { feed, owner = PLATFORM, symbol, tenantId, timeframe } = request;
    const id = instrumentId(feed, owner, symbol);
    let instrument = this.#instruments.get(id);
    if (instrument?.state === 'recovering') await instrument.recovered();
    instrument = this.#instruments.get(id);
    const base = instrument?.definition.base ?? request.base;
    if (TIMEFRAMES.indexOf(timeframe) < TIMEFRAMES.indexOf(base)) {
      throw new SuhoError(
        'BAD_INPUT',
        `${symbol} of feed ${feed} comes as ${base} bars; ${timeframe} bars cannot be built from those.`,
      );
    }
    if (instrument?.follows(tenantId, timeframe) === true) return id;
    instrument?.assertLive();
    this.#journal.assertRoom();
    const isNew = instrument === undefined && owner !== PLATFORM;
    assertQuota(this.#instruments.values(), tenantId, isNew, this.#options.limitsOf(tenantId));
    if (instrument === undefined) {
      const calendar = request.calendar ?? this.#options.calendars.of(symbol).name;
      instrument = this.#create(id, { feed, owner, symbol, calendar, base, longer: [], signals: [] });
    }
    this.input(instrument, { kind: 'follow', instrument: id, tenantId, timeframe });
    return id;
  }

  #create(id: string, definition: InstrumentDefinition): Instrument {
    const calendar = this.#options.calendars.get(definition.calendar);
    const instrument = new Instrument(id, calendar, definition, 0, this.workload);
    const cursor = instrument.cursor.state;
    this.#instruments.set(id, instrument);
    this.#journal.snapshots.put(
      id,
      { definition, position: 0, cursor, openBar: undefined, parts: new Map() },
      [],
      0,
    );
    this.graph.spawn(instrument);
    return instrument;
  }

  /** Takes an input of a live instrument: into the journal, and from there to its actors. Returns its position. */
  input(instrument: Instrument, input: InputRecord): number {
    const position = this.#journal.inputs.append(input);
    instrument.position = position;
    instrument.arrived(this.#options.clock.monotonic(), input.kind === 'bars' ? rowsOf(input) : 0);
    this.#deliver(instrument, input);
    instrument.sinceSnapshot += rowsOf(input);
    if (instrument.sinceSnapshot >= SNAPSHOT_EVERY) this.#snapshots.request(instrument);
    return position;
  }

  /**
   * New models for a tenant's signals on a series, from the next bar on; with a `userId` for that user's own, which begin
   * with his first plan. Waits while the instrument is recovering. Throws `QUOTA_EXCEEDED`.
   */
  async setRoute(
    instrument: Instrument,
    tenantId: string,
    timeframe: Timeframe,
    route: RoutePlan,
    userId?: string,
  ): Promise<void> {
    const target = instrument.signalActorId({ tenantId, userId, timeframe });
    await this.#options.useRoute(target, route);
    await instrument.recovered();
    instrument.assertLive();
    const { id } = instrument;
    if (userId === undefined || instrument.userSignals(tenantId, userId, timeframe) !== undefined) {
      this.input(instrument, { kind: 'route', instrument: id, target, route });
      return;
    }
    assertQuota(this.#instruments.values(), tenantId, false, this.#options.limitsOf(tenantId));
    this.input(instrument, { kind: 'follow', instrument: id, tenantId, timeframe, user: { userId, route } });
  }

  /**
   * Ends a user's own signals on a timeframe with the newest bar; with `isOver` their actor too, once it has taken what was on
   * its way. Throws what {@link Instrument.assertLive} throws.
   */
  async endUserSignals(
    instrument: Instrument,
    signals: { readonly tenantId: string; readonly userId: string; readonly timeframe: Timeframe },
    isOver: boolean,
  ): Promise<void> {
    await instrument.recovered();
    instrument.assertLive();
    this.input(instrument, { kind: 'unfollow', instrument: instrument.id, ...signals, isOver });
    // The next of this name must be another.
    const id = instrument.signalActorId(signals);
    if (isOver) await this.#idle(() => this.graph.signal(id) === undefined || instrument.state !== 'live');
  }

  /** Ends an instrument: its actors, inputs and snapshot are gone; what stores hold of it stays. */
  async remove(id: string): Promise<boolean> {
    const instrument = this.#instruments.get(id);
    if (instrument === undefined) return false;
    instrument.enter('removed');
    this.#instruments.delete(id);
    this.graph.stop(instrument);
    instrument.outstanding = 0;
    this.#snapshots.abandon(instrument);
    this.#effects.forget(instrument);
    instrument.incarnation++;
    this.#journal.snapshots.remove(id);
    for (const series of instrument.series) this.#journal.rows.remove(series);
    for (const actorId of instrument.everySignalActor) this.#journal.predictions.remove(actorId);
    await this.#journal.durable();
    return true;
  }

  /**
   * Has the live instruments that keep most input in the journal fold it into snapshots; false when none keeps any. Those
   * that recover or have failed need theirs.
   */
  fold(): boolean {
    const retained = (instrument: Instrument): number => this.#journal.inputs.retained(instrument.id).bytes;
    const keepers = [...this.#instruments.values()].filter(
      (instrument) => instrument.state === 'live' && retained(instrument) > 0,
    );
    keepers.sort((a, b) => retained(b) - retained(a));
    for (const instrument of keepers.slice(0, FOLD_AT_ONCE)) this.#snapshots.request(instrument);
    return keepers.length > 0;
  }

  /** Takes a snapshot of every instrument that has input since its last, and waits until they are durable. */
  async foldAll(): Promise<void> {
    for (const instrument of this.#instruments.values())
      if (instrument.sinceSnapshot > 0) this.#snapshots.request(instrument);
    await this.settled();
    await this.#journal.durable();
  }

  /** Makes the states of a live instrument anew from its stored bars; false when that did not succeed. */
  async rebuild(instrument: Instrument): Promise<boolean> {
    return await this.#supervision.rebuild(instrument);
  }

  /** Instruments and signal actors that were given up. */
  get parked(): number {
    let parked = 0;
    for (const instrument of this.#instruments.values())
      parked += instrument.parked.size + (instrument.state === 'failed' ? 1 : 0);
    return parked;
  }

  /** Bars a series has taken since its beginning. */
  barsOf(series: string): number {
    return this.graph.series(series)?.bars ?? 0;
  }

  /** Open time of a series' last closed bar, NaN before the first. */
  lastClosedBar(series: string): number {
    return this.graph.series(series)?.lastBarTime ?? NaN;
  }

  /** Close time of a series' last closed bar, NaN before the first. */
  closedThrough(series: string): number {
    return this.graph.series(series)?.closedThrough ?? NaN;
  }

  /** Models that a tenant's, or a user's own, signals on a series are made with now. */
  routeOf(tenantId: string, series: string, userId?: string): RoutePlan | undefined {
    return this.graph.signal(signalActorId(tenantId, series, userId))?.route;
  }

  counts(): ReturnType<EffectRouter['counts']> & { readonly system: SystemCounts } {
    return { ...this.#effects.counts(), system: this.#system.counts() };
  }

  /** Tallies of a tenant: signals by direction, reasons for none. */
  tenantCounts(tenantId: string): Readonly<Record<string, number>> {
    return this.graph.tenant(tenantId)?.counts ?? {};
  }

  /** Settles when no actor has work and no evidence is awaited. */
  async settled(): Promise<void> {
    await this.#idle(() => {
      for (const instrument of this.#instruments.values()) {
        if (instrument.state === 'recovering' && !this.#stopped) return false;
        if (instrument.state === 'live' && instrument.gathering > 0) return false;
      }
      return this.#system.idle;
    });
  }

  /** Waits while an instrument has more to do than it should. Other instruments do not wait. */
  async backlog(instrument: Instrument): Promise<void> {
    await this.#idle(() => this.#backlogOf(instrument) <= BACKLOG_MAX || instrument.state !== 'live');
  }

  /** Settles when the base series has taken the bar that opened at `openTime`, or everything there was. */
  async applied(instrument: Instrument, openTime: number): Promise<void> {
    await this.#idle(() => {
      const base = this.graph.series(instrument.base);
      return (
        instrument.state !== 'live' ||
        base === undefined ||
        base.lastBarTime >= openTime ||
        this.#queuedOf(instrument) === 0
      );
    });
  }

  #queuedOf(instrument: Instrument): number {
    return this.#system.queuedOf(instrument.base);
  }

  #backlogOf(instrument: Instrument): number {
    return instrument.outstanding + this.#queuedOf(instrument);
  }

  /** Recovers nothing more; called before the stores close. */
  stop(): void {
    this.#stopped = true;
    this.#supervision.stop();
  }

  #deliver(instrument: Instrument, input: InputRecord): void {
    deliver(instrument, input, this.graph, (message) => this.#tell(instrument, instrument.base, message));
  }

  /** A message that a mailbox refuses is a failure: the journal has it, so recovery delivers it. */
  #tell(instrument: Instrument, actorId: string, message: Message): void {
    if (instrument.failure !== undefined || this.#system.tell(actorId, message)) return;
    this.#supervision.failed(actorId, `its mailbox took no "${message.kind}" message`);
  }

  async #idle(isIdle: () => boolean): Promise<void> {
    if (isIdle()) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push({ isIdle, resolve }));
  }

  #checkIdle(): void {
    this.workload.progressed();
    if (this.#idleWaiters.length === 0) return;
    const waiting = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const waiter of waiting) {
      if (waiter.isIdle()) waiter.resolve();
      else this.#idleWaiters.push(waiter);
    }
  }
}
