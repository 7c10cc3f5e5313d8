import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { WebSocketServer, type WebSocket } from 'ws';
import { afterTest } from './cleanup.js';

/** A result of the aggregates endpoint, as Polygon documents it. */
export interface Aggregate {
  readonly t: number;
  readonly o: number;
  readonly h: number;
  readonly l: number;
  readonly c: number;
  readonly v: number;
  readonly vw?: number;
  readonly n?: number;
}

/** An answer to one request instead of what would be answered. */
export interface Fault {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A key that never was anybody's. */
export const TEST_KEY = 'test_q9Zs8vXk2LmN4pR7tYw3bD6fG1hJ5cA0';
const STEPS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000 };

/**
 * Not Polygon: a server of these tests on loopback that speaks the part of Polygon's documented protocol that Suho uses,
 * aggregates by REST with pages (`next_url`), and the WebSocket clusters with auth, subscribe and status messages.
 */
export class PolygonServer {
  /** What it has of each ticker; pages come in this order. */
  readonly aggregates = new Map<string, unknown[]>();
  /** Paths and queries that were asked, in their order. */
  readonly requests: string[] = [];
  /** Answers to the next requests of aggregates, first to last; undefined answers as usual. */
  readonly faults: (Fault | undefined)[] = [];
  /** Channels that were subscribed, in their order. */
  readonly subscribed: string[] = [];
  /** Channels that the plan does not include. */
  readonly notEntitled = new Set<string>();
  pageSize = 50_000;
  /** Settles before each page is answered. */
  beforePage: () => Promise<void> = async () => undefined;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #open = new Map<string, WebSocket>();

  private constructor() {
    this.#http = createServer((request, response) => void this.#answer(request, response));
    this.#sockets = new WebSocketServer({ server: this.#http });
    this.#sockets.on('connection', (socket, { url = '' }) => this.#serve(socket, url.slice(1)));
  }

  static async start(t: TestContext): Promise<PolygonServer> {
    const server = new PolygonServer();
    server.#http.listen(0, '127.0.0.1');
    await once(server.#http, 'listening');
    afterTest(t, async () => await server.close());
    return server;
  }

  get restUrl(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get webSocketUrl(): string {
    return this.restUrl.replace('http', 'ws');
  }

  /** Sends messages of one frame to whoever is connected to a cluster. */
  send(market: string, ...messages: object[]): void {
    this.#open.get(market)?.send(JSON.stringify(messages));
  }

  isConnected(market: string): boolean {
    return this.#open.has(market);
  }

  /** Whether connections are cut as they come. */
  isAway = false;

  /** Cuts the connection of a cluster without a word. */
  cut(market: string): void {
    this.#open.get(market)?.terminate();
    this.#open.delete(market);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #serve(socket: WebSocket, market: string): void {
    if (this.isAway) {
      socket.terminate();
      return;
    }
    const say = (status: string, message: string): void =>
      socket.send(JSON.stringify([{ ev: 'status', status, message }]));
    say('connected', 'Connected Successfully');
    socket.on('message', (data: Buffer) => {
      const { action, params } = JSON.parse(data.toString()) as { action: string; params: string };
      if (action === 'auth') {
        if (params !== TEST_KEY) return say('auth_failed', 'authentication failed');
        const older = this.#open.get(market);
        older?.send(
          JSON.stringify([
            {
              ev: 'status',
              status: 'max_connections',
              message: 'Maximum number of websocket connections exceeded.',
            },
          ]),
        );
        older?.close();
        this.#open.set(market, socket);
        return say('auth_success', 'authenticated');
      }
      for (const channel of params.split(',')) {
        if (this.notEntitled.has(channel)) say('error', `not authorized to subscribe to ${channel}`);
        else {
          this.subscribed.push(channel);
          say('success', `subscribed to: ${channel}`);
        }
      }
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.restUrl);
    const reply = (status: number, body: object, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    this.requests.push(`${decodeURIComponent(url.pathname)}${url.search}`);
    if (request.headers.authorization !== `Bearer ${TEST_KEY}`)
      return reply(401, { status: 'ERROR', request_id: '1', error: 'Unknown API Key' });
    if (url.pathname === '/v1/marketstatus/now') return reply(200, { market: 'open' });
    const asked = /^\/v2\/aggs\/ticker\/([^/]+)\/(?:range\/(\d+)\/(minute|hour)\/(\d+)\/(\d+)|prev)$/.exec(
      decodeURIComponent(url.pathname),
    );
    if (asked === null) return reply(404, { status: 'NOT_FOUND', message: 'Not found' });
    await this.beforePage();
    const fault = this.faults.shift();
    if (fault !== undefined) return reply(fault.status, fault.body ?? {}, fault.headers);
    const [, ticker = '', multiplier, timespan = '', from, to] = asked;
    const have = (this.aggregates.get(ticker) ?? []) as Aggregate[];
    if (multiplier === undefined)
      return reply(200, {
        ticker,
        status: 'OK',
        resultsCount: Math.min(1, have.length),
        results: have.slice(-1),
      });
    // As Polygon does, the first bar is the one that the range begins in.
    const step = Number(multiplier) * STEPS[timespan]!;
    const first = Number(from) - (Number(from) % step);
    const inRange = have.filter(({ t }) => t >= first && t <= Number(to));
    const at = Number(url.searchParams.get('cursor') ?? 0);
    const results = inRange.slice(at, at + this.pageSize);
    const more = at + this.pageSize < inRange.length;
    reply(200, {
      ticker,
      status: 'OK',
      adjusted: false,
      queryCount: results.length,
      resultsCount: results.length,
      request_id: '6a7e466379af0a71039d60cc78e72282',
      ...(results.length === 0 ? {} : { results }),
      ...(more ? { next_url: `${this.restUrl}${url.pathname}?cursor=${at + this.pageSize}` } : {}),
    });
  }
}
