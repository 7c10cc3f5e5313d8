import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { SuhoError } from '../errors.js';
import type { HealthSnapshot } from './health.js';
import { LEARNING_METRICS } from './learning-metrics.js';

const PLAIN = {
  actors: 'Actors',
  queued: 'Messages queued in actors',
  bars: 'Bars taken since start',
  quotes: 'Quotes taken since start',
  feature_rows: 'Feature rows made since start',
  signals: 'Signals made since start',
  trades: 'Trade results taken since start',
  rejected: 'Rows rejected since start',
  duplicates: 'Repeated rows since start',
  late: 'Late rows since start',
  conflicts: 'Rows since start of a time the engine has with other values',
  rows_shed: 'Feature rows that left a full journal before their labels were known',
  dead_letters: 'Dead letters: failures of actors and records that stores refused',
  parked_actors: 'Parked actors and failed instruments',
  journal_bytes: 'Size of the journal, bytes',
  journal_bytes_max: 'Size above which the journal refuses input, bytes',
  subscribers: 'Open signal streams',
  features_differing: 'Live feature rows that differed when recomputed',
} as const;

/**
 * Prometheus metrics at `/metrics`, and at `/healthz` 200 while the engine serves, 503 otherwise. Read when asked
 * for; nothing is counted twice.
 */
export class MetricsServer {
  readonly #read: () => HealthSnapshot;
  readonly #registry = new Registry();
  readonly #server: Server;
  /** What the gauges of one scrape are read from. */
  #scraped: HealthSnapshot | undefined;

  constructor(read: () => HealthSnapshot) {
    this.#read = read;
    const snapshot = (): HealthSnapshot => (this.#scraped ??= read());
    collectDefaultMetrics({ register: this.#registry });
    for (const [name, help] of Object.entries(PLAIN)) {
      const field = name as keyof typeof PLAIN;
      this.#gauge(`suho_${name}`, help, [], (gauge) => gauge.set(snapshot()[field]));
    }
    this.#gauge(
      'suho_degraded',
      '1 while anything is degraded: a store, a source, an instrument, an actor, a model',
      [],
      (gauge) => gauge.set(snapshot().degraded ? 1 : 0),
    );
    this.#gauge('suho_withheld', 'Bars without a signal since start, by reason', ['reason'], (gauge) => {
      for (const [reason, n] of Object.entries(snapshot().withheld)) gauge.set({ reason }, n);
    });
    const sinks = (field: 'lag_rows' | 'lag_seconds' | 'healthy' | 'dead_letters') => (gauge: Gauge) => {
      for (const sink of snapshot().sinks) gauge.set({ sink: sink.name }, Number(sink[field]));
    };
    this.#gauge(
      'suho_sink_lag_rows',
      'Journal entries a store has not taken yet',
      ['sink'],
      sinks('lag_rows'),
    );
    this.#gauge(
      'suho_sink_lag_seconds',
      'Age of the oldest entry a store has not taken yet',
      ['sink'],
      sinks('lag_seconds'),
    );
    this.#gauge('suho_sink_up', '1 while a store accepts writes', ['sink'], sinks('healthy'));
    this.#gauge('suho_sink_dead_letters', 'Records a store refused', ['sink'], sinks('dead_letters'));
    this.#gauge(
      'suho_instrument_troubled',
      '1 for an instrument that is recovering or failed',
      ['instrument', 'state'],
      (gauge) => {
        gauge.reset();
        for (const { name, state } of snapshot().instruments) gauge.set({ instrument: name, state }, 1);
      },
    );
    this.#gauge('suho_models_withheld', 'Models that may not serve', [], (gauge) =>
      gauge.set(snapshot().withheld_models.length),
    );
    this.#gauge('suho_series_without_model', 'Series with signals but without a model', [], (gauge) =>
      gauge.set(snapshot().first_models.waiting),
    );
    for (const [field, [name, help]] of Object.entries(LEARNING_METRICS))
      this.#gauge(name, help, [], (gauge) =>
        gauge.set(snapshot().learning[field as keyof typeof LEARNING_METRICS]),
      );
    this.#gauge('suho_source_up', '1 while a source of input is connected', ['source'], (gauge) => {
      for (const { name, healthy } of snapshot().sources) gauge.set({ source: name }, healthy ? 1 : 0);
    });
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/healthz') {
      const { state } = this.#read();
      response.writeHead(state === 'serving' ? 200 : 503).end(`${state}\n`);
      return;
    }
    if (request.url !== '/metrics') {
      response.writeHead(404).end('there is /metrics and /healthz\n');
      return;
    }
    this.#scraped = undefined;
    this.#registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': this.#registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  }

  #gauge(name: string, help: string, labelNames: readonly string[], collect: (gauge: Gauge) => void): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [],
      collect: (): void => collect(gauge),
    });
    this.#registry.registerMetric(gauge);
  }

  /** Listens; returns the port. Throws `PORT_IN_USE`. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', () =>
        reject(
          new SuhoError('PORT_IN_USE', `The metrics cannot be served on ${host}:${port}; it is in use.`),
        ),
      );
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
