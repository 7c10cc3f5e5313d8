import type { Server, ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import { decoded, endWithFailure } from './calls.js';
import { loadDefinition, servedService, type Received } from './definition.js';
import { StatusFailure, type Failures } from './failure.js';

/** The process works, whether it serves or not: for a probe that restarts what hangs. */
const LIVENESS = 'liveness';
/** Calls and input are taken: for a probe that decides where traffic goes. */
const READINESS = 'readiness';
/** Characters of an unknown name that are kept. */
const NAME_MAX = 100;
/** Watchers at once: they need no credential. */
const WATCHERS_MAX = 1_000;

interface CheckRequest {
  readonly service: string;
}
type ServingStatus = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
type WatchCall = ServerWritableStream<Received<CheckRequest>, { readonly status: ServingStatus }>;

/**
 * The standard health service (grpc.health.v1). grpc-health-check's own sends back the name it was asked for, however
 * long, and keeps every name that was ever watched.
 */
export class StandardHealth {
  readonly #failures: Failures;
  /** Names the service knows: the whole, the two probes, and every service of the API. */
  readonly #names: ReadonlySet<string>;
  /** Open calls that watch, and what they watch. */
  readonly #watchers = new Map<WatchCall, string>();
  #serving = false;

  /** `services`: full names of what the server has. */
  constructor(failures: Failures, services: readonly string[]) {
    this.#failures = failures;
    this.#names = new Set(['', LIVENESS, READINESS, ...services]);
  }

  /** Sets whether the engine serves, and tells those who watch. */
  set serving(serving: boolean) {
    if (this.#serving === serving) return;
    this.#serving = serving;
    for (const [call, name] of this.#watchers)
      if (this.#names.has(name) && name !== LIVENESS) call.write({ status: this.#statusOf(name) });
  }

  /** Ends all calls that watch. */
  endCalls(): void {
    const stopping = new StatusFailure('STOPPING', 'The engine is stopping; call again in a moment.');
    for (const call of this.#watchers.keys())
      endWithFailure(call, this.#failures.explain(call.getPath(), stopping));
  }

  #statusOf(name: string): ServingStatus {
    if (!this.#names.has(name)) return 'SERVICE_UNKNOWN';
    return this.#serving || name === LIVENESS ? 'SERVING' : 'NOT_SERVING';
  }

  addToServer(server: Server): void {
    server.addService(servedService(loadDefinition('grpc/health/v1/health.proto'), 'grpc.health.v1.Health'), {
      Check: (call: ServerUnaryCall<Received<CheckRequest>, object>, reply: sendUnaryData<object>) => {
        try {
          const { service } = decoded(call.request);
          if (!this.#names.has(service))
            throw new StatusFailure(
              'UNKNOWN_SERVICE',
              `There is no health of that service; ask for "", "${READINESS}", "${LIVENESS}" or a service as reflection lists it.`,
            );
          reply(null, { status: this.#statusOf(service) });
        } catch (error) {
          reply(this.#failures.explain(call.getPath(), error));
        }
      },
      List: (_call: unknown, reply: sendUnaryData<object>) =>
        reply(null, {
          statuses: Object.fromEntries(
            [...this.#names].map((name) => [name, { status: this.#statusOf(name) }]),
          ),
        }),
      Watch: (call: WatchCall) => this.#watch(call),
    });
  }

  #watch(call: WatchCall): void {
    try {
      const { service } = decoded(call.request);
      if (this.#watchers.size >= WATCHERS_MAX)
        throw new StatusFailure('TOO_MANY_WATCHERS', 'Too many calls watch the health; use Check.');
      this.#watchers.set(call, service.slice(0, NAME_MAX));
      call.on('cancelled', () => this.#watchers.delete(call));
      call.on('close', () => this.#watchers.delete(call));
      // As the protocol wants it, a call for an unknown service stays open: it may be added later.
      call.write({ status: this.#statusOf(service) });
    } catch (error) {
      endWithFailure(call, this.#failures.explain(call.getPath(), error));
    }
  }
}
