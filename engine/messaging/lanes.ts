import { Backoff } from '../backoff.js';
import { SYSTEM_CLOCK, type Clock } from '../clock.js';
import { SuhoError, messageOf } from '../errors.js';

/** A message of a broker that waits for an answer. Answering one twice is a no-op. */
export interface LaneMessage {
  readonly subject: string;
  /** Position in its stream. */
  readonly sequence: number;
  readonly ack: () => void;
  /** Ends it for good: it is permanently invalid. */
  readonly terminate: (reason: string) => void;
  /** Tells the broker that it is still being worked on. */
  readonly working: () => void;
}

interface Lane<Message> {
  /** The first ones are being worked on. */
  readonly queue: Message[];
  readonly backoff: Backoff;
  /** Since when these have been worked on. */
  sinceMs: number;
  released: boolean;
}

export interface LanesOptions<Message> {
  /** Takes the first of the messages, at least one; gives how many. Rejects when the first cannot be taken. */
  readonly handle: (messages: readonly Message[]) => Promise<number>;
  readonly onTerminated: (message: Message, reason: string) => void;
  /** A message was answered or released: there is room for another. */
  readonly onRoom: () => void;
  readonly now?: () => number;
  readonly clock?: Pick<Clock, 'setTimeout'>;
}

/** Failures that a later try may cure; any other makes a message permanently invalid. */
const CURABLE: ReadonlySet<string> = new Set([
  'DEADLINE',
  'JOURNAL_FULL',
  'OVERLOADED',
  'STOPPING',
  'STORE_UNAVAILABLE',
]);
const RETRY_INITIAL_MS = 50;
const RETRY_MAX_MS = 2_000;
/** What a reason for termination may hold, in characters: it may quote the message. */
const REASON_MAX = 200;

/**
 * Messages that are held, one queue for each subject: those of one subject are handled in their order, as many together
 * as the handler takes, those of different subjects side by side. A message whose failure may pass is tried again and holds up its
 * own subject alone. Whoever pushes bounds how many are held.
 */
export class Lanes<Message extends LaneMessage> {
  readonly #options: LanesOptions<Message>;
  readonly #now: () => number;
  readonly #lanes = new Map<string, Lane<Message>>();
  readonly #running = new Set<Promise<void>>();
  #held = 0;

  constructor(options: LanesOptions<Message>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Messages held. */
  get held(): number {
    return this.#held;
  }

  push(message: Message): void {
    this.#held++;
    const lane = this.#lanes.get(message.subject);
    if (lane !== undefined) {
      lane.queue.push(message);
      return;
    }
    const opened: Lane<Message> = {
      queue: [message],
      backoff: new Backoff({
        initialMs: RETRY_INITIAL_MS,
        maxMs: RETRY_MAX_MS,
        clock: this.#options.clock ?? SYSTEM_CLOCK,
      }),
      sinceMs: this.#now(),
      released: false,
    };
    this.#lanes.set(message.subject, opened);
    const running = this.#run(message.subject, opened);
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  /** Subjects whose first message has been worked on for at least so long. */
  stalled(forMs: number): string[] {
    const before = this.#now() - forMs;
    return [...this.#lanes].filter(([, { sinceMs }]) => sinceMs <= before).map(([subject]) => subject);
  }

  /** Lets the broker know that all that is held is still being worked on. */
  heartbeat(): void {
    for (const { queue } of this.#lanes.values()) for (const message of queue) message.working();
  }

  /** The first position held of some subjects; undefined when nothing of them is held. */
  firstSequence(matches: (subject: string) => boolean): number | undefined {
    let first: number | undefined;
    for (const [subject, { queue }] of this.#lanes)
      if (matches(subject)) first = Math.min(first ?? Infinity, queue[0]!.sequence);
    return first;
  }

  /**
   * Lets go of the messages of some subjects, unanswered, and returns them. One whose handler is running is among
   * them; that handler's end is ignored.
   */
  release(matches: (subject: string) => boolean): Message[] {
    const released: Message[] = [];
    for (const [subject, lane] of this.#lanes) {
      if (!matches(subject)) continue;
      lane.released = true;
      lane.backoff.stop();
      released.push(...lane.queue);
      this.#lanes.delete(subject);
    }
    this.#held -= released.length;
    if (released.length > 0) this.#options.onRoom();
    return released;
  }

  /** Lets go of everything, and settles when no handler is running. */
  async close(): Promise<void> {
    this.release(() => true);
    await Promise.all(this.#running);
  }

  async #run(subject: string, lane: Lane<Message>): Promise<void> {
    for (;;) {
      lane.sinceMs = this.#now();
      const answered = await this.#settle(lane);
      if (lane.released) return;
      lane.queue.splice(0, answered);
      this.#held -= answered;
      if (lane.queue.length === 0) this.#lanes.delete(subject);
      this.#options.onRoom();
      if (lane.queue.length === 0) return;
    }
  }

  /** Handles the first messages until some are answered or their lane is released; returns how many were. */
  async #settle(lane: Lane<Message>): Promise<number> {
    do {
      const messages = lane.queue.slice();
      try {
        const taken = await this.#options.handle(messages);
        if (lane.released) return 0;
        for (const message of messages.slice(0, taken)) message.ack();
        lane.backoff.reset();
        return taken;
      } catch (error) {
        if (error instanceof SuhoError && CURABLE.has(error.code)) continue;
        if (lane.released) return 0;
        lane.backoff.reset();
        const [message] = messages as [Message];
        const reason = messageOf(error).slice(0, REASON_MAX);
        message.terminate(reason);
        this.#options.onTerminated(message, reason);
        return 1;
      }
    } while (await lane.backoff.wait());
    return 0;
  }
}
