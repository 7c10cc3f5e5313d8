import { AckPolicy, DeliverPolicy, nanos, type Consumer, type ConsumerMessages } from 'nats';
import { Backoff } from '../backoff.js';
import { messageOf } from '../errors.js';
import { ACK_WAIT_MS, TICK_MS, type Broker, type InputStream } from './broker.js';
import { heldMessage, type HeldMessage } from './delivery.js';
import { Lanes, type LanesOptions } from './lanes.js';

const FETCH_MS = 1_000;
const RESTART = { initialMs: 100, maxMs: 5_000 } as const;

export interface SideReaderOptions {
  readonly broker: Broker;
  readonly stream: InputStream;
  /** Of its durable consumer. */
  readonly name: string;
  /** The subject, or all subjects of a tenant. */
  readonly filter: string;
  /** Position in the stream its consumer begins at. */
  readonly first: number;
  readonly handle: LanesOptions<HeldMessage>['handle'];
  readonly onTerminated: (message: HeldMessage, reason: string) => void;
  /** Another reader of a subject of this one's tenant, which has it to itself. */
  readonly sideOf: (subject: string) => SideReader | undefined;
  /** Called once, when it has read all that was left to it, before its consumer is deleted. */
  readonly onCaughtUp: (side: SideReader) => void;
}

/**
 * Reads the messages of a subject (or of a tenant) that stalled, one at a time, through a durable consumer of its
 * own, until it has caught up with the shared one.
 */
export class SideReader {
  readonly #options: SideReaderOptions;
  readonly #lanes: Lanes<HeldMessage>;
  readonly #backoff = new Backoff(RESTART);
  #work: Promise<void> | undefined;
  #stopped = false;
  #error: string | undefined;
  /** The last message that was left to it. */
  #expected = 0;
  /** The last message it answered. */
  #settled: number;
  #fetching: ConsumerMessages | undefined;
  #roomWaiter: (() => void) | undefined;

  constructor(options: SideReaderOptions) {
    this.#options = options;
    this.#settled = options.first - 1;
    this.#lanes = new Lanes({
      handle: options.handle,
      onTerminated: options.onTerminated,
      onRoom: () => this.#roomWaiter?.(),
    });
  }

  /** Why nothing is read; undefined while it is. */
  get error(): string | undefined {
    return this.#error;
  }

  get held(): number {
    return this.#lanes.held;
  }

  /** A message up to this position was left to this reader. */
  expect(sequence: number): void {
    this.#expected = Math.max(this.#expected, sequence);
  }

  /** Makes its consumer; one of that name that is there already is an old one. */
  async create(): Promise<void> {
    const { broker, stream, name } = this.#options;
    const { manager } = broker.jetstream();
    await manager.consumers.delete(stream, name).catch(() => undefined);
    await this.#add();
  }

  /** Begins to read. */
  start(): void {
    this.#work ??= this.#run();
  }

  /** Stops reading; settles when no handler is running. Its consumer stays, for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#backoff.stop();
    this.#fetching?.stop();
    await this.#lanes.close();
    await this.#work;
  }

  async #add(): Promise<void> {
    const { broker, stream, name, filter } = this.#options;
    await broker.jetstream().manager.consumers.add(stream, {
      durable_name: name,
      filter_subject: filter,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT_MS),
      // One at a time: then what is delivered again after an interruption is what comes next anyway.
      max_ack_pending: 1,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#settled + 1,
    });
  }

  async #run(): Promise<void> {
    do {
      const tick = setInterval(() => this.#lanes.heartbeat(), TICK_MS).unref();
      try {
        const consumer = await this.#open();
        this.#error = undefined;
        while (!this.#stopped) {
          const read = await this.#readOne(consumer);
          const hasCaughtUp = read ? this.#settled >= this.#expected : await this.#isEmpty(consumer);
          if (this.#stopped) return;
          if (hasCaughtUp) {
            this.#stopped = true;
            this.#options.onCaughtUp(this);
            await consumer.delete();
            return;
          }
          this.#backoff.reset();
        }
      } catch (error) {
        if (!this.#stopped) this.#error = messageOf(error);
      } finally {
        clearInterval(tick);
        this.#lanes.release(() => true);
      }
    } while (await this.#backoff.wait());
  }

  async #open(): Promise<Consumer> {
    const { broker, stream, name } = this.#options;
    const { client } = broker.jetstream();
    try {
      return await client.consumers.get(stream, name);
    } catch (error) {
      if (!/consumer not found/i.test(messageOf(error))) throw error;
      await this.#add();
      return await client.consumers.get(stream, name);
    }
  }

  /** Reads the next message and answers it; false when none comes. */
  async #readOne(consumer: Consumer): Promise<boolean> {
    const messages = await consumer.fetch({ max_messages: 1, expires: FETCH_MS });
    this.#fetching = messages;
    try {
      for await (const message of messages) {
        if (this.#stopped) return false;
        const held = heldMessage(message);
        const other = this.#options.sideOf(message.subject);
        if (other === undefined) {
          this.#lanes.push(held);
          await this.#answered();
          if (this.#stopped) return false;
        } else {
          other.expect(held.sequence);
          held.ack();
        }
        this.#settled = Math.max(this.#settled, held.sequence);
        return true;
      }
      return false;
    } finally {
      this.#fetching = undefined;
      messages.stop();
    }
  }

  async #answered(): Promise<void> {
    while (this.#lanes.held > 0) await new Promise<void>((resolve) => (this.#roomWaiter = resolve));
    this.#roomWaiter = undefined;
  }

  /** Whether the broker has nothing more for it, and the shared reader has left it nothing while that was asked. */
  async #isEmpty(consumer: Consumer): Promise<boolean> {
    const expected = this.#expected;
    const { num_pending: pending, num_ack_pending: unanswered } = await consumer.info();
    return pending === 0 && unanswered === 0 && expected === this.#expected;
  }
}
