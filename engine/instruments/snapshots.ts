import type { Effect, Message } from '../../actors/messages.js';
import type { ActorSystem } from '../../actors/runtime/actor-system.js';
import type { Journal } from '../journal/journal.js';
import type { InstrumentRecord } from '../journal/records.js';
import type { ActorGraph } from './actor-graph.js';
import type { Instrument } from './instrument.js';

type SnapshotEffect = Extract<Effect, { kind: 'snapshot' }>;

interface Collection {
  readonly instrument: Instrument;
  readonly incarnation: number;
  readonly record: Omit<InstrumentRecord, 'openBar'>;
  readonly waiting: Set<string>;
  readonly parts: Map<string, Uint8Array>;
  openBar: InstrumentRecord['openBar'];
}

/**
 * Takes snapshots of running instruments: a barrier travels through the actors the way the bars do, so each state is of
 * exactly one point of the input. Nothing waits for it.
 */
export class Snapshots {
  readonly #journal: Journal;
  readonly #system: ActorSystem<Message, Effect>;
  readonly #graph: ActorGraph;
  readonly #collections = new Map<number, Collection>();
  readonly #underWay = new Set<string>();
  #epoch = 0;

  constructor(journal: Journal, system: ActorSystem<Message, Effect>, graph: ActorGraph) {
    this.#journal = journal;
    this.#system = system;
    this.#graph = graph;
  }

  /** Asks for a snapshot, unless one of the instrument is under way. */
  request(instrument: Instrument): void {
    if (instrument.state !== 'live' || this.#underWay.has(instrument.id)) return;
    instrument.sinceSnapshot = 0;
    const epoch = ++this.#epoch;
    const { definition, position, cursor, incarnation, parked } = instrument;
    const signals = instrument.signalActors.filter((id) => !parked.has(id));
    this.#collections.set(epoch, {
      instrument,
      incarnation,
      record: { definition, position, cursor: cursor.state },
      waiting: new Set([...instrument.series, ...signals]),
      parts: new Map(),
      openBar: undefined,
    });
    this.#underWay.add(instrument.id);
    // A mailbox that is full takes no barrier either: the next request asks again.
    if (!this.#system.tell(instrument.base, { kind: 'barrier', epoch })) this.#end(epoch, instrument);
  }

  /** Takes one actor's state; with the last of them the snapshot is written. */
  take({ actorId, epoch, bytes }: SnapshotEffect): void {
    const collection = this.#collections.get(epoch);
    if (collection === undefined) return;
    const { instrument, incarnation, waiting, parts } = collection;
    if (instrument.incarnation !== incarnation) return this.#end(epoch, instrument);
    // Now, while the barrier stands at the base series: later it may have moved on.
    if (actorId === instrument.base) collection.openBar = this.#graph.series(actorId)?.openBar;
    parts.set(actorId, bytes);
    waiting.delete(actorId);
    if (waiting.size > 0) return;
    this.#end(epoch, instrument);
    this.write(instrument, { ...collection.record, openBar: collection.openBar }, parts);
  }

  /** Writes a snapshot; the inputs it holds leave the journal with it. */
  write(instrument: Instrument, record: InstrumentRecord, parts: ReadonlyMap<string, Uint8Array>): void {
    const { closedThrough } = record.cursor;
    const foldedThrough = Number.isFinite(closedThrough) ? closedThrough : 0;
    this.#journal.snapshots.put(
      instrument.id,
      { ...record, parts },
      instrument.everySignalActor,
      foldedThrough,
    );
  }

  /** Gives up snapshots of an instrument whose actors are gone. */
  abandon(instrument: Instrument): void {
    for (const [epoch, collection] of this.#collections)
      if (collection.instrument === instrument) this.#end(epoch, instrument);
  }

  #end(epoch: number, instrument: Instrument): void {
    this.#collections.delete(epoch);
    this.#underWay.delete(instrument.id);
  }
}
