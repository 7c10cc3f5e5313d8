import type { Actor, ActorContext, DeadLetter } from './actor.js';
import { Mailbox, type OverflowPolicy } from './mailbox.js';

/** Counts over the whole system: actors, queued and parked as they are now, the others since it was made. */
export interface SystemCounts {
  readonly actors: number;
  readonly queued: number;
  readonly handled: number;
  readonly rejected: number;
  readonly dropped: number;
  readonly failed: number;
  readonly parked: number;
  readonly undeliverable: number;
}

export interface ActorSystemOptions<M, E> {
  /** Takes the effects, in the order the actors emitted them. */
  readonly onEffect: (effect: E, actorId: string) => void;
  /**
   * Called when an actor threw: it takes no more messages, and what its mailbox holds is dropped. Its owner stops it and
   * may spawn another in its place.
   */
  readonly onFailure: (letter: DeadLetter<M>) => void;
  /** Runs a function soon, letting other work of the event loop pass first. */
  readonly schedule: (turn: () => void) => void;
  /** Milliseconds on a monotonic clock, to bound a turn; it decides when work is done, never what comes out. */
  readonly now: () => number;
  /** Longest turn before the event loop gets its chance. */
  readonly turnMsMax?: number;
  readonly mailboxLimit?: number;
  readonly mailboxPolicy?: OverflowPolicy;
}

interface Cell<M, E> {
  readonly id: string;
  readonly group: Group<M, E>;
  actor: Actor<M, E>;
  readonly mailbox: Mailbox<M>;
  queued: boolean;
  parked: boolean;
}

/** The actors of one tenant (or of the platform), taking turns among themselves. */
interface Group<M, E> {
  readonly ready: Cell<M, E>[];
  next: number;
  queued: boolean;
  /** Messages that wait in its mailboxes. */
  size: number;
}

/** Messages one actor handles before the next of its group has its turn. */
const BATCH = 16;

/**
 * Runs actors. Groups (one a tenant) take turns, and within a group its actors do, so a flood in one group
 * delays another by no more than a batch. A turn ends after `turnMsMax`; what is left runs in the next.
 */
export class ActorSystem<M, E> {
  readonly #cells = new Map<string, Cell<M, E>>();
  readonly #groups = new Map<string, Group<M, E>>();
  #readyGroups: Group<M, E>[] = [];
  #nextGroup = 0;
  #scheduled = false;
  #running = false;
  #queued = 0;
  #handled = 0;
  #rejected = 0;
  #dropped = 0;
  #failed = 0;
  #undeliverable = 0;
  readonly #options: Required<ActorSystemOptions<M, E>>;

  constructor(options: ActorSystemOptions<M, E>) {
    this.#options = {
      turnMsMax: 2,
      mailboxLimit: 65_536,
      mailboxPolicy: 'reject',
      ...options,
    };
  }

  /** Adds an actor under an id of its own; `groupId` is the tenant it is scheduled with. */
  spawn(id: string, groupId: string, actor: Actor<M, E>): void {
    if (this.#cells.has(id)) throw new Error(`An actor "${id}" is running already.`);
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = { ready: [], next: 0, queued: false, size: 0 };
      this.#groups.set(groupId, group);
    }
    const { mailboxLimit, mailboxPolicy } = this.#options;
    this.#cells.set(id, {
      id,
      group,
      actor,
      mailbox: new Mailbox(mailboxLimit, mailboxPolicy),
      queued: false,
      parked: false,
    });
  }

  has(id: string): boolean {
    return this.#cells.has(id);
  }

  /** The actor itself, for its owner to take a snapshot of or to look at. */
  actor(id: string): Actor<M, E> | undefined {
    return this.#cells.get(id)?.actor;
  }

  ids(): IterableIterator<string> {
    return this.#cells.keys();
  }

  /** Messages that wait in an actor's mailbox. */
  queuedOf(id: string): number {
    return this.#cells.get(id)?.mailbox.size ?? 0;
  }

  /** Messages that wait in the mailboxes of a group, or in all. */
  queued(groupId?: string): number {
    return groupId === undefined ? this.#queued : (this.#groups.get(groupId)?.size ?? 0);
  }

  isParked(id: string): boolean {
    return this.#cells.get(id)?.parked ?? false;
  }

  /** Stops an actor; what its mailbox held is counted as undeliverable. */
  stop(id: string): void {
    const cell = this.#cells.get(id);
    if (cell === undefined) return;
    this.#empty(cell);
    this.#cells.delete(id);
  }

  /** Puts a message into an actor's mailbox; false when it is unknown, parked or its mailbox refuses. */
  tell(id: string, message: M): boolean {
    const cell = this.#cells.get(id);
    if (cell === undefined || cell.parked) {
      this.#undeliverable++;
      return false;
    }
    const outcome = cell.mailbox.push(message);
    if (outcome === 'rejected') {
      this.#rejected++;
      return false;
    }
    if (outcome === 'dropped_oldest') this.#dropped++;
    else {
      this.#queued++;
      cell.group.size++;
    }
    this.#enqueue(cell);
    this.#wake();
    return true;
  }

  get idle(): boolean {
    return this.#queued === 0 && !this.#running;
  }

  counts(): SystemCounts {
    return {
      actors: this.#cells.size,
      queued: this.#queued,
      handled: this.#handled,
      rejected: this.#rejected,
      dropped: this.#dropped,
      failed: this.#failed,
      parked: [...this.#cells.values()].filter(({ parked }) => parked).length,
      undeliverable: this.#undeliverable,
    };
  }

  /** Handles messages until none is left or the turn is over; true when something is left. */
  runTurn(): boolean {
    if (this.#running) return true;
    this.#running = true;
    const { now, turnMsMax } = this.#options;
    const end = now() + turnMsMax;
    try {
      while (this.#readyGroups.length > 0) {
        this.#runGroup();
        if (now() >= end) break;
      }
    } finally {
      this.#running = false;
    }
    return this.#readyGroups.length > 0;
  }

  #enqueue(cell: Cell<M, E>): void {
    if (cell.queued) return;
    cell.queued = true;
    cell.group.ready.push(cell);
    if (!cell.group.queued) {
      cell.group.queued = true;
      this.#readyGroups.push(cell.group);
    }
  }

  #wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.schedule(() => {
      this.#scheduled = false;
      if (this.runTurn()) this.#wake();
    });
  }

  /** One batch of one actor of the group whose turn it is. */
  #runGroup(): void {
    if (this.#nextGroup >= this.#readyGroups.length) this.#nextGroup = 0;
    const group = this.#readyGroups[this.#nextGroup]!;
    if (group.next >= group.ready.length) group.next = 0;
    const cell = group.ready[group.next]!;
    for (let i = 0; i < BATCH; i++) {
      const message = cell.mailbox.shift();
      if (message === undefined) break;
      this.#queued--;
      group.size--;
      this.#handle(cell, message);
    }
    if (cell.mailbox.size === 0) {
      cell.queued = false;
      group.ready.splice(group.next, 1);
    } else {
      group.next++;
    }
    if (group.ready.length === 0) {
      group.queued = false;
      this.#readyGroups.splice(this.#nextGroup, 1);
    } else {
      this.#nextGroup++;
    }
  }

  #handle(cell: Cell<M, E>, message: M): void {
    if (cell.parked || this.#cells.get(cell.id) !== cell) {
      this.#undeliverable++;
      return;
    }
    const context: ActorContext<M, E> = {
      tell: (target, next) => void this.tell(target, next),
      emit: (effect) => this.#options.onEffect(effect, cell.id),
    };
    try {
      cell.actor.receive(message, context);
      this.#handled++;
    } catch (error) {
      this.#fail(cell, {
        actorId: cell.id,
        message,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }

  #fail(cell: Cell<M, E>, letter: DeadLetter<M>): void {
    this.#failed++;
    cell.parked = true;
    this.#empty(cell);
    this.#options.onFailure(letter);
  }

  #empty({ mailbox, group }: Cell<M, E>): void {
    this.#queued -= mailbox.size;
    group.size -= mailbox.size;
    this.#undeliverable += mailbox.size;
    mailbox.clear();
  }
}
