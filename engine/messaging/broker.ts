import type { JetStreamClient, JetStreamManager } from 'nats';
import type { Logger } from 'pino';
import type { Delivery } from './delivery.js';

export type InputStream = 'SUHO_MARKET' | 'SUHO_TRADES';

/** What reading a stream needs of the connection, which comes and goes. */
export interface Broker {
  readonly log: Logger;
  /** Name of this engine's durable consumers. */
  readonly consumer: string;
  /** The connection's JetStream. Throws `STORE_UNAVAILABLE` while there is none. */
  readonly jetstream: () => { readonly client: JetStreamClient; readonly manager: JetStreamManager };
  /** Makes a stream when it is missing; tells when it was made, which changes when it was made again. */
  readonly ensureStream: (stream: InputStream) => Promise<string>;
}

/** Takes the first messages of a subject, at least one, in their order; gives how many. Rejects when the first cannot be taken. */
export type Handler = (deliveries: readonly Delivery[]) => Promise<number>;

/** A message that is not acknowledged within this time is delivered again. */
export const ACK_WAIT_MS = 10_000;
/** How often the broker is told that held messages are being worked on, and waiting subjects are looked for. */
export const TICK_MS = 1_000;
/** Bodies of at most so many bytes are read: 1,000 bars with every column are some 250,000. */
export const BODY_BYTES_MAX = 524_288;
