import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import {
  Metadata,
  credentials,
  loadPackageDefinition,
  status,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Bar } from '../../actors/market/bar.js';
import type { Bar as ProtoBar } from '../../engine/api/generated/suho/v1/Bar.js';
import type { PublishAck__Output as PublishAck } from '../../engine/api/generated/suho/v1/PublishAck.js';
import type { Signal__Output as ProtoSignal } from '../../engine/api/generated/suho/v1/Signal.js';
import { loadClients, loadDefinition } from '../../engine/api/definition.js';
import { ApiServer } from '../../engine/api/server.js';
import type { ConfigInput } from '../../engine/config.js';
import type { Engine } from '../../engine/engine.js';
import { afterTest } from './cleanup.js';

/** An update of a signal stream: it always has its signal. */
export interface SignalUpdate {
  readonly signal: ProtoSignal;
  readonly skipped: string;
}

export function protoBars(bars: readonly Bar[]): ProtoBar[] {
  return bars.map(({ openTime, open, high, low, close, volume, bid, ask }) => ({
    open_time: openTime,
    open,
    high,
    low,
    close,
    volume,
    bid,
    ask,
  }));
}

/** A client of a served engine, with a credential or without. */
export class TestClient {
  readonly #address: string;
  readonly #channel: ChannelCredentials;
  readonly #clients = new Map<string, InstanceType<ServiceClientConstructor>>();

  constructor(port: number, channel: ChannelCredentials = credentials.createInsecure()) {
    this.#address = `localhost:${port}`;
    this.#channel = channel;
  }

  #service(name: string): InstanceType<ServiceClientConstructor> {
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = new (loadClients()[name] as ServiceClientConstructor)(this.#address, this.#channel);
      this.#clients.set(name, client);
    }
    return client;
  }

  stream(request: object = {}, token?: string): ClientReadableStream<SignalUpdate> {
    return this.#service('SignalService')['StreamSignals']!(
      request,
      metadataOf(token),
    ) as unknown as ClientReadableStream<SignalUpdate>;
  }

  bars(token?: string): ClientDuplexStream<object, PublishAck> {
    return this.#service('MarketDataService')['PublishBars']!(
      metadataOf(token),
    ) as unknown as ClientDuplexStream<object, PublishAck>;
  }

  quotes(token?: string): ClientDuplexStream<object, PublishAck> {
    return this.#service('MarketDataService')['PublishQuotes']!(
      metadataOf(token),
    ) as unknown as ClientDuplexStream<object, PublishAck>;
  }

  /** Publishes hourly bars in one request and waits for the answer. */
  async publish(bars: readonly Bar[], token?: string, symbol = 'EURUSD'): Promise<PublishAck> {
    const call = this.bars(token);
    return await new Promise((resolve, reject) => {
      call.on('data', resolve);
      call.on('error', reject);
      call.write({ request_id: 1, symbol, timeframe: 'TIMEFRAME_1H', bars: protoBars(bars) });
      call.end();
    });
  }

  async call<Response>(service: string, method: string, request: object, token?: string): Promise<Response> {
    return await new Promise((resolve, reject) => {
      (this.#service(service)[method] as (...args: unknown[]) => void).call(
        this.#service(service),
        request,
        metadataOf(token),
        (error: ServiceError | null, response: Response) =>
          error === null ? resolve(response) : reject(error),
      );
    });
  }

  /** Calls the standard health service. */
  async health<Response>(method: 'Check' | 'List', request: object): Promise<Response> {
    const { grpc } = loadPackageDefinition(loadDefinition('grpc/health/v1/health.proto')) as unknown as {
      grpc: { health: { v1: { Health: ServiceClientConstructor } } };
    };
    const client = new grpc.health.v1.Health(this.#address, this.#channel);
    try {
      return await new Promise((resolve, reject) => {
        client[method]!.call(client, request, (error: ServiceError | null, response: Response) =>
          error === null ? resolve(response) : reject(error),
        );
      });
    } finally {
      client.close();
    }
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}

function metadataOf(token?: string): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

/** The status a call fails with. */
export async function codeOf(call: Promise<unknown> | ClientReadableStream<unknown>): Promise<string> {
  if (call instanceof Promise) {
    return await call.then(
      () => 'OK',
      (error: unknown) => status[(error as ServiceError).code]!,
    );
  }
  return await new Promise((resolve) => {
    call.on('data', () => undefined);
    call.on('error', (error) => resolve(status[(error as ServiceError).code]!));
    call.on('end', () => resolve('OK'));
  });
}

/** Serves an engine over gRPC until the test is over. */
export async function serve(t: TestContext, engine: Engine): Promise<{ api: ApiServer; port: number }> {
  const api = new ApiServer(engine, { simulated: false });
  const port = await api.listen();
  afterTest(t, async () => {
    await api.stop();
    await engine.stop();
  });
  return { api, port };
}

/** Waits until something holds; says what did not when it never does. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  msMax = 60_000,
): Promise<void> {
  const end = Date.now() + msMax;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`It never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Stores that are configured but not there: an engine on them opens in no time, and its sinks lag. */
export const STORES_AWAY: ConfigInput = {
  postgres: { url: 'postgresql://nobody:nothing@127.0.0.1:1/none' },
  clickhouse: { url: 'http://127.0.0.1:1' },
};

/** A tenant with a key, so that the API serves with its stores away. */
export const KEY = 'key-of-acme';
export const ACME = { id: 'acme', apiKeySha256: [createHash('sha256').update(KEY).digest('hex')] };
