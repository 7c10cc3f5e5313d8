import { createServer, type Server } from 'node:http';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { SuhoError } from '../../errors.js';
import type { HealthSnapshot } from '../health.js';
import { engineMetrics } from './engine-metrics.js';
import { Families } from './families.js';
import { latencyMetrics } from './latency-metrics.js';
import { learningMetrics, watchMetrics } from './learning-metrics.js';
import type { MetricsSource } from './source.js';
import { storeMetrics } from './store-metrics.js';
import { tenantMetrics } from './tenant-metrics.js';

/** Every family of the engine, by what it is about. */
const FAMILIES = [engineMetrics, latencyMetrics, storeMetrics, learningMetrics, watchMetrics, tenantMetrics];

/**
 * Prometheus metrics at `/metrics`. At `/readyz` (and `/healthz`) 200 while the engine takes calls and input, 503 otherwise;
 * at `/livez` 200 while the process answers. Read when asked for; nothing is counted twice.
 */
export class MetricsServer {
  readonly #registry = new Registry();
  readonly #server: Server;
  /** What the families of one scrape are read from. */
  #scraped: HealthSnapshot | undefined;

  constructor(source: MetricsSource) {
    collectDefaultMetrics({ register: this.#registry });
    const families = new Families(this.#registry);
    const scraped: MetricsSource = { ...source, health: () => (this.#scraped ??= source.health()) };
    for (const add of FAMILIES) add(families, scraped);
    this.#server = createServer((request, response) => {
      switch (request.url) {
        case '/livez':
          response.writeHead(200).end('alive\n');
          return;
        case '/healthz':
        case '/readyz': {
          const { state } = source.health();
          response.writeHead(state === 'serving' ? 200 : 503).end(`${state}\n`);
          return;
        }
        case '/metrics':
          this.#scraped = undefined;
          this.#registry.metrics().then(
            (text) => response.writeHead(200, { 'content-type': this.#registry.contentType }).end(text),
            () => response.writeHead(500).end(),
          );
          return;
        default:
          response.writeHead(404).end('there is /metrics, /readyz and /livez\n');
      }
    });
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
