import type { Bar } from '../../actors/market/bar.js';
import type { Effect, Message } from '../../actors/messages.js';
import type { SeriesActor } from '../../actors/series-actor.js';
import type { RoutePlan } from '../../actors/signals/route-plan.js';
import { turnOf, type Clock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { SeriesIdentity } from '../feature-store/feature-store.js';
import type { InstrumentSnapshot } from '../journal/snapshots.js';
import type { Journal } from '../journal/journal.js';
import type { InputRecord } from '../journal/records.js';
import { topologyOf, type ActorGraph } from './actor-graph.js';
import { followerOf, readSignalActorId, seriesIdentity } from './ids.js';
import type { Instrument } from './instrument.js';

/** Inputs read from the journal at a time. */
const PAGE = 64;
/** Stored bars read at a time when a state is made again from them: a few milliseconds of the event loop. */
const REBUILD_PAGE = 500;

/** What recovery needs of the rooms around it. */
export interface RecoveryPorts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly graph: ActorGraph;
  /** Raw bars of a series in the store that opened after `after`, oldest first. */
  readonly storedBars: (series: SeriesIdentity, after: number, limit: number) => Promise<readonly Bar[]>;
  /** Makes ready what a route needs before its signal actor asks with it. */
  readonly useRoute: (actorId: string, route: RoutePlan) => Promise<void>;
  /** Puts an input into the actors' mailboxes. */
  readonly deliver: (instrument: Instrument, input: InputRecord) => void;
  /** Settles when an instrument's actors have nothing to do. */
  readonly idle: (instrument: Instrument) => Promise<void>;
  readonly warn: (facts: object, text: string) => void;
}

/** An actor threw while its instrument was being recovered. */
export class ActorFailure extends Error {
  readonly actorId: string;

  constructor(actorId: string, error: string) {
    super(error);
    this.actorId = actorId;
  }
}

/**
 * Brings an instrument to where it was: its last snapshot and the inputs since, one after the other. A start and an
 * actor's failure are this one path. Throws {@link ActorFailure}, or what a store that cannot be read throws.
 */
export async function recover(instrument: Instrument, ports: RecoveryPorts): Promise<void> {
  const { journal, graph } = ports;
  // What its actors have concluded is known only once it is durable.
  await journal.durable();
  const snapshot = journal.snapshots.get(instrument.id);
  if (snapshot === undefined) throw new Error(`The journal has no record of ${instrument.id}.`);
  instrument.rewind(snapshot.definition, snapshot.position, snapshot.cursor);
  graph.spawn(instrument);
  await restore(instrument, snapshot, ports);
  learnKnownEffects(instrument, journal);
  for (const id of instrument.signalActors) {
    const route = graph.signal(id)?.route;
    if (route !== undefined) await ports.useRoute(id, route);
  }
  for (;;) {
    const page = takePage(journal.inputs.after(instrument.id, instrument.position));
    if (page.length === 0) break;
    for (const [position, input] of page) {
      if (input.kind === 'route') await ports.useRoute(input.target, input.route);
      if (input.kind === 'follow' && input.user !== undefined)
        await ports.useRoute(followerOf(instrument, input), input.user.route);
      ports.deliver(instrument, input);
      // The actors it adds run through bars again that they have concluded before.
      if (input.kind === 'follow') learnKnownEffects(instrument, journal);
      instrument.advance(input);
      instrument.position = position;
      await ports.idle(instrument);
      throwFailure(instrument);
      if (instrument.state === 'removed') return;
    }
  }
}

function takePage(inputs: Generator<readonly [number, InputRecord]>): (readonly [number, InputRecord])[] {
  const page: (readonly [number, InputRecord])[] = [];
  for (const input of inputs) if (page.push(input) === PAGE) break;
  return page;
}

function throwFailure({ failure }: Instrument): void {
  if (failure !== undefined) throw new ActorFailure(failure.actorId, failure.error);
}

/** What is in the journal of an instrument already: a replay does not write it a second time. */
function learnKnownEffects(instrument: Instrument, journal: Journal): void {
  const { rows, conclusions, outcomes } = instrument.known;
  for (const id of instrument.series) rows.set(id, journal.rows.lastOf(id));
  for (const id of instrument.signalActors) {
    conclusions.set(id, journal.predictions.conclusions.lastOf(id));
    outcomes.set(id, journal.predictions.lastOutcomeOf(id));
  }
}

/** Puts the states of a snapshot back. Signal actors whose state is refused begin anew, with their models. */
async function restore(
  instrument: Instrument,
  snapshot: InstrumentSnapshot,
  ports: RecoveryPorts,
): Promise<void> {
  const { graph } = ports;
  for (const id of instrument.signalActors) {
    const actor = graph.signal(id);
    const bytes = snapshot.parts.get(id);
    const { tenantId, userId, seriesId } = readSignalActorId(id);
    const route = instrument.routeOf(tenantId, seriesIdentity(seriesId).timeframe, userId);
    try {
      if (bytes !== undefined) actor?.restore(bytes);
      else actor?.use(route);
    } catch (error) {
      ports.warn({ actor: id, error: messageOf(error) }, 'snapshot refused: calibration begins anew');
      actor?.use(route);
    }
  }
  // Until something is folded into a snapshot, the inputs are all in the journal.
  if (snapshot.parts.size === 0) return;
  for (const [id, bytes] of await seriesStates(instrument, snapshot, ports)) graph.series(id)?.restore(bytes);
}

/** The states of an instrument's series: the snapshot's, or, when one of them is refused, made again from stored bars. */
async function seriesStates(
  instrument: Instrument,
  snapshot: InstrumentSnapshot,
  ports: RecoveryPorts,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const states = new Map<string, Uint8Array>();
  try {
    if (instrument.isOutdated) throw new Error('its stored history was replaced');
    for (const id of instrument.series) {
      const bytes = snapshot.parts.get(id);
      if (bytes === undefined) throw new Error(`the snapshot has no state of ${id}`);
      ports.graph.detachedSeries(id, topologyOf(instrument, id)).restore(bytes);
      states.set(id, bytes);
    }
    return states;
  } catch (error) {
    const facts = { instrument: instrument.id, error: messageOf(error) };
    ports.warn(facts, 'snapshot refused: rebuilding from stored bars');
    return await rebuild(instrument, snapshot, ports);
  }
}

/**
 * Runs the stored bars of an instrument through fresh series, silently: what follows from them is stored already. Only
 * rows that wait for labels are put in the place of those that followed from bars that were replaced.
 */
async function rebuild(
  instrument: Instrument,
  { cursor, openBar }: InstrumentSnapshot,
  ports: RecoveryPorts,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const actors = new Map<string, SeriesActor>();
  for (const id of instrument.series)
    actors.set(
      id,
      ports.graph.detachedSeries(id, {
        ...topologyOf(instrument, id),
        subscribers: [],
        sequenceReaders: new Set(),
      }),
    );
  const context = {
    tell: (target: string, message: Message) => actors.get(target)?.receive(message, context),
    emit: (effect: Effect) => {
      if (instrument.isOutdated && effect.kind === 'row') ports.journal.rows.replace(effect.row);
    },
  };
  const base = actors.get(instrument.base)!;
  for await (const bars of barsBefore(instrument.base, cursor.closedThrough, ports)) {
    for (const bar of bars) base.receive({ kind: 'bar', bar }, context);
    await turnOf(ports.clock);
  }
  base.receive({ kind: 'clock', now: cursor.clock }, context);
  const lastInputTime = Number.isFinite(cursor.lastQuoteTime) ? cursor.lastQuoteTime : 0;
  base.receive({ kind: 'open_bar', bar: openBar, lastInputTime }, context);
  return new Map([...actors].map(([id, actor]) => [id, actor.snapshot()]));
}

/** Bars of a series that closed by `closedThrough`: from the store, and from the journal what the store has not taken yet. */
async function* barsBefore(
  seriesId: string,
  closedThrough: number,
  { storedBars, journal }: RecoveryPorts,
): AsyncGenerator<readonly Bar[]> {
  let after = -Infinity;
  for (;;) {
    const page = await storedBars(seriesIdentity(seriesId), after, REBUILD_PAGE);
    yield page.filter(({ openTime }) => openTime < closedThrough);
    if (page.length === 0) break;
    after = page.at(-1)!.openTime;
  }
  let rest: Bar[] = [];
  for (const { bar } of Array.from(journal.rows.of(seriesId, 0))) {
    if (bar.openTime <= after || bar.openTime >= closedThrough) continue;
    if (rest.push(bar) < REBUILD_PAGE) continue;
    yield rest;
    rest = [];
  }
  yield rest;
}
