import {
  Server,
  ServerCredentials,
  status,
  type Metadata,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import { canonicalSymbol } from '../../actors/market/symbol.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { Engine, IngestResult, PublishedSignal } from '../engine.js';
import { SuhoError } from '../errors.js';
import { Authentication } from './authentication.js';
import {
  fromProtoTimeframe,
  type EngineHealth,
  type GetLatestSignalRequest,
  type ProtoBar,
  type ProtoSignal,
  type ProtoTimeframe,
  type PublishAck,
  type PublishBarsRequest,
  type PublishQuotesRequest,
  type SignalUpdate,
  type StreamSignalsRequest,
} from './contract.js';
import { loadDefinition, serviceOf } from './definition.js';
import { toProtoSignal } from './signal-encoding.js';
import { SignalHub, Subscription } from './signal-hub.js';
import { StatusFailure, toServiceError } from './status.js';

/** Feed that published bars and quotes of a tenant go to. */
const PUBLISHED_FEED = 'published';
const PUBLISH_MAX = 1000;
const CLOCK_MS = 250;
/** A bar that ended longer ago is history: it closes when a later quote comes. */
const LIVE_MS = 300_000;
const VERSION = '0.1.0';

function invalid(field: string, message: string): StatusFailure {
  return new StatusFailure(status.INVALID_ARGUMENT, `${field}: ${message}`);
}

function readSymbol(text: string): string {
  const symbol = canonicalSymbol(text);
  if (symbol === undefined) throw invalid('symbol', `"${text}" is not a symbol.`);
  return symbol;
}

function readTimeframe(field: string, timeframe: ProtoTimeframe): Timeframe {
  const read = fromProtoTimeframe(timeframe);
  if (read === undefined) throw invalid(field, 'it must be one of TIMEFRAME_1M to TIMEFRAME_1D.');
  return read;
}

function readBar(bar: ProtoBar): Bar {
  return {
    openTime: bar.open_time,
    open: bar.open,
    high: bar.high,
    low: bar.low,
    close: bar.close,
    volume: bar.volume ?? NaN,
    tickCount: bar.tick_count ?? NaN,
    bid: bar.bid ?? NaN,
    ask: bar.ask ?? NaN,
  };
}

/** The engine over gRPC. */
export class ApiServer {
  readonly #engine: Engine;
  readonly #server = new Server({ 'grpc.max_receive_message_length': 4 * 1024 * 1024 });
  readonly #hub: SignalHub;
  readonly #authentication: Authentication;
  readonly #health = new HealthImplementation({ '': 'NOT_SERVING', 'suho.v1.SignalService': 'NOT_SERVING' });
  readonly #encodeUpdate: (update: SignalUpdate) => Buffer;
  readonly #startedAt = Date.now();
  readonly #simulated: boolean;
  #port = 0;
  #clock: NodeJS.Timeout | undefined;

  constructor(engine: Engine, options: { readonly simulated: boolean }) {
    this.#engine = engine;
    this.#simulated = options.simulated;
    this.#authentication = new Authentication(engine.config.tenants);
    const definition = loadDefinition();
    const declared = serviceOf(definition, 'SignalService');
    const stream = declared['StreamSignals']!;
    this.#encodeUpdate = stream.responseSerialize as (update: SignalUpdate) => Buffer;
    // Signals arrive here as bytes already: made once, sent to all.
    const signals = {
      ...declared,
      StreamSignals: { ...stream, responseSerialize: (bytes: Buffer) => bytes },
    };
    this.#hub = new SignalHub((published) => this.#encode(published));
    engine.onSignal((published) => this.#hub.publish(published));
    this.#server.addService(signals, {
      StreamSignals: (call: ServerWritableStream<StreamSignalsRequest, Buffer>) => this.#streamSignals(call),
      GetLatestSignal: unary((request: GetLatestSignalRequest, metadata) =>
        this.#latestSignal(request, metadata),
      ),
    });
    this.#server.addService(serviceOf(definition, 'MarketDataService'), {
      PublishBars: publisher((request: PublishBarsRequest, metadata) => this.#publishBars(request, metadata)),
      PublishQuotes: publisher((request: PublishQuotesRequest, metadata) =>
        this.#publishQuotes(request, metadata),
      ),
    });
    this.#server.addService(serviceOf(definition, 'EngineService'), {
      GetHealth: unary((_request: unknown, metadata) => {
        this.#authentication.tenantOf(metadata);
        return this.health();
      }),
    });
    this.#health.addToServer(this.#server);
    new ReflectionService(definition).addToServer(this.#server);
  }

  /** Listens; returns the port. Throws `PORT_IN_USE`. */
  async listen(): Promise<number> {
    const { host, port } = this.#engine.config.grpc;
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else
          reject(
            new SuhoError(
              'PORT_IN_USE',
              `The address ${address} cannot be listened on; another program may use it. Choose another port with --port.`,
            ),
          );
      });
    });
    this.#clock = setInterval(() => this.#engine.tick(PUBLISHED_FEED, Date.now(), LIVE_MS), CLOCK_MS);
    this.#health.setStatus('', 'SERVING');
    this.#health.setStatus('suho.v1.SignalService', 'SERVING');
    return this.#port;
  }

  /** The newest signal of each series since start, and later ones as they come, for the terminal. */
  get hub(): SignalHub {
    return this.#hub;
  }

  health(): EngineHealth {
    const engine = this.#engine;
    const counts = engine.counts();
    const system = engine.systemCounts();
    const journal = engine.journal.stats();
    const sinks = engine.sinkStatus().map((sink) => ({
      name: sink.name,
      healthy: sink.healthy,
      lag_rows: sink.lagRows,
      lag_seconds: sink.lagSeconds,
      error: sink.error ?? '',
    }));
    return {
      state: engine.state,
      degraded:
        sinks.some(({ healthy }) => !healthy) ||
        system.parked > 0 ||
        journal.refused > 0 ||
        counts.skew.differing > 0,
      version: VERSION,
      uptime_seconds: (Date.now() - this.#startedAt) / 1000,
      actors: system.actors,
      queued: system.queued,
      bars: counts.bars,
      quotes: counts.quotes,
      feature_rows: counts.rows,
      signals: counts.signals,
      rejected: counts.rejected,
      duplicates: counts.duplicates,
      late: counts.late,
      withheld: counts.withheld,
      dead_letters: counts.deadLetters,
      parked_actors: system.parked,
      journal_bytes: journal.bytes,
      journal_bytes_max: journal.bytesMax,
      subscribers: this.#hub.size,
      sinks,
      simulated: this.#simulated,
      features_checked: counts.skew.checked,
      features_differing: counts.skew.differing,
    };
  }

  /** Says that it no longer serves, lets calls end for a moment, then ends them. */
  async stop(): Promise<void> {
    clearInterval(this.#clock);
    this.#health.setStatus('', 'NOT_SERVING');
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, 500);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #encode({ sequence, signal }: PublishedSignal): Buffer {
    return this.#encodeUpdate({ signal: toProtoSignal(sequence, signal), skipped: 0 });
  }

  #streamSignals(call: ServerWritableStream<StreamSignalsRequest, Buffer>): void {
    try {
      const { request } = call;
      const tenantId = this.#authentication.tenantOf(call.metadata);
      const purged = this.#engine.journal.purgedThrough();
      if (request.resume_after !== undefined && request.resume_after < purged) {
        throw new StatusFailure(
          status.OUT_OF_RANGE,
          `resume_after: signals up to ${purged} are no longer kept; resume after ${purged}, or stream from now on.`,
        );
      }
      const subscription = new Subscription({
        filter: {
          tenantId,
          symbols: new Set(request.symbols.map(readSymbol)),
          timeframes: new Set(request.timeframes.map((timeframe) => readTimeframe('timeframes', timeframe))),
          onlyActionable: request.only_actionable,
        },
        outlet: {
          write: (bytes) => call.write(bytes),
          overflow: (cursor) => {
            const failure = new StatusFailure(
              status.RESOURCE_EXHAUSTED,
              `The subscriber fell ${this.#engine.config.grpc.subscriberQueueMax} signals behind; resume after ${cursor}.`,
            );
            call.emit('error', toServiceError(failure));
          },
        },
        journal: this.#engine.journal,
        encode: (published) => this.#encode(published),
        conflate: request.slow_policy === 'LATEST_PER_SERIES',
        queueMax: this.#engine.config.grpc.subscriberQueueMax,
        resumeAfter: request.resume_after,
      });
      call.on('drain', () => subscription.resume());
      const leave = (): void => this.#hub.remove(subscription);
      call.on('cancelled', leave);
      call.on('close', leave);
      call.on('error', leave);
      // Headers go out at once, so that a client knows it is subscribed before the first signal.
      call.sendMetadata(call.metadata.clone());
      this.#hub.add(subscription);
    } catch (error) {
      call.emit('error', toServiceError(error));
    }
  }

  #latestSignal(request: GetLatestSignalRequest, metadata: Metadata): ProtoSignal {
    const tenantId = this.#authentication.tenantOf(metadata);
    const symbol = readSymbol(request.symbol);
    const timeframe = readTimeframe('timeframe', request.timeframe);
    const latest =
      this.#hub.latest(tenantId, symbol, timeframe) ?? this.#engine.latestSignal(tenantId, symbol, timeframe);
    if (latest === undefined)
      throw new SuhoError('NOT_FOUND', `There is no signal for ${symbol} on ${timeframe} yet.`);
    return toProtoSignal(latest.sequence, latest.signal);
  }

  async #publishBars(request: PublishBarsRequest, metadata: Metadata): Promise<PublishAck> {
    const tenantId = this.#authentication.tenantOf(metadata);
    const base = readTimeframe('timeframe', request.timeframe);
    if (request.bars.length > PUBLISH_MAX) throw invalid('bars', `at most ${PUBLISH_MAX} in a request.`);
    const group = await this.#followPublished(tenantId, request.symbol, base, request.signal_timeframes);
    return await this.#acknowledge(
      request.request_id,
      this.#engine.ingestBars(group, request.bars.map(readBar)),
    );
  }

  async #publishQuotes(request: PublishQuotesRequest, metadata: Metadata): Promise<PublishAck> {
    const tenantId = this.#authentication.tenantOf(metadata);
    const { base } = this.#engine.config.bars;
    if (request.quotes.length > PUBLISH_MAX) throw invalid('quotes', `at most ${PUBLISH_MAX} in a request.`);
    const group = await this.#followPublished(tenantId, request.symbol, base, request.signal_timeframes);
    const quotes = request.quotes.map((quote): Quote => ({
      ts: quote.ts,
      bid: quote.bid,
      ask: quote.ask,
      bidSize: quote.bid_size ?? NaN,
      askSize: quote.ask_size ?? NaN,
    }));
    return await this.#acknowledge(request.request_id, this.#engine.ingestQuotes(group, quotes));
  }

  async #followPublished(
    tenantId: string,
    symbolText: string,
    base: Timeframe,
    wanted: readonly ProtoTimeframe[],
  ): Promise<string> {
    const symbol = readSymbol(symbolText);
    const timeframes =
      wanted.length === 0 ? [base] : wanted.map((t) => readTimeframe('signal_timeframes', t));
    let group = '';
    for (const timeframe of timeframes) {
      group = await this.#engine.follow({
        feed: PUBLISHED_FEED,
        owner: tenantId,
        symbol,
        base,
        tenantId,
        timeframe,
      });
    }
    return group;
  }

  async #acknowledge(requestId: number, result: IngestResult): Promise<PublishAck> {
    await result.durable;
    await this.#engine.backlog();
    const { accepted, duplicates, late, rejected } = result;
    return { request_id: requestId, accepted, duplicates, late, rejected };
  }
}

/** A unary handler from a function of the request and its metadata. */
function unary<Request, Response>(handle: (request: Request, metadata: Metadata) => Response) {
  return (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>): void => {
    try {
      reply(null, handle(call.request, call.metadata));
    } catch (error) {
      reply(toServiceError(error));
    }
  };
}

/** Requests of one stream that may wait for their commit before the next is read. */
const OPEN_MAX = 16;

/** A stream of requests, each answered in order when it is durable; the next is read while the last commits. */
function publisher<Request>(handle: (request: Request, metadata: Metadata) => Promise<PublishAck>) {
  return (call: ServerDuplexStream<Request, PublishAck>): void => {
    let last: Promise<void> = Promise.resolve();
    let open = 0;
    let failed = false;
    const fail = (error: unknown): void => {
      if (failed) return;
      failed = true;
      call.emit('error', toServiceError(error));
    };
    const answer = async (request: Request, before: Promise<void>): Promise<void> => {
      try {
        const ack = await handle(request, call.metadata);
        await before;
        if (!failed) call.write(ack);
      } catch (error) {
        await before;
        fail(error);
      } finally {
        if (--open < OPEN_MAX) call.resume();
      }
    };
    call.on('data', (request: Request) => {
      if (failed) return;
      if (++open >= OPEN_MAX) call.pause();
      last = answer(request, last);
    });
    call.on('end', () => void last.then(() => (failed ? undefined : call.end())));
  };
}
