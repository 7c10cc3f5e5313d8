import { createHash } from 'node:crypto';
import {
  AckPolicy,
  DeliverPolicy,
  nanos,
  type Consumer,
  type ConsumerInfo,
  type ConsumerMessages,
  type JsMsg,
} from 'nats';
import { Backoff } from '../backoff.js';
import { messageOf } from '../errors.js';
import {
  ACK_WAIT_MS,
  BODY_BYTES_MAX,
  TICK_MS,
  type Broker,
  type Handler,
  type InputStream,
} from './broker.js';
import { deliveryOf, heldMessage, tenantToken, type HeldMessage } from './delivery.js';
import { Lanes } from './lanes.js';
import { SideReader, type SideReaderOptions } from './side-reader.js';

/** Messages the shared consumer holds at once. */
const HELD_MAX = 128;
const FETCH_MS = 5_000;
const HEARTBEAT_MS = 2_000;
/** A subject whose first message takes longer gets a consumer of its own, so that it holds up nobody else. */
const STALLED_MS = 1_000;
/** Subjects of one tenant with a consumer of their own; when another stalls, the whole tenant gets one. */
const SIDE_SUBJECTS_MAX = 16;
/** Consumers of their own in all. When there are as many, stalled subjects keep their places in the shared one. */
const SIDE_READERS_MAX = 1_024;
const RESTART = { initialMs: 100, maxMs: 5_000 } as const;
/** Between the engine's name and what a side consumer reads; no name of an engine holds one. */
const SEPARATOR = '~';

export interface ReaderCounts {
  /** Messages held, working or waiting. */
  readonly held: number;
  /** Subjects or tenants that were slow and are read by a consumer of their own. */
  readonly apart: number;
}

/**
 * Reads a stream through one durable consumer and keeps the order of each subject. Subjects do not wait for each
 * other: one that stalls is handed to a {@link SideReader}, whose consumer begins at its first unanswered message, and
 * is acknowledged here; once that one has caught up, the subject comes back. Restarts by itself after any error.
 */
export class StreamReader {
  readonly #stream: InputStream;
  readonly #broker: Broker;
  readonly #lanes: Lanes<HeldMessage>;
  readonly #handle: SideReaderOptions['handle'];
  readonly #onTerminated: (message: HeldMessage, reason: string) => void;
  readonly #backoff = new Backoff(RESTART);
  /** By what they read: a subject, or all of a tenant. */
  readonly #sides = new Map<string, SideReader>();
  /** The running handler of each subject, also of one that was handed over meanwhile. */
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #work: Promise<void>;
  /** Subjects are being handed over. */
  #moving: Promise<void> | undefined;
  #error: string | undefined = 'not reading yet';
  #stopped = false;
  #created: string | undefined;
  #nextDelivery = 0;
  #delivered = 0;
  #fetching: ConsumerMessages | undefined;
  #roomWaiter: (() => void) | undefined;

  constructor(
    stream: InputStream,
    broker: Broker,
    handle: Handler,
    onTerminated: (message: HeldMessage, reason: string) => void,
  ) {
    this.#stream = stream;
    this.#broker = broker;
    this.#handle = async (messages) =>
      await this.#inTurn(
        messages[0]!.subject,
        async () =>
          await handle(messages.map(({ subject, data }) => deliveryOf(subject, data, BODY_BYTES_MAX))),
      );
    this.#onTerminated = onTerminated;
    this.#lanes = new Lanes({
      handle: this.#handle,
      onTerminated,
      onRoom: () => this.#roomWaiter?.(),
    });
    this.#work = this.#run();
  }

  /** Why nothing is read; undefined while it is. */
  get error(): string | undefined {
    const error = this.#error ?? [...this.#sides.values()].find((side) => side.error !== undefined)?.error;
    return error === undefined ? undefined : `${this.#stream} is not being read: ${error}`;
  }

  counts(): ReaderCounts {
    let { held } = this.#lanes;
    for (const side of this.#sides.values()) held += side.held;
    return { held, apart: this.#sides.size };
  }

  /** Stops reading; settles when no handler is running. What is unanswered is delivered again after a start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#backoff.stop();
    this.#fetching?.stop();
    this.#roomWaiter?.();
    await this.#moving;
    await Promise.all([this.#lanes.close(), ...[...this.#sides.values()].map((side) => side.stop())]);
    await this.#work;
  }

  async #run(): Promise<void> {
    do {
      let tick: NodeJS.Timeout | undefined;
      try {
        const consumer = await this.#open();
        this.#error = undefined;
        tick = setInterval(() => this.#tick(), TICK_MS).unref();
        while (!this.#stopped) {
          await this.#pull(consumer);
          this.#backoff.reset();
        }
      } catch (error) {
        this.#fail(error);
      } finally {
        clearInterval(tick);
        this.#lanes.release(() => true);
      }
    } while (await this.#backoff.wait());
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    const reason = messageOf(error);
    if (this.#error !== reason)
      this.#broker.log.warn({ stream: this.#stream, error: reason }, 'reading from NATS was interrupted');
    this.#error = reason;
  }

  /**
   * Makes sure that the stream and its consumer are there. A consumer with unanswered messages is made again from
   * the first of them: the broker would deliver newer ones of the same subject before it delivers those again.
   */
  async #open(): Promise<Consumer> {
    const created = await this.#broker.ensureStream(this.#stream);
    const { client, manager } = this.#broker.jetstream();
    if (this.#created !== undefined && this.#created !== created) await this.#dropSides();
    const { consumer: name } = this.#broker;
    let info = await this.#find(name);
    this.#delivered = info?.delivered.stream_seq ?? 0;
    if (this.#created === undefined) await this.#resumeSides();
    this.#created = created;
    let first = 1;
    if (info !== undefined && (info.num_ack_pending > 0 || info.config.max_ack_pending !== HELD_MAX)) {
      first = info.ack_floor.stream_seq + 1;
      await manager.consumers.delete(this.#stream, name);
      info = undefined;
    }
    info ??= await manager.consumers.add(this.#stream, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: HELD_MAX,
      ...(first === 1
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: first }),
    });
    this.#nextDelivery = info.delivered.consumer_seq + 1;
    return await client.consumers.get(this.#stream, name);
  }

  async #find(name: string): Promise<ConsumerInfo | undefined> {
    try {
      return await this.#broker.jetstream().manager.consumers.info(this.#stream, name);
    } catch (error) {
      if (/consumer not found/i.test(messageOf(error))) return undefined;
      throw error;
    }
  }

  async #pull(consumer: Consumer): Promise<void> {
    const room = HELD_MAX - this.#lanes.held;
    if (room === 0) {
      await new Promise<void>((resolve) => (this.#roomWaiter = resolve));
      this.#roomWaiter = undefined;
      return;
    }
    const messages = await consumer.fetch({
      max_messages: room,
      expires: FETCH_MS,
      idle_heartbeat: HEARTBEAT_MS,
    });
    this.#fetching = messages;
    try {
      if (this.#stopped) return;
      for await (const message of messages) this.#take(message);
    } finally {
      this.#fetching = undefined;
      messages.stop();
    }
  }

  #take(message: JsMsg): void {
    if (this.#stopped) return;
    const { deliverySequence, streamSequence } = message.info;
    if (deliverySequence !== this.#nextDelivery)
      throw new Error('a message was lost on its way; it is asked for again');
    this.#nextDelivery++;
    this.#delivered = Math.max(this.#delivered, streamSequence);
    const held = heldMessage(message);
    const side = this.#sideOf(message.subject);
    if (side === undefined) this.#lanes.push(held);
    else {
      side.expect(streamSequence);
      held.ack();
    }
  }

  #sideOf(subject: string): SideReader | undefined {
    return this.#sides.size === 0
      ? undefined
      : (this.#sides.get(subject) ?? this.#sides.get(this.#tenantFilter(subject)));
  }

  /** Everything of a subject's tenant. */
  #tenantFilter(subject: string): string {
    return this.#stream === 'SUHO_TRADES' ? subject : `suho.market.${tenantToken(subject)}.*`;
  }

  /** A handler that was given up while it ran must end before the next of its subject begins. */
  async #inTurn<T>(subject: string, work: () => Promise<T>): Promise<T> {
    const before = this.#running.get(subject);
    const running = (async () => {
      await before?.catch(() => undefined);
      return await work();
    })();
    this.#running.set(subject, running);
    try {
      return await running;
    } finally {
      if (this.#running.get(subject) === running) this.#running.delete(subject);
    }
  }

  #tick(): void {
    this.#lanes.heartbeat();
    if (this.#moving !== undefined) return;
    const stalled = this.#lanes.stalled(STALLED_MS);
    if (stalled.length === 0) return;
    this.#moving = this.#moveApart(stalled)
      .catch((error: unknown) => {
        this.#broker.log.warn(
          { stream: this.#stream, error: messageOf(error) },
          'no consumer for a waiting subject',
        );
      })
      .finally(() => (this.#moving = undefined));
  }
  /** Hands subjects over to consumers of their own. */
  async #moveApart(subjects: readonly string[]): Promise<void> {
    for (const subject of subjects) {
      if (this.#stopped || this.#sides.size >= SIDE_READERS_MAX) return;
      const tenant = this.#tenantFilter(subject);
      const siblings = [...this.#sides.keys()].filter((key) => this.#tenantFilter(key) === tenant).length;
      const filter = siblings < SIDE_SUBJECTS_MAX ? subject : tenant;
      const matches = (other: string): boolean =>
        other === filter || (filter === tenant && this.#tenantFilter(other) === tenant);
      const first = this.#lanes.firstSequence(matches);
      if (first === undefined) continue;
      const side = this.#side(filter, first);
      const created = this.#created;
      await side.create();
      if (this.#stopped || this.#created !== created) return;
      // What came meanwhile is behind `first`: the new consumer delivers it too.
      this.#sides.set(filter, side);
      for (const message of this.#lanes.release(matches)) {
        side.expect(message.sequence);
        message.ack();
      }
      side.start();
      this.#broker.log.info({ subject: filter }, 'a waiting subject is read by itself');
    }
  }

  #side(filter: string, first: number): SideReader {
    const name = `${this.#broker.consumer}${SEPARATOR}${createHash('sha256').update(filter).digest('hex').slice(0, 24)}`;
    return new SideReader({
      broker: this.#broker,
      stream: this.#stream,
      name,
      filter,
      first,
      handle: this.#handle,
      onTerminated: this.#onTerminated,
      sideOf: (subject) => (subject === filter ? undefined : this.#sides.get(subject)),
      onCaughtUp: (side) => {
        if (this.#sides.get(filter) === side) this.#sides.delete(filter);
      },
    });
  }

  /** Side consumers that an earlier run left: what they have not delivered was acknowledged in the shared one. */
  async #resumeSides(): Promise<void> {
    const { manager } = this.#broker.jetstream();
    for await (const info of manager.consumers.list(this.#stream)) {
      const filter = info.config.filter_subject;
      if (!info.name.startsWith(`${this.#broker.consumer}${SEPARATOR}`) || filter === undefined) continue;
      if (this.#sides.has(filter)) continue;
      const side = this.#side(filter, info.ack_floor.stream_seq + 1);
      side.expect(this.#delivered);
      this.#sides.set(filter, side);
      side.start();
    }
  }

  /** The stream was made again: positions in the one before mean nothing in it. */
  async #dropSides(): Promise<void> {
    const sides = [...this.#sides.values()];
    this.#sides.clear();
    await Promise.all(sides.map((side) => side.stop()));
  }
}
