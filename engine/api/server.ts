import {
  Server,
  ServerCredentials,
  status,
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
import { readFileSync } from 'node:fs';
import type { Config } from '../config.js';
import type { Caller, Role } from '../credentials/caller.js';
import type { Engine, IngestResult, PublishedSignal } from '../engine.js';
import { SuhoError, messageOf } from '../errors.js';
import { PUBLISHED_FEED, followPublished } from '../feeds/published-feed.js';
import { Authentication, type Presented } from './authentication.js';
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
  type ReportTradeRequest,
  type ReportTradeResponse,
  type SignalUpdate,
  type StreamSignalsRequest,
} from './contract.js';
import { loadDefinition, serviceOf } from './definition.js';
import { toProtoSignal } from './signal-encoding.js';
import { TenantQuotas } from './quotas.js';
import { SignalHub, Subscription } from './signal-hub.js';
import { StatusFailure, toServiceError } from './status.js';

const PUBLISH_MAX = 1000;
const CLOCK_MS = 250;
/** How often open streams are looked at whether their credential still holds. */
const CREDENTIAL_CHECK_MS = 1_000;
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
  readonly #quotas: TenantQuotas;
  /** Open signal streams: whose, and how to end one. */
  readonly #streams = new Set<{ readonly caller: Caller; readonly end: (failure: StatusFailure) => void }>();
  #credentialCheck: NodeJS.Timeout | undefined;
  readonly #health = new HealthImplementation({ '': 'NOT_SERVING', 'suho.v1.SignalService': 'NOT_SERVING' });
  readonly #encodeUpdate: (update: SignalUpdate) => Buffer;
  readonly #startedAt = Date.now();
  readonly #simulated: boolean;
  #port = 0;
  #clock: NodeJS.Timeout | undefined;

  constructor(engine: Engine, options: { readonly simulated: boolean }) {
    this.#engine = engine;
    this.#simulated = options.simulated;
    this.#authentication = new Authentication(engine.config, engine.keys);
    this.#quotas = new TenantQuotas(engine.config, engine.cache);
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
    engine.publication.onSignal((published) => this.#hub.publish(published));
    this.#server.addService(signals, {
      StreamSignals: (call: ServerWritableStream<StreamSignalsRequest, Buffer>) =>
        void this.#streamSignals(call),
      GetLatestSignal: this.#unary('viewer', (request: GetLatestSignalRequest, caller) =>
        this.#latestSignal(request, caller),
      ),
    });
    this.#server.addService(serviceOf(definition, 'MarketDataService'), {
      PublishBars: this.#publisher((request: PublishBarsRequest, caller) => this.#takeBars(request, caller)),
      PublishQuotes: this.#publisher((request: PublishQuotesRequest, caller) =>
        this.#takeQuotes(request, caller),
      ),
    });
    this.#server.addService(serviceOf(definition, 'FeedbackService'), {
      ReportTrade: this.#unary('trader', (request: ReportTradeRequest, caller) =>
        this.#reportTrade(request, caller),
      ),
    });
    this.#server.addService(serviceOf(definition, 'EngineService'), {
      GetHealth: this.#unary('viewer', (_request: unknown, caller) => {
        const health = this.health();
        return caller.role === 'operator' ? health : this.#healthFor(caller.tenantId, health);
      }),
    });
    this.#health.addToServer(this.#server);
    new ReflectionService(definition).addToServer(this.#server);
  }

  /** Whether callers must show a credential. */
  get credentialsRequired(): boolean {
    return this.#authentication.isRequired;
  }

  /**
   * Listens; returns the port. Throws `PORT_IN_USE`, and `BAD_CONFIG` for another address than loopback without
   * any credential.
   */
  async listen(): Promise<number> {
    const { host, port, tls } = this.#engine.config.grpc;
    await this.#engine.keys.start();
    if (!['127.0.0.1', '::1', 'localhost'].includes(host) && !this.#authentication.isRequired) {
      throw new SuhoError(
        'BAD_CONFIG',
        `Without credentials the engine serves loopback only; grpc.host is ${host}. Make an API key (suho keys create), configure auth.jwt or grpc.tls.clientCaFile, or leave grpc.host at 127.0.0.1.`,
      );
    }
    const credentials = serverCredentials(tls);
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, credentials, (error, bound) => {
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
    this.#clock = setInterval(() => this.#engine.intake.tick(PUBLISHED_FEED, Date.now(), LIVE_MS), CLOCK_MS);
    this.#credentialCheck = setInterval(() => {
      for (const { caller, end } of this.#streams) {
        if (!caller.isValid())
          end(new StatusFailure(status.UNAUTHENTICATED, 'The credential no longer holds.'));
      }
    }, CREDENTIAL_CHECK_MS);
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
    const counts = engine.status.counts();
    const system = engine.systemCounts();
    const journal = engine.journal.stats();
    const sinks = engine.status.sinks().map((sink) => ({
      name: sink.name,
      healthy: sink.healthy,
      lag_rows: sink.lagRows,
      lag_seconds: sink.lagSeconds,
      error: sink.error ?? '',
    }));
    const sources = engine.status.sources().map(({ name, error }) => ({
      name,
      healthy: error === undefined,
      error: error ?? '',
    }));
    return {
      state: engine.state,
      degraded:
        sources.some(({ healthy }) => !healthy) ||
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
      trades: counts.trades,
      sources,
    };
  }

  /** The health of the engine as one tenant may see it: its own counts, and no words of a store, which may tell where it is. */
  #healthFor(tenantId: string, health: EngineHealth): EngineHealth {
    const silent = <T extends object>(stores: readonly T[]): T[] =>
      stores.map((store) => ({ ...store, error: '' }));
    const counts = this.#engine.instruments.tenantCounts(tenantId);
    const directions = ['LONG', 'SHORT', 'FLAT'];
    const withheld = Object.entries(counts).filter(
      ([outcome]) => !directions.includes(outcome) && !outcome.startsWith('abstained:'),
    );
    return {
      ...health,
      actors: 0,
      queued: 0,
      bars: 0,
      quotes: 0,
      feature_rows: 0,
      signals: directions.reduce((sum, direction) => sum + (counts[direction] ?? 0), 0),
      rejected: 0,
      duplicates: 0,
      late: 0,
      withheld: Object.fromEntries(withheld),
      dead_letters: 0,
      parked_actors: 0,
      journal_bytes: 0,
      subscribers: this.#hub.sizeOf(tenantId),
      sinks: silent(health.sinks).map((sink) => ({ ...sink, lag_rows: 0 })),
      features_checked: 0,
      features_differing: 0,
      trades: 0,
      sources: silent(health.sources),
    };
  }

  /** Says that it no longer serves, lets calls end for a moment, then ends them. */
  async stop(): Promise<void> {
    clearInterval(this.#clock);
    clearInterval(this.#credentialCheck);
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

  async #streamSignals(call: ServerWritableStream<StreamSignalsRequest, Buffer>): Promise<void> {
    try {
      const { request } = call;
      const caller = await this.#admit(call, 'viewer');
      const { tenantId } = caller;
      const purged = this.#engine.journal.purgedThrough();
      if (request.resume_after !== undefined && request.resume_after < purged) {
        throw new StatusFailure(
          status.OUT_OF_RANGE,
          `resume_after: signals up to ${purged} are no longer kept; resume after ${purged}, or stream from now on.`,
        );
      }
      const fail = (failure: StatusFailure): void => void call.emit('error', toServiceError(failure));
      const subscription = new Subscription({
        filter: {
          tenantId,
          symbols: new Set(request.symbols.map(readSymbol)),
          timeframes: new Set(request.timeframes.map((timeframe) => readTimeframe('timeframes', timeframe))),
          onlyActionable: request.only_actionable,
        },
        outlet: {
          write: (bytes) => call.write(bytes),
          overflow: (cursor) =>
            fail(
              new StatusFailure(
                status.RESOURCE_EXHAUSTED,
                `The subscriber fell ${this.#engine.config.grpc.subscriberQueueMax} signals behind; resume after ${cursor}.`,
              ),
            ),
        },
        journal: this.#engine.journal,
        encode: (published) => this.#encode(published),
        conflate: request.slow_policy === 'LATEST_PER_SERIES',
        queueMax: this.#engine.config.grpc.subscriberQueueMax,
        resumeAfter: request.resume_after,
      });
      const leavePlace = this.#quotas.openStream(tenantId);
      const open = { caller, end: fail };
      this.#streams.add(open);
      call.on('drain', () => subscription.resume());
      const leave = (): void => {
        this.#hub.remove(subscription);
        this.#streams.delete(open);
        leavePlace();
      };
      call.on('cancelled', leave);
      call.on('close', leave);
      call.on('error', leave);
      // Headers go out at once, so that a client knows it is subscribed before the first signal.
      call.sendMetadata(call.metadata.clone());
      this.#hub.add(subscription);
      // Gone while its credential was looked at.
      if (call.cancelled) leave();
    } catch (error) {
      call.emit('error', toServiceError(error));
    }
  }

  #latestSignal(request: GetLatestSignalRequest, { tenantId }: Caller): ProtoSignal {
    const symbol = readSymbol(request.symbol);
    const timeframe = readTimeframe('timeframe', request.timeframe);
    const latest =
      this.#hub.latest(tenantId, symbol, timeframe) ?? this.#engine.latestSignal(tenantId, symbol, timeframe);
    if (latest === undefined)
      throw new SuhoError('NOT_FOUND', `There is no signal for ${symbol} on ${timeframe} yet.`);
    return toProtoSignal(latest.sequence, latest.signal);
  }

  async #reportTrade(request: ReportTradeRequest, caller: Caller): Promise<ReportTradeResponse> {
    const { answer, trade } = await this.#engine.feedback.report(caller.tenantId, caller.userId, {
      tradeId: request.trade_id,
      predictionId: request.prediction_id,
      side: request.side,
      quantity: request.quantity,
      entryTime: request.entry_time,
      entryPrice: request.entry_price,
      exitTime: request.exit_time,
      exitPrice: request.exit_price,
      pnlMoney: request.pnl_money,
      currency: request.currency,
      commission: request.commission,
      financing: request.financing,
      slippagePips: request.slippage_pips,
      exitReason: request.exit_reason,
      marketConditions: request.market_conditions,
    });
    return {
      answer,
      pnl_money: trade?.pnlMoney ?? 0,
      currency: trade?.currency ?? '',
      pnl_pips: trade?.pnlPips ?? 0,
      pnl_percent: trade?.pnlPercent ?? 0,
    };
  }

  async #takeBars(request: PublishBarsRequest, { tenantId }: Caller): Promise<IngestResult> {
    const base = readTimeframe('timeframe', request.timeframe);
    if (request.bars.length > PUBLISH_MAX) throw invalid('bars', `at most ${PUBLISH_MAX} in a request.`);
    await this.#quotas.rows(tenantId, request.bars.length);
    const group = await this.#followPublished(tenantId, request.symbol, base, request.signal_timeframes);
    return this.#engine.intake.ingestBars(group, request.bars.map(readBar));
  }

  async #takeQuotes(request: PublishQuotesRequest, { tenantId }: Caller): Promise<IngestResult> {
    const { base } = this.#engine.config.bars;
    if (request.quotes.length > PUBLISH_MAX) throw invalid('quotes', `at most ${PUBLISH_MAX} in a request.`);
    await this.#quotas.rows(tenantId, request.quotes.length);
    const group = await this.#followPublished(tenantId, request.symbol, base, request.signal_timeframes);
    const quotes = request.quotes.map((quote): Quote => ({
      ts: quote.ts,
      bid: quote.bid,
      ask: quote.ask,
      bidSize: quote.bid_size ?? NaN,
      askSize: quote.ask_size ?? NaN,
    }));
    return this.#engine.intake.ingestQuotes(group, quotes);
  }

  async #followPublished(
    tenantId: string,
    symbolText: string,
    base: Timeframe,
    wanted: readonly ProtoTimeframe[],
  ): Promise<string> {
    const symbol = readSymbol(symbolText);
    const timeframes = wanted.map((t) => readTimeframe('signal_timeframes', t));
    return await followPublished(this.#engine, tenantId, symbol, base, timeframes);
  }

  /** Who calls, if the role is enough and the tenant has not called too often. */
  async #admit(call: Presented, role: Role): Promise<Caller> {
    const caller = await this.#authentication.callerOf(call, role);
    await this.#quotas.call(caller.tenantId);
    return caller;
  }

  /** A unary handler from a function of the request and its caller. */
  #unary<Request, Response>(
    role: Role,
    handle: (request: Request, caller: Caller) => Response | Promise<Response>,
  ) {
    return (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>): void => {
      this.#admit(call, role)
        .then(async (caller) => await handle(call.request, caller))
        .then(
          (response) => reply(null, response),
          (error: unknown) => reply(this.#failure(error)),
        );
    };
  }

  /**
   * A stream of requests: taken one after the other, each answered in order when it is durable; the next is
   * taken while the last commits.
   */
  #publisher<Request extends { readonly request_id: number }>(
    take: (request: Request, caller: Caller) => Promise<IngestResult>,
  ) {
    return (call: ServerDuplexStream<Request, PublishAck>): void => {
      const admitted = this.#admit(call, 'trader');
      let taken: Promise<unknown> = admitted;
      let answered: Promise<unknown> = Promise.resolve();
      let open = 0;
      let failed = false;
      const fail = (error: unknown): void => {
        if (failed) return;
        failed = true;
        call.emit('error', this.#failure(error));
      };
      const takeInTurn = async (request: Request, before: Promise<unknown>): Promise<IngestResult> => {
        await before;
        const caller = await admitted;
        if (!caller.isValid())
          throw new StatusFailure(status.UNAUTHENTICATED, 'The credential no longer holds.');
        return await take(request, caller);
      };
      const answer = async (
        requestId: number,
        result: Promise<IngestResult>,
        before: Promise<unknown>,
      ): Promise<void> => {
        try {
          const { durable, accepted, duplicates, late, rejected } = await result;
          await durable;
          await this.#engine.backlog();
          await before;
          if (!failed) call.write({ request_id: requestId, accepted, duplicates, late, rejected });
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
        const result = takeInTurn(request, taken);
        taken = result;
        answered = answer(request.request_id, result, answered);
      });
      call.on('end', () => void answered.then(() => (failed ? undefined : call.end())));
      admitted.catch(fail);
    };
  }

  /** A failure as gRPC wants it; what is not for the caller is for the log. */
  #failure(error: unknown): ReturnType<typeof toServiceError> {
    const failure = toServiceError(error);
    if (failure.code === status.INTERNAL)
      this.#engine.log.error({ error: messageOf(error) }, 'a call failed');
    return failure;
  }
}

/** Requests of one stream that may wait for their commit before the next is read. */
const OPEN_MAX = 16;

/** TLS as configured. Throws `BAD_CONFIG` when a file cannot be read or is not what it should be. */
function serverCredentials(tls: Config['grpc']['tls']): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  try {
    const authority = tls.clientCaFile === undefined ? null : readFileSync(tls.clientCaFile);
    const pair = { cert_chain: readFileSync(tls.certFile), private_key: readFileSync(tls.keyFile) };
    return ServerCredentials.createSsl(authority, [pair], authority !== null);
  } catch (error) {
    throw new SuhoError('BAD_CONFIG', `TLS cannot be set up from grpc.tls: ${messageOf(error)}.`);
  }
}
