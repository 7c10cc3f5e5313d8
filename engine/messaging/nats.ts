import { readFileSync } from 'node:fs';
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  ErrorCode,
  Events,
  RetentionPolicy,
  StorageType,
  connect,
  credsAuthenticator,
  nanos,
  type ConsumerMessages,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  type NatsConnection,
} from 'nats';
import type { Logger } from 'pino';
import type { Signal } from '../../actors/signals/signal.js';
import { toProtoSignal } from '../api/signal-encoding.js';
import { SuhoError, messageOf } from '../errors.js';

export interface NatsSettings {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly credentialsFile?: string | undefined;
  /** Name of this engine's durable consumers: engines of one name share the messages. */
  readonly consumer: string;
}

const HOUR_MS = 3_600_000;
/** The broker drops a message whose id it has seen within this time. */
const DUPLICATE_WINDOW_MS = HOUR_MS;
/** A message that is not acknowledged within this time is handed out again. */
const ACK_WAIT_MS = 10_000;
const WORKING_MS = 3_000;
const PUBLISH_MS = 5_000;

/** What the engine reads and writes, each a stream on disk. */
const STREAMS = [
  { name: 'SUHO_MARKET', subjects: ['suho.market.*.*'], keepMs: 24 * HOUR_MS },
  { name: 'SUHO_TRADES', subjects: ['suho.trades.*'], keepMs: 30 * 24 * HOUR_MS },
  { name: 'SUHO_SIGNALS', subjects: ['suho.signals.*.*.*'], keepMs: 7 * 24 * HOUR_MS },
] as const;
type StreamName = (typeof STREAMS)[number]['name'];

/** A message's subject in parts, and its body. */
export interface Delivery {
  /** Tokens of the subject after `suho.KIND`. */
  readonly tokens: readonly string[];
  readonly json: () => unknown;
}

/** A symbol as one token of a subject: a dot would be two. */
function token(symbol: string): string {
  return symbol.replaceAll('.', '%2E');
}

/**
 * The connection to NATS with its JetStream streams and durable consumers, which it makes when they are not
 * there. Connects whenever the server comes; while it is away, publishing fails at once.
 */
export class NatsMessaging {
  readonly #settings: NatsSettings;
  readonly #log: Logger;
  #connection: NatsConnection | undefined;
  #jetstream: JetStreamClient | undefined;
  #manager: JetStreamManager | undefined;
  #error: string | undefined = 'not connected yet';
  #stopped = false;
  readonly #consuming = new Set<Promise<void>>();
  readonly #open = new Set<ConsumerMessages>();

  constructor(settings: NatsSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    void this.#connect();
  }

  /** Why it is away; undefined when it is there. */
  get error(): string | undefined {
    return this.#error;
  }

  /**
   * Publishes signals on `suho.signals.TENANT.SYMBOL.TIMEFRAME`, in order; settles when the broker has them all. A
   * repeat has the same message id, and the broker drops it. Rejects while the broker is away.
   */
  async publishSignals(
    signals: readonly { readonly sequence: number; readonly signal: Signal }[],
  ): Promise<void> {
    if (signals.length === 0) return;
    const jetstream = await this.#ready();
    try {
      await Promise.all(
        signals.map(({ sequence, signal }) =>
          jetstream.publish(
            `suho.signals.${signal.tenantId}.${token(signal.symbol)}.${signal.timeframe}`,
            JSON.stringify(toProtoSignal(sequence, signal)),
            { msgID: signal.predictionId, timeout: PUBLISH_MS },
          ),
        ),
      );
    } catch (error) {
      const tooLarge = (error as { readonly code?: unknown }).code === ErrorCode.MaxPayloadExceeded;
      throw new SuhoError(
        tooLarge ? 'RECORD_REFUSED' : 'STORE_UNAVAILABLE',
        `NATS did not take the signals: ${messageOf(error)}`,
      );
    }
  }

  /**
   * Hands the messages of a stream to `handle`, one after the other, in their order, each acknowledged when it
   * settles. A `SuhoError` that a later try may cure keeps the message and what follows it waiting; any other
   * ends the message.
   */
  consume(stream: 'SUHO_MARKET' | 'SUHO_TRADES', handle: (delivery: Delivery) => Promise<void>): void {
    const work = this.#consume(stream, handle);
    this.#consuming.add(work);
    void work.finally(() => this.#consuming.delete(work));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const messages of this.#open) messages.stop();
    await Promise.all(this.#consuming);
    await this.#connection?.close().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const { url, username, password, token: secret, credentialsFile } = this.#settings;
    for (let delayMs = 250; !this.#stopped; delayMs = Math.min(5_000, delayMs * 2)) {
      try {
        const connection = await connect({
          servers: url,
          name: 'suho',
          maxReconnectAttempts: -1,
          reconnectTimeWait: 500,
          ...(username === undefined ? {} : { user: username }),
          ...(password === undefined ? {} : { pass: password }),
          ...(secret === undefined ? {} : { token: secret }),
          ...(credentialsFile === undefined
            ? {}
            : { authenticator: credsAuthenticator(readFileSync(credentialsFile)) }),
        });
        this.#connection = connection;
        if (this.#stopped) {
          await connection.close();
          return;
        }
        void this.#watch(connection);
        this.#manager = await connection.jetstreamManager();
        for (const stream of STREAMS) await this.#makeStream(this.#manager, stream);
        this.#jetstream = connection.jetstream();
        this.#error = undefined;
        return;
      } catch (error) {
        await this.#connection?.close().catch(() => undefined);
        const told = messageOf(error);
        if (this.#error !== told) this.#log.warn({ error: told }, 'NATS is away');
        this.#error = told;
        await new Promise((resolve) => setTimeout(resolve, delayMs).unref());
      }
    }
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === Events.Disconnect) {
        this.#error = 'the connection broke';
        this.#log.warn('NATS is away');
      }
      if (type === Events.Reconnect) {
        this.#error = undefined;
        this.#log.info('NATS is back');
      }
    }
  }

  async #makeStream(
    manager: JetStreamManager,
    { name, subjects, keepMs }: (typeof STREAMS)[number],
  ): Promise<void> {
    const settings = {
      subjects: [...subjects],
      max_age: nanos(keepMs),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    };
    try {
      await manager.streams.info(name);
      await manager.streams.update(name, settings);
    } catch (error) {
      if (!/stream not found/i.test(messageOf(error))) throw error;
      await manager.streams.add({
        name,
        ...settings,
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.Old,
      });
    }
  }

  async #ready(): Promise<JetStreamClient> {
    if (this.#jetstream === undefined || this.#error !== undefined)
      throw new SuhoError('STORE_UNAVAILABLE', `NATS is away: ${this.#error ?? 'not connected yet'}`);
    return this.#jetstream;
  }

  async #consume(stream: StreamName, handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    while (!this.#stopped) {
      try {
        const jetstream = await this.#ready();
        await this.#manager!.consumers.add(stream, {
          durable_name: this.#settings.consumer,
          ack_policy: AckPolicy.Explicit,
          deliver_policy: DeliverPolicy.All,
          ack_wait: nanos(ACK_WAIT_MS),
          // One at a time: a bar handed out again after later ones would come too late.
          max_ack_pending: 1,
        });
        const consumer = await jetstream.consumers.get(stream, this.#settings.consumer);
        const messages = await consumer.consume({ expires: 5_000, idle_heartbeat: 2_000 });
        this.#open.add(messages);
        try {
          if (this.#stopped) messages.stop();
          for await (const message of messages) {
            if (this.#stopped) break;
            await this.#handle(message, handle);
          }
        } finally {
          this.#open.delete(messages);
          messages.stop();
        }
      } catch (error) {
        if (this.#stopped) return;
        if (this.#error === undefined)
          this.#log.warn({ stream, error: messageOf(error) }, 'reading from NATS broke off');
        await new Promise((resolve) => setTimeout(resolve, 250).unref());
      }
    }
  }

  async #handle(message: JsMsg, handle: (delivery: Delivery) => Promise<void>): Promise<void> {
    const delivery: Delivery = {
      tokens: message.subject.split('.').slice(2).map(decodeURIComponent),
      json: () => {
        try {
          return message.json();
        } catch {
          throw new SuhoError('BAD_INPUT', 'The message is not JSON.');
        }
      },
    };
    const working = setInterval(() => message.working(), WORKING_MS);
    try {
      for (let delayMs = 50; !this.#stopped; delayMs = Math.min(2_000, delayMs * 2)) {
        try {
          await handle(delivery);
          message.ack();
          return;
        } catch (error) {
          if (error instanceof SuhoError && CURABLE.has(error.code)) {
            await new Promise((resolve) => setTimeout(resolve, delayMs).unref());
            continue;
          }
          this.#log.error({ subject: message.subject, error: messageOf(error) }, 'a message was refused');
          message.term(messageOf(error).slice(0, 200));
          return;
        }
      }
      // For whoever comes next, at once.
      message.nak();
    } finally {
      clearInterval(working);
    }
  }
}

/** Failures that pass by themselves. */
const CURABLE: ReadonlySet<string> = new Set(['JOURNAL_FULL', 'OVERLOADED', 'STORE_UNAVAILABLE', 'STOPPING']);
