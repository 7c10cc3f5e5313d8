import { gridName, readGridName } from '../../actors/market/bar-grid.js';
import type { Calendar } from '../../actors/market/calendar.js';
import type { PriceBasis } from '../../actors/market/quote.js';
import type { Effect, Message } from '../../actors/messages.js';
import type { Actor } from '../../actors/runtime/actor.js';
import type { ActorSystem } from '../../actors/runtime/actor-system.js';
import { SeriesActor, type SeriesTopology } from '../../actors/series-actor.js';
import { SeriesMachine } from '../../actors/series-machine.js';
import { SignalActor, SignalKernels } from '../../actors/signal-actor.js';
import type { Gates } from '../../actors/signals/gates.js';
import { asksForSequences } from '../../actors/signals/route-plan.js';
import { TenantActor, tenantActorId } from '../../actors/tenant-actor.js';
import { readSignalActorId, seriesIdentity } from './ids.js';
import type { Instrument } from './instrument.js';

/** What actors are made with. */
export interface ActorSettings {
  /** Price of a quote that bars are built from. */
  readonly basis: PriceBasis;
  readonly calendarOf: (name: string) => Calendar;
  readonly gatesOf: (tenantId: string) => Gates;
  /** Stands around each new actor; a simulation makes some throw with it. */
  readonly around?: (id: string, actor: Actor<Message, Effect>) => Actor<Message, Effect>;
}

/** Makes and ends the actors of instruments. */
export class ActorGraph {
  readonly #system: ActorSystem<Message, Effect>;
  readonly #settings: ActorSettings;
  readonly #machines = new Map<string, SeriesMachine>();
  readonly #signalKernels = new Map<string, SignalKernels>();
  /** The actors themselves, without what may stand around them. */
  readonly #series = new Map<string, SeriesActor>();
  readonly #signals = new Map<string, SignalActor>();

  constructor(system: ActorSystem<Message, Effect>, settings: ActorSettings) {
    this.#system = system;
    this.#settings = settings;
  }

  series(id: string): SeriesActor | undefined {
    return this.#series.get(id);
  }

  signal(id: string): SignalActor | undefined {
    return this.#signals.get(id);
  }

  /** A tenant's own actor. */
  tenant(tenantId: string): TenantActor | undefined {
    const actor = this.#system.actor(tenantActorId(tenantId));
    return actor instanceof TenantActor ? actor : undefined;
  }

  /** Bytes of all states by actor. */
  states(): Map<string, Uint8Array> {
    const states = new Map<string, Uint8Array>();
    for (const [id, actor] of [...this.#series, ...this.#signals]) states.set(id, actor.snapshot());
    return states;
  }

  /** Makes an instrument's actors anew, without state, connected as its definition says. */
  spawn(instrument: Instrument): void {
    this.stop(instrument);
    const { definition, parked } = instrument;
    for (const { tenantId } of definition.signals) this.#spawnTenant(tenantId);
    for (const id of instrument.signalActors) if (!parked.has(id)) this.#spawnSignal(id);
    for (const id of instrument.series) this.#spawnSeries(id, instrument, topologyOf(instrument, id));
  }

  /** Makes the actors that a new follower needs; a `subscribe` message then connects them. */
  extend(instrument: Instrument, id: string): void {
    const { tenantId, seriesId: series } = readSignalActorId(id);
    if (!this.#series.has(series))
      this.#spawnSeries(series, instrument, {
        longer: [],
        subscribers: [],
        sequenceReaders: new Set(),
      });
    this.#spawnTenant(tenantId);
    if (!this.#signals.has(id)) this.#spawnSignal(id);
  }

  /** Ends an instrument's actors; what their mailboxes hold is dropped: it is in the journal. */
  stop(instrument: Instrument): void {
    for (const id of [...instrument.series, ...instrument.signalActors]) {
      this.#system.stop(id);
      this.#series.delete(id);
      this.#signals.delete(id);
    }
  }

  /** Ends one signal actor, which has nothing left to do. */
  end(id: string): void {
    this.#system.stop(id);
    this.#signals.delete(id);
  }

  /** Whether none of an instrument's actors has anything to do or waits for evidence. */
  isIdle(instrument: Instrument): boolean {
    return (
      instrument.gathering === 0 &&
      instrument.series.every((id) => this.#system.queuedOf(id) === 0) &&
      instrument.signalActors.every(
        (id) => this.#system.queuedOf(id) === 0 && !this.#signals.get(id)?.waiting,
      )
    );
  }

  /** A series actor outside the system, for making a state again. */
  detachedSeries(id: string, topology: SeriesTopology): SeriesActor {
    const identity = seriesIdentity(id);
    return new SeriesActor(id, identity.symbol, this.#machine(gridName(identity)), topology);
  }

  #spawnSeries(id: string, instrument: Instrument, topology: SeriesTopology): void {
    const actor = this.detachedSeries(id, topology);
    this.#series.set(id, actor);
    this.#spawn(id, instrument.definition.owner, actor);
  }

  #spawnSignal(id: string): void {
    const { tenantId, userId, seriesId: series } = readSignalActorId(id);
    const identity = seriesIdentity(series);
    const { symbol } = identity;
    const grid = gridName(identity);
    let kernels = this.#signalKernels.get(grid);
    if (kernels === undefined) {
      kernels = new SignalKernels(identity.timeframe, this.#calendar(identity.calendar));
      this.#signalKernels.set(grid, kernels);
    }
    const gates = this.#settings.gatesOf(tenantId);
    const actor = new SignalActor({ id, tenantId, userId, symbol, kernels, gates });
    this.#signals.set(id, actor);
    this.#spawn(id, tenantId, actor);
  }

  #spawnTenant(tenantId: string): void {
    const id = tenantActorId(tenantId);
    if (!this.#system.has(id)) this.#system.spawn(id, tenantId, new TenantActor(tenantId));
  }

  #spawn(id: string, groupId: string, actor: Actor<Message, Effect>): void {
    this.#system.spawn(id, groupId, this.#settings.around?.(id, actor) ?? actor);
  }

  #machine(grid: string): SeriesMachine {
    let machine = this.#machines.get(grid);
    if (machine === undefined) {
      const { timeframe, calendar } = readGridName(grid);
      machine = new SeriesMachine(timeframe, this.#settings.basis, this.#calendar(calendar));
      this.#machines.set(grid, machine);
    }
    return machine;
  }

  #calendar(name: string | undefined): Calendar | undefined {
    return name === undefined ? undefined : this.#settings.calendarOf(name);
  }
}

/** Where the bars of a series go, by its instrument's definition. */
export function topologyOf(instrument: Instrument, id: string): SeriesTopology {
  const { longer, signals, userSignals = [] } = instrument.definition;
  const here = [...signals, ...userSignals]
    .map((signal) => ({
      actorId: instrument.signalActorId(signal),
      route: signal.route,
    }))
    .filter(({ actorId }) => readSignalActorId(actorId).seriesId === id && !instrument.parked.has(actorId));
  return {
    longer:
      id === instrument.base
        ? longer.map(({ timeframe, since }) => ({ id: instrument.seriesId(timeframe), since }))
        : [],
    subscribers: here.map(({ actorId }) => actorId),
    sequenceReaders: new Set(
      here.filter(({ route }) => asksForSequences(route)).map(({ actorId }) => actorId),
    ),
  };
}
