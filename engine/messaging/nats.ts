import { readFileSync } from 'node:fs';
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  ErrorCode,
  Events,
  NatsError,
  RetentionPolicy,
  StorageType,
  connect,
  credsAuthenticator,
  nanos,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
} from 'nats';
import type { Logger } from 'pino';
import type { Signal } from '../../actors/signals/signal.js';
import { signalJson } from '../api/signal-encoding.js';
import { Backoff } from '../backoff.js';
import { SuhoError, messageOf } from '../errors.js';
import { BODY_BYTES_MAX, type Handler, type InputStream } from './broker.js';
import { subjectToken } from './delivery.js';
import { StreamReader } from './stream-reader.js';
import { TerminationLog } from './termination-log.js';

export interface NatsSettings {
  /** One address, or several of a cluster with commas between. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly credentialsFile?: string | undefined;
  /** Begins the subjects on which answers come back, where the login may subscribe to no other. */
  readonly inboxPrefix?: string | undefined;
  /** Name of this engine's durable consumers: no other engine may have it. */
  readonly consumer: string;
  /** Tenants whose signal consumers are made at once; others' are made with their first signal. */
  readonly tenants?: readonly string[] | undefined;
}

const HOUR_MS = 3_600_000;
/** The broker drops a message whose id it has seen within this time. */
const DUPLICATE_WINDOW_MS = HOUR_MS;
const PUBLISH_MS = 5_000;
/** A broker that does not answer this often in a row counts as gone. */
const PING = { pingInterval: 10_000, maxPingOut: 2 } as const;
const RECONNECT = { initialMs: 250, maxMs: 5_000 } as const;
/** A reader has this long for a signal before it is delivered to it again. */
const SIGNAL_ACK_WAIT_MS = 30_000;

interface StreamSettings {
  readonly subjects: string[];
  readonly keepMs: number;
  readonly bytesMax: number;
}

/** What the engine reads and writes, each a stream on disk. */
const STREAMS: Readonly<Record<InputStream | 'SUHO_SIGNALS' | 'SUHO_ALERTS', StreamSettings>> = {
  SUHO_MARKET: { subjects: ['suho.market.*.*'], keepMs: 24 * HOUR_MS, bytesMax: BODY_BYTES_MAX },
  SUHO_TRADES: { subjects: ['suho.trades.*'], keepMs: 30 * 24 * HOUR_MS, bytesMax: 16_384 },
  SUHO_SIGNALS: { subjects: ['suho.signals.*.*.*'], keepMs: 7 * 24 * HOUR_MS, bytesMax: -1 },
  SUHO_ALERTS: { subjects: ['suho.alerts.*'], keepMs: 30 * 24 * HOUR_MS, bytesMax: -1 },
};

interface JetStream {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
}

export interface MessagingCounts {
  /** Messages held, working or waiting for a later try. */
  readonly held: number;
  /** Subjects or tenants that were slow and are read by themselves. */
  readonly apart: number;
  /** Permanently invalid messages that were terminated, by tenant. */
  readonly terminated: Readonly<Record<string, number>>;
}

/**
 * The connection to NATS with its JetStream streams and durable consumers, which it makes when they are missing.
 * One loop connects at start and after every loss, whatever the reason was: a server that is away, a refused login,
 * a missing JetStream. While it is away, publishing fails at once.
 */
export class NatsMessaging {
  readonly #settings: NatsSettings;
  readonly #log: Logger;
  readonly #backoff = new Backoff(RECONNECT);
  readonly #readers: StreamReader[] = [];
  readonly #terminations: TerminationLog;
  /** Tenants whose signal consumer is there. */
  readonly #signalTenants = new Set<string>();
  readonly #work: Promise<void>;
  #connection: NatsConnection | undefined;
  #jetstream: JetStream | undefined;
  #error: string | undefined = 'not connected yet';
  #stopped = false;

  constructor(settings: NatsSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#terminations = new TerminationLog(log);
    this.#work = this.#run();
  }

  /** Why it is away or does not read; undefined when all is well. */
  get error(): string | undefined {
    return this.#error ?? this.#readers.find(({ error }) => error !== undefined)?.error;
  }

  counts(): MessagingCounts {
    let [held, apart] = [0, 0];
    for (const reader of this.#readers) {
      const counts = reader.counts();
      held += counts.held;
      apart += counts.apart;
    }
    return { held, apart, terminated: this.#terminations.counts() };
  }

  /**
   * Publishes signals on `suho.signals.TENANT.SYMBOL.TIMEFRAME`, in order; settles when the broker has them all. A
   * repeat has the same message id, and the broker drops it. Rejects while the broker is away.
   */
  async publishSignals(
    signals: readonly { readonly sequence: number; readonly signal: Signal }[],
  ): Promise<void> {
    if (signals.length === 0) return;
    try {
      await this.#makeSignalConsumers(signals.map(({ signal }) => signal.tenantId));
      await this.#publish(signals);
    } catch (error) {
      if (isMissing(error)) {
        // The stream was deleted: whoever publishes again, and that is at once, finds it.
        this.#signalTenants.clear();
        await this.#ensureStream('SUHO_SIGNALS').catch(() => undefined);
      }
      if (error instanceof SuhoError) throw error;
      const tooLarge = (error as { readonly code?: unknown }).code === ErrorCode.MaxPayloadExceeded;
      throw new SuhoError(
        tooLarge ? 'RECORD_REFUSED' : 'STORE_UNAVAILABLE',
        `NATS did not take the signals: ${reasonOf(error)}`,
      );
    }
  }

  /** Publishes an alert, or a change of one, on `suho.alerts.TENANT`; a repeat of the same `id` is dropped by the broker. Rejects while it is away. */
  async publishAlert(tenantId: string, id: string, body: object): Promise<void> {
    const { client } = this.#ready();
    await client.publish(`suho.alerts.${tenantId}`, JSON.stringify(body), { msgID: id, timeout: PUBLISH_MS });
  }

  /**
   * Hands the messages of a stream to `handle`, those of one subject in their order, as many together as it takes; they
   * are acknowledged when it settles. A `SuhoError` that a later try may cure keeps the first and what follows it on its
   * subject waiting; after any other the message is terminated.
   */
  consume(stream: InputStream, handle: Handler): void {
    this.#readers.push(
      new StreamReader(
        stream,
        {
          log: this.#log,
          consumer: this.#settings.consumer,
          jetstream: () => this.#ready(),
          ensureStream: async (name) => await this.#ensureStream(name),
        },
        handle,
        ({ subject }, reason) => this.#terminations.add(subject, reason),
      ),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#backoff.stop();
    await Promise.all(this.#readers.map((reader) => reader.stop()));
    await this.#connection?.close().catch(() => undefined);
    await this.#work;
  }

  async #run(): Promise<void> {
    do {
      try {
        const connection = await this.#connect();
        this.#connection = connection;
        if (!this.#stopped) {
          await this.#prepare(connection);
          this.#backoff.reset();
          const ended = await connection.closed();
          if (!this.#stopped)
            this.#fail(ended instanceof Error ? ended : new Error('the connection was lost'));
        }
      } catch (error) {
        this.#fail(error);
      } finally {
        this.#jetstream = undefined;
        await this.#connection?.close().catch(() => undefined);
      }
    } while (await this.#backoff.wait());
  }

  async #connect(): Promise<NatsConnection> {
    const { url, username, password, token: secret, credentialsFile, inboxPrefix } = this.#settings;
    return await connect({
      servers: url.split(','),
      name: 'suho',
      // The loop above reconnects; the client's own gives up after a login was refused twice.
      reconnect: false,
      ...PING,
      ...(username === undefined ? {} : { user: username }),
      ...(password === undefined ? {} : { pass: password }),
      ...(secret === undefined ? {} : { token: secret }),
      ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
      ...(credentialsFile === undefined
        ? {}
        : { authenticator: credsAuthenticator(readFileSync(credentialsFile)) }),
    });
  }

  async #prepare(connection: NatsConnection): Promise<void> {
    void this.#watch(connection);
    this.#signalTenants.clear();
    this.#jetstream = { client: connection.jetstream(), manager: await connection.jetstreamManager() };
    for (const name of Object.keys(STREAMS) as (keyof typeof STREAMS)[]) await this.#ensureStream(name, true);
    await this.#makeSignalConsumers(this.#settings.tenants ?? []);
    this.#error = undefined;
    this.#log.info('NATS is connected');
  }

  #fail(error: unknown): void {
    const reason = reasonOf(error);
    if (this.#error !== reason) this.#log.warn({ error: reason }, 'NATS is away');
    this.#error = reason;
  }

  /** Tells what the login may not do: the server answers a forbidden publish with nothing else. */
  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type, data, permissionContext } of connection.status()) {
      if (type === Events.Error && permissionContext !== undefined)
        this.#log.error(
          { error: data, ...permissionContext },
          'NATS permissions refuse what the engine needs',
        );
    }
  }

  /** Makes a stream that is missing, and brings one up to date on request; returns when it was made. */
  async #ensureStream(name: keyof typeof STREAMS, update = false): Promise<string> {
    const { manager } = this.#ready();
    const { subjects, keepMs, bytesMax } = STREAMS[name];
    const settings = {
      subjects,
      max_age: nanos(keepMs),
      max_msg_size: bytesMax,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    };
    try {
      const { created } = await manager.streams.info(name);
      if (update) await manager.streams.update(name, settings);
      return created;
    } catch (error) {
      if (!/stream not found/i.test(messageOf(error))) throw error;
      const { created } = await manager.streams.add({
        name,
        ...settings,
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.Old,
      });
      return created;
    }
  }

  /** A durable consumer for each tenant, which its login may read and could not make itself without rights to more. */
  async #makeSignalConsumers(tenantIds: readonly string[]): Promise<void> {
    for (const tenantId of new Set(tenantIds)) {
      if (this.#signalTenants.has(tenantId)) continue;
      await this.#ready().manager.consumers.add('SUHO_SIGNALS', {
        durable_name: tenantId,
        filter_subject: `suho.signals.${tenantId}.>`,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(SIGNAL_ACK_WAIT_MS),
        deliver_policy: DeliverPolicy.All,
      });
      this.#signalTenants.add(tenantId);
    }
  }

  async #publish(signals: readonly { readonly sequence: number; readonly signal: Signal }[]): Promise<void> {
    const { client } = this.#ready();
    await Promise.all(
      signals.map(({ sequence, signal }) =>
        client.publish(
          `suho.signals.${signal.tenantId}.${subjectToken(signal.symbol)}.${signal.timeframe}`,
          JSON.stringify(signalJson(sequence, signal)),
          { msgID: signal.predictionId, timeout: PUBLISH_MS },
        ),
      ),
    );
  }

  #ready(): JetStream {
    if (this.#jetstream === undefined)
      throw new SuhoError('STORE_UNAVAILABLE', `NATS is away: ${this.#error ?? 'not connected yet'}`);
    return this.#jetstream;
  }
}

const NO_ANSWER: string = ErrorCode.NoResponders;
const REFUSED =
  'the server refuses the login; check nats.username and nats.password, nats.token or nats.credentialsFile';
const REASONS: ReadonlyMap<string, string> = new Map([
  [ErrorCode.AuthorizationViolation, REFUSED],
  [ErrorCode.AuthenticationExpired, REFUSED],
  [ErrorCode.ConnectionRefused, 'the server cannot be reached; check nats.url'],
  [NO_ANSWER, 'JetStream does not answer; check that the server and the account have it enabled'],
]);

/** Whether nobody takes what is published, or there is no such stream. */
function isMissing(error: unknown): boolean {
  return (
    (error instanceof NatsError && error.code === NO_ANSWER) || /stream not found/i.test(messageOf(error))
  );
}

function reasonOf(error: unknown): string {
  return (error instanceof NatsError ? REASONS.get(error.code) : undefined) ?? messageOf(error);
}
