import type { Server as TlsServer } from 'node:tls';
import { status } from '@grpc/grpc-js';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from 'fastify';
import { secureContext, type Certificate } from '../api/certificates.js';
import type { ApiServer } from '../api/server.js';
import { StatusFailure } from '../api/failure.js';
import type { Engine } from '../engine.js';
import { SuhoError, messageOf } from '../errors.js';
import { Analyses } from './analyses.js';
import { auditChanges } from './audit.js';
import { HttpCallers } from './credentials.js';
import { Events } from './events.js';
import { GUARD_HEADERS, guard, isLocal, isLoopback } from './guard.js';
import { MarketData } from './market-data.js';
import { MarketAnalyses } from './market-analyses.js';
import { ModelCatalogue } from './models.js';
import { Operations } from './operations.js';
import { servePage } from './page-files.js';
import { addRoutes } from './routes.js';
import { SeriesDirectory } from './series.js';
import { SignalDetails } from './signal-detail.js';
import { Turns } from '../api/turns.js';
import type { Failure } from './wire.js';

const BODY_BYTES_MAX = 16 * 1024;
const REQUEST_MS = 10_000;
/** Questions to the stores that run and wait at once, of all pages together. */
const RUNNING_MAX = 4;
const WAITING_MAX = 200;

const HTTP_STATUS: Readonly<Partial<Record<status, number>>> = {
  [status.INVALID_ARGUMENT]: 400,
  [status.UNAUTHENTICATED]: 401,
  [status.PERMISSION_DENIED]: 403,
  [status.NOT_FOUND]: 404,
  [status.FAILED_PRECONDITION]: 409,
  [status.RESOURCE_EXHAUSTED]: 429,
  [status.UNAVAILABLE]: 503,
  [status.DEADLINE_EXCEEDED]: 504,
};

/** The console over HTTP: the page, and what it shows. */
export class ConsoleServer {
  readonly #engine: Engine;
  readonly #api: ApiServer;
  readonly #simulated: boolean;
  #server: FastifyInstance | undefined;

  constructor(engine: Engine, api: ApiServer, options: { readonly simulated: boolean }) {
    this.#engine = engine;
    this.#api = api;
    this.#simulated = options.simulated;
  }

  /**
   * Listens; returns the address. Throws `PORT_IN_USE`, and `BAD_CONFIG` for another address than loopback without any
   * credential, and for a page that was not built.
   */
  async listen(): Promise<string> {
    const { host, port, names } = this.#engine.config.console;
    if (!isLoopback(host) && !this.#api.credentialsRequired)
      throw new SuhoError(
        'BAD_CONFIG',
        `Without credentials the console is served on loopback only; console.host is ${host}. Make an API key (suho keys create), or leave console.host at 127.0.0.1.`,
      );
    const { certificates } = this.#api;
    const server = fastify({
      ...SERVER_OPTIONS,
      ...(certificates === undefined ? {} : { https: ownContext(certificates.current) }),
    }) as unknown as FastifyInstance;
    certificates?.onChange((next) =>
      (server.server as unknown as TlsServer).setSecureContext(ownContext(next)),
    );
    const shown = host.includes(':') ? `[${host}]` : host;
    guard(server, host, names);
    this.#answerFailures(server);
    servePage(server);
    this.#addRoutes(server, certificates !== undefined);
    try {
      await server.listen({ host, port });
    } catch (error) {
      await server.close();
      throw new SuhoError(
        'PORT_IN_USE',
        `The console cannot be served on ${shown}:${port} (${messageOf(error)}); another program may use it. Choose another port with console.port, or set console.enabled to false.`,
      );
    }
    this.#server = server;
    const address = server.server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    return `${certificates === undefined ? 'http' : 'https'}://${shown}:${bound}`;
  }

  async stop(): Promise<void> {
    await this.#server?.close();
  }

  #addRoutes(server: FastifyInstance, isSecure: boolean): void {
    const engine = this.#engine;
    const { host, port } = engine.config.console;
    const api = this.#api;
    const series = new SeriesDirectory(engine);
    const operations = new Operations(engine, api);
    const callers = new HttpCallers(api, port, isSecure, (request) => isLocal(request, host));
    auditChanges(server, api.audit, callers);
    addRoutes(server, {
      api,
      callers,
      series,
      operations,
      market: new MarketData(engine, series),
      details: new SignalDetails(engine, series),
      models: new ModelCatalogue(engine, series),
      analyses: new MarketAnalyses(engine, series, new Analyses()),
      events: new Events(engine, operations),
      turns: new Turns(RUNNING_MAX, WAITING_MAX),
      simulated: this.#simulated,
    });
  }

  /** Failures in the words of the API, as JSON. */
  #answerFailures(server: FastifyInstance): void {
    const { failures } = this.#api;
    server.setNotFoundHandler(async () => {
      throw new StatusFailure('NOT_FOUND', 'There is no such page; the console begins at /.');
    });
    server.setErrorHandler(async (error: unknown, request, reply) => {
      const failure = failures.explain(
        `${request.method} ${request.routeOptions.url ?? ''}`,
        ofFramework(error),
      );
      const [wait] = failure.metadata.get('retry-after-ms');
      if (wait !== undefined) reply.header('retry-after', String(Math.ceil(Number(wait) / 1000)));
      const body: Failure = { code: status[failure.code] ?? 'UNKNOWN', message: failure.details };
      return await reply.code(HTTP_STATUS[failure.code] ?? 500).send(body);
    });
  }
}

const SERVER_OPTIONS: FastifyServerOptions = {
  logger: false,
  bodyLimit: BODY_BYTES_MAX,
  requestTimeout: REQUEST_MS,
  forceCloseConnections: true,
  // Prototypes are poisoned through such keys.
  onProtoPoisoning: 'error',
  onConstructorPoisoning: 'error',
  frameworkErrors: (_error, _request, reply) => {
    const answer = reply as unknown as FastifyReply;
    void answer.headers(GUARD_HEADERS).code(400).send(unreadable('its address is not valid'));
  },
  clientErrorHandler: ({ code }, socket) => {
    const isLarge = code === 'HPE_HEADER_OVERFLOW';
    const body = JSON.stringify(unreadable(isLarge ? 'its headers are too large' : 'it is not HTTP'));
    const line = isLarge ? '431 Request Header Fields Too Large' : '400 Bad Request';
    if (socket.writable)
      socket.write(
        `HTTP/1.1 ${line}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    socket.destroy();
  },
};

/** What a request gets that never came as far as a route. */
function unreadable(why: string): Failure {
  return { code: 'INVALID_ARGUMENT', message: `The request cannot be read: ${why}.` };
}

/** What Fastify itself refuses: a body that is too large or no JSON. */
function ofFramework(error: unknown): unknown {
  const code = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  return code >= 400 && code < 500 ? new StatusFailure('BAD_INPUT', `${messageOf(error)}.`) : error;
}

/** The same certificate as the API's; browsers need none of their own. */
function ownContext(certificate: Certificate): ReturnType<typeof secureContext> {
  return secureContext({ ...certificate, ca: undefined });
}
