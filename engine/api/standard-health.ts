import {
  status,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { decoded, endWithFailure } from './calls.js';
import { loadDefinition, servedService, type Received } from './definition.js';
import { StatusFailure, type Failures } from './failure.js';

/** Names the service knows: the whole, and the service that load balancers ask about. */
const NAMES = ['', 'suho.v1.SignalService'];
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
  /** Open calls that watch, and whether they watch a service that exists. */
  readonly #watchers = new Map<WatchCall, boolean>();
  #serving = false;

  constructor(failures: Failures) {
    this.#failures = failures;
  }

  /** Sets whether the engine serves, and tells those who watch. */
  set serving(serving: boolean) {
    if (this.#serving === serving) return;
    this.#serving = serving;
    for (const [call, known] of this.#watchers) if (known) call.write({ status: this.#status });
  }

  /** Ends all calls that watch. */
  endCalls(): void {
    const stopping = new StatusFailure(status.UNAVAILABLE, 'The engine is stopping; call again in a moment.');
    for (const call of this.#watchers.keys())
      endWithFailure(call, this.#failures.explain(call.getPath(), stopping));
  }

  get #status(): ServingStatus {
    return this.#serving ? 'SERVING' : 'NOT_SERVING';
  }

  addToServer(server: Server): void {
    server.addService(servedService(loadDefinition('grpc/health/v1/health.proto'), 'grpc.health.v1.Health'), {
      Check: (call: ServerUnaryCall<Received<CheckRequest>, object>, reply: sendUnaryData<object>) => {
        try {
          if (!NAMES.includes(decoded(call.request).service))
            throw new StatusFailure(
              status.NOT_FOUND,
              'There is no health of that service; ask for "" or "suho.v1.SignalService".',
            );
          reply(null, { status: this.#status });
        } catch (error) {
          reply(this.#failures.explain(call.getPath(), error));
        }
      },
      List: (_call: unknown, reply: sendUnaryData<object>) =>
        reply(null, { statuses: Object.fromEntries(NAMES.map((name) => [name, { status: this.#status }])) }),
      Watch: (call: WatchCall) => this.#watch(call),
    });
  }

  #watch(call: WatchCall): void {
    try {
      const { service } = decoded(call.request);
      if (this.#watchers.size >= WATCHERS_MAX)
        throw new StatusFailure(status.RESOURCE_EXHAUSTED, 'Too many calls watch the health; use Check.');
      const known = NAMES.includes(service);
      this.#watchers.set(call, known);
      call.on('cancelled', () => this.#watchers.delete(call));
      call.on('close', () => this.#watchers.delete(call));
      // As the protocol wants it, a call for an unknown service stays open: it may be added later.
      call.write({ status: known ? this.#status : 'SERVICE_UNKNOWN' });
    } catch (error) {
      endWithFailure(call, this.#failures.explain(call.getPath(), error));
    }
  }
}
