import type { Logger } from 'pino';
import { Backoff } from '../backoff.js';
import type { Clock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { Journal } from '../journal/journal.js';
import type { ActorGraph } from './actor-graph.js';
import { instrumentOfActor } from './ids.js';
import type { Instrument } from './instrument.js';
import { ActorFailure, recover, type RecoveryPorts } from './recovery.js';
import type { Snapshots } from './snapshots.js';

/** Recoveries in a row that may end with an actor throwing before it is given up. */
const ACTOR_FAILURES_MAX = 3;
const RETRY_MS = 250;
const RETRY_MS_MAX = 30_000;

/**
 * What happens when an actor throws or a recovery cannot be finished. An instrument whose actor threw comes back from
 * its snapshot and its inputs as after a crash. An actor that throws again and again is given up: a signal actor alone,
 * so that it costs its own tenant only; a series with its whole instrument, which then refuses input. A store that cannot
 * be read is tried again until it can. All of it is seen in the instrument's state.
 */
export class Supervision {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #graph: ActorGraph;
  readonly #snapshots: Snapshots;
  readonly #instrumentOf: (id: string) => Instrument | undefined;
  readonly #recovery: RecoveryPorts;
  readonly #random: () => number;
  readonly #backoffs = new Set<Backoff>();
  #stopped = false;

  constructor(parts: {
    readonly journal: Journal;
    readonly clock: Clock;
    readonly log: Logger;
    readonly graph: ActorGraph;
    readonly snapshots: Snapshots;
    readonly instrumentOf: (id: string) => Instrument | undefined;
    readonly recovery: RecoveryPorts;
    readonly random: () => number;
  }) {
    this.#journal = parts.journal;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#graph = parts.graph;
    this.#snapshots = parts.snapshots;
    this.#instrumentOf = parts.instrumentOf;
    this.#recovery = parts.recovery;
    this.#random = parts.random;
  }

  stop(): void {
    this.#stopped = true;
    for (const backoff of this.#backoffs) backoff.stop();
  }

  /** Brings an instrument back; when that does not succeed at once it goes on beside the rest. */
  async firstAttempt(instrument: Instrument): Promise<void> {
    const attempted = instrument.attempted();
    void this.#recover(instrument);
    await attempted;
  }

  /**
   * Makes the states of a live instrument anew from stored bars and the inputs after its snapshot, and takes a snapshot of
   * them. Input is refused meanwhile. False when it is not live after that.
   */
  async rebuild(instrument: Instrument): Promise<boolean> {
    this.#graph.stop(instrument);
    this.#snapshots.abandon(instrument);
    instrument.isOutdated = true;
    instrument.enter('recovering', 'its stored history was replaced');
    void this.#recover(instrument);
    await instrument.recovered();
    instrument.isOutdated = false;
    this.#snapshots.request(instrument);
    return instrument.state === 'live';
  }

  /** An actor threw: its instrument's actors stop at once, and come back by themselves. */
  failed(actorId: string, error: string): void {
    const instrument = this.#instrumentOf(instrumentOfActor(actorId));
    if (instrument === undefined || instrument.failure !== undefined) return;
    instrument.failure = { actorId, error };
    this.#log.error({ actorId, error }, 'actor failed');
    this.#journal.deadLetters.add({
      source: 'actor',
      name: actorId,
      tenantId: instrument.definition.owner,
      about: instrument.id,
      error,
      record: undefined,
    });
    this.#graph.stop(instrument);
    this.#snapshots.abandon(instrument);
    if (instrument.state !== 'live') return;
    instrument.enter('recovering', `${actorId} failed: ${firstLine(error)}`);
    this.#clock.setImmediate(() => void this.#recover(instrument));
  }

  async #recover(instrument: Instrument): Promise<void> {
    let actorFailures = 0;
    const backoff = new Backoff({
      clock: this.#clock,
      initialMs: RETRY_MS,
      maxMs: RETRY_MS_MAX,
      random: this.#random,
    });
    this.#backoffs.add(backoff);
    while (!this.#stopped && instrument.state === 'recovering') {
      try {
        await recover(instrument, this.#recovery);
        // Between its last input and now an actor may have thrown.
        if (instrument.failure !== undefined) throw failureOf(instrument.failure);
        if (instrument.state === 'recovering') instrument.enter('live');
        // At once: one that waited here would recover a second time, beside the next recovery.
        break;
      } catch (error) {
        if (this.#stopped) break;
        if (error instanceof ActorFailure) {
          if (++actorFailures < ACTOR_FAILURES_MAX) continue;
          actorFailures = 0;
          this.#giveUp(instrument, error);
          continue;
        }
        instrument.attemptFailed(messageOf(error));
        this.#log.warn(
          { instrument: instrument.id, error: messageOf(error) },
          'recovery will be tried again',
        );
      }
      await backoff.wait();
    }
    this.#backoffs.delete(backoff);
    if (instrument.state === 'removed') this.#graph.stop(instrument);
  }

  /** Leaves a signal actor behind, or the whole instrument. */
  #giveUp(instrument: Instrument, { actorId, message }: ActorFailure): void {
    this.#log.error({ instrument: instrument.id, actorId, error: message }, 'actor given up');
    if (actorId.startsWith('signal:')) {
      instrument.parked.add(actorId);
      return;
    }
    this.#graph.stop(instrument);
    instrument.enter('failed', `${actorId} failed ${ACTOR_FAILURES_MAX} times: ${firstLine(message)}`);
  }
}

function failureOf({ actorId, error }: NonNullable<Instrument['failure']>): ActorFailure {
  return new ActorFailure(actorId, error);
}

function firstLine(text: string): string {
  return text.split('\n')[0]!.slice(0, 300);
}
