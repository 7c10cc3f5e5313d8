import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Config } from '../config.js';
import type { Engine } from '../engine.js';
import { SuhoError } from '../errors.js';
import { trainedSeries, tenantsOf } from '../instruments/served-series.js';
import { PUBLISHED_FEED } from '../intake/intake.js';
import { AuditLog } from '../ops/audit-log.js';
import { Health } from '../ops/health.js';
import { applyReload, type ReloadReport } from '../ops/reload.js';
import type { SinkStatus } from '../sinks/sink.js';
import type { MetricsSource } from '../ops/metrics/source.js';
import { isFor, ownSignals } from '../instruments/audience.js';
import { SignalHub } from '../publication/signal-hub.js';
import { operationsOf } from '../ops/operations.js';
import { Admission } from './admission.js';
import { alertService } from './alert-service.js';
import { Authentication } from './authentication.js';
import { CallCounts } from './call-counts.js';
import type { CallContext } from './calls.js';
import { Certificates } from './certificates.js';
import { loadDefinition, servedService, serviceNames } from './definition.js';
import {
  healthSourceOf,
  instrumentsOf,
  latestSignalOf,
  retainedSignalsOf,
  seriesOfTenants,
  tenantFigures,
  modelDeskOf,
} from './engine-adapter.js';
import { engineService } from './engine-service.js';
import { Failures } from './failure.js';
import { featureService } from './feature-service.js';
import { feedbackService } from './feedback-service.js';
import { instrumentService } from './instrument-service.js';
import { marketDataService } from './market-data-service.js';
import { operatorService } from './operator-service.js';
import { modelService } from './model-service.js';
import { TenantQuotas } from './quotas.js';
import { addReflection } from './reflection.js';
import { signalService, updateEncoder } from './signal-service.js';
import { StandardHealth } from './standard-health.js';
import { Turns } from './turns.js';
import { trainingService } from './training-service.js';

const CLOCK_MS = 250;
/** A bar that ended longer ago is history: it closes when a later quote comes. */
const LIVE_MS = 300_000;
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
const STOP_MS = 500;
const DRAIN_LOOK_MS = 50;
/** Questions to the stores that are answered at once, and that wait. */
const QUESTIONS_MAX = 4;
const QUESTIONS_WAITING_MAX = 200;

/** The engine over gRPC. */
export class ApiServer {
  /** How the engine is, for whoever asks. */
  readonly health: Health;
  /** The newest signal of each series since start, and later ones as they come, for the terminal. */
  readonly hub: SignalHub;
  /** Who may call, and what each tenant may use: for whatever else serves this engine. */
  readonly admission: Admission;
  readonly failures: Failures;
  readonly quotas: TenantQuotas;
  /** What engineers and operators did, over whatever serves this engine. */
  readonly audit: AuditLog;
  /** TLS of this server and whatever else serves this engine; undefined without `grpc.tls`. */
  readonly certificates: Certificates | undefined;
  readonly #engine: Engine;
  readonly #calls = new CallCounts();
  readonly #server: Server;
  readonly #authentication: Authentication;
  readonly #standardHealth: StandardHealth;
  #listening = false;
  #clock: NodeJS.Timeout | undefined;

  constructor(engine: Engine, options: { readonly simulated: boolean; readonly read?: () => Config }) {
    const { config } = engine;
    this.#engine = engine;
    this.certificates = config.grpc.tls === undefined ? undefined : new Certificates(config.grpc.tls);
    this.#server = new Server(serverOptions(config.grpc));
    this.#authentication = new Authentication(config, engine.keys);
    this.quotas = new TenantQuotas(config, engine.cache);
    this.admission = new Admission(this.#authentication, this.quotas);
    const definition = loadDefinition();
    const signals = servedService(definition, 'suho.v1.SignalService');
    const encode = updateEncoder(signals);
    this.hub = new SignalHub(encode, setImmediate);
    engine.publication.onSignal((published) => this.hub.publish(published));
    this.health = new Health(healthSourceOf(engine), { ...options, subscribers: this.hub });
    this.health.onChange(() => this.#tellHealth());
    const failures = (this.failures = new Failures(engine.log, this.#calls));
    this.audit = new AuditLog(config.data, engine.log);
    const calls: CallContext = { admission: this.admission, failures, audit: this.audit };
    const turns = new Turns(QUESTIONS_MAX, QUESTIONS_WAITING_MAX);
    const [declared, handlers] = signalService(signals, {
      calls,
      hub: this.hub,
      retained: retainedSignalsOf(engine.journal),
      encode,
      queueMax: config.grpc.subscriberQueueMax,
      history: engine.predictions.history,
      turns,
      stored: (caller, symbol, timeframe) => latestSignalOf(engine, caller, symbol, timeframe),
      isFor: (caller, published) => isFor(engine.instruments, caller, published),
      own: (caller) => ownSignals(engine.instruments, caller),
      explanations: engine.explanations,
      anomalies: engine.anomalies,
    });
    this.#server.addService(declared, handlers as UntypedServiceImplementation);
    for (const [name, implementation] of Object.entries({
      MarketDataService: marketDataService(calls, engine.intake),
      FeedbackService: feedbackService(calls, engine.feedback),
      FeatureService: featureService(calls, {
        series: seriesOfTenants(engine),
        store: engine.features,
        turns,
      }),
      InstrumentService: instrumentService(calls, instrumentsOf(engine)),
      OperatorService: operatorService(calls, {
        ...operationsOf(engine),
        drain: async (isOn, waitMs) => await this.#drain(isOn, waitMs),
        reload: () => this.reload(options.read),
      }),
      ModelService: modelService(calls, modelDeskOf(engine), Date.now),
      EngineService: engineService(calls, this.health, engine.refused),
      AlertService: alertService(calls, {
        alerts: engine.alerts,
        tenantIds: this.tenantIds,
        now: () => Date.now(),
      }),
      TrainingService: trainingService(calls, {
        retraining: engine.retraining,
        tenantIds: this.tenantIds,
        series: () => trainedSeries(engine.instruments),
      }),
    })) {
      this.#server.addService(
        servedService(definition, `suho.v1.${name}`),
        implementation as UntypedServiceImplementation,
      );
    }
    this.#standardHealth = new StandardHealth(failures, serviceNames(definition));
    this.#standardHealth.addToServer(this.#server);
    addReflection(this.#server, failures);
  }

  /** Tenants the engine serves, the platform among them. */
  readonly tenantIds = (): readonly string[] =>
    tenantsOf(
      this.#engine.instruments,
      this.#engine.config.tenants.map(({ id }) => id),
    );

  /** What the metrics of this server and its engine are read from. */
  metricsSource(): MetricsSource {
    return {
      health: () => this.health.snapshot(),
      calls: () => this.#calls.list(),
      refusals: () => this.quotas.refusals(),
      latencies: this.#engine.latencies,
      door: () => this.#engine.intake.door,
      tenants: () => tenantFigures(this.#engine, this.quotas),
      certificateExpiresAt: () => this.certificates?.current.expiresAt,
    };
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
    const { host, port } = this.#engine.config.grpc;
    await this.#engine.keys.start();
    if (!['127.0.0.1', '::1', 'localhost'].includes(host) && !this.#authentication.isRequired) {
      throw new SuhoError(
        'BAD_CONFIG',
        `Without credentials the engine serves loopback only; grpc.host is ${host}. Make an API key (suho keys create), configure auth.jwt or grpc.tls.clientCaFile, or leave grpc.host at 127.0.0.1.`,
      );
    }
    const credentials = this.certificates?.credentials ?? ServerCredentials.createInsecure();
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const bound = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, credentials, (error, found) => {
        if (error === null) resolve(found);
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
    this.admission.start();
    this.#listening = true;
    this.#tellHealth();
    return bound;
  }

  /**
   * Applies what can change while the engine runs of the configuration that `read` gives, and reads the files of `grpc.tls`
   * again. Throws `BAD_CONFIG` when either is wrong, and nothing has changed then.
   */
  reload(read: (() => Config) | undefined): ReloadReport {
    if (read === undefined)
      throw new SuhoError(
        'BAD_CONFIG',
        'This engine was not started from a configuration that can be read again.',
      );
    const config = read();
    const certificate = this.certificates?.read(Date.now());
    const applied = applyReload(this.#engine.config, config);
    const report = {
      ...applied,
      certificate: certificate && {
        changed: this.certificates!.use(certificate),
        expiresAt: certificate.expiresAt,
      },
    };
    this.#authentication.reload();
    this.#engine.noteGates();
    this.#engine.log.info({ ...report }, 'the configuration was read again');
    return report;
  }

  async #drain(isOn: boolean, waitMs: number): Promise<readonly SinkStatus[]> {
    this.#engine.intake.draining = isOn;
    this.health.draining = isOn;
    const lagging = (): readonly SinkStatus[] =>
      this.#engine.status.sinks().filter(({ lagRows }) => lagRows > 0);
    if (!isOn) return lagging();
    const end = performance.now() + waitMs;
    await this.#engine.settled();
    while (lagging().length > 0 && performance.now() < end) await sleep(DRAIN_LOOK_MS);
    return lagging();
  }

  /** Says that it no longer serves, lets calls end for a moment, then ends them with UNAVAILABLE. */
  async stop(): Promise<void> {
    clearInterval(this.#clock);
    this.admission.stop();
    this.#listening = false;
    this.#tellHealth();
    const ended = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    await within(ended, STOP_MS);
    // Node closes a session's socket only once its client has, so a call that is left open would keep the process.
    this.admission.endStreams();
    this.#standardHealth.endCalls();
    await within(ended, STOP_MS);
    this.#server.forceShutdown();
    this.hub.close();
  }

  #tellHealth(): void {
    this.#standardHealth.serving = this.#listening && this.health.state === 'serving';
  }
}

/** Waits for something, `ms` at most. */
async function within(what: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([what, late]);
  clearTimeout(timer);
}

/** A client that hangs is found by pings it does not answer, with calls open or without. Idle connections end after gRPC's 30 minutes. */
function serverOptions(grpc: Config['grpc']): ConstructorParameters<typeof Server>[0] {
  return {
    'grpc.max_receive_message_length': REQUEST_BYTES_MAX,
    'grpc.max_concurrent_streams': grpc.callsPerConnection,
    'grpc.keepalive_time_ms': Math.ceil(grpc.keepaliveSeconds * 1000),
    'grpc.keepalive_timeout_ms': Math.ceil(grpc.keepaliveTimeoutSeconds * 1000),
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.enable_channelz': 0,
  };
}
