import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { messageOf } from '../errors.js';
import type { BarTracing, BarWay } from '../stage-times.js';
import { VERSION } from '../version.js';

/** Requests whose time at the door is remembered until their signals are sent. */
const ACCEPTED_MAX = 4_096;
/** Spans that wait to be exported at most: more are dropped, as traces hold nothing up. */
const WAITING_MAX = 8_192;
const EXPORT_EVERY_MS = 2_000;
/** A collector that is away is mentioned this often. */
const SAY_EVERY_MS = 60_000;

export interface OpenedTracing extends BarTracing {
  /** Exports what waits, as far as the collector takes it. */
  close(): Promise<void>;
}

/** Traces to an OTLP collector; undefined when none is named. OpenTelemetry is loaded only for it. */
export async function openTracing(
  { url, ratio, headers }: Config['tracing'],
  clock: Clock,
  log: Logger,
): Promise<OpenedTracing | undefined> {
  if (url === undefined) return undefined;
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = telling(new OTLPTraceExporter({ url, headers }), clock, log);
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'suho', 'service.version': VERSION }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter,
        maxQueueSize: WAITING_MAX,
        scheduledDelayMillis: EXPORT_EVERY_MS,
      }),
    ],
  });
  const within = (span: Span): Context => api.trace.setSpan(api.ROOT_CONTEXT, span);
  const tracing = new SpanTracing(provider.getTracer('suho', VERSION), within, api.ROOT_CONTEXT, clock);
  return {
    accepted: (...times) => tracing.accepted(...times),
    sent: (way) => tracing.sent(way),
    close: async () => {
      await tracing.ended();
      await provider.shutdown().catch(() => undefined);
    },
  };
}

/** An exporter that logs now and then that its collector takes nothing. */
function telling(exporter: SpanExporter, clock: Clock, log: Logger): SpanExporter {
  let saidAt = -Infinity;
  return {
    export(spans, onResult) {
      exporter.export(spans, (result) => {
        onResult(result);
        if (result.error === undefined || clock.monotonic() - saidAt < SAY_EVERY_MS) return;
        saidAt = clock.monotonic();
        log.warn({ error: messageOf(result.error) }, 'the collector takes no traces; they are dropped');
      });
    },
    shutdown: async () => await exporter.shutdown(),
    forceFlush: async () => await exporter.forceFlush?.(),
  };
}

/**
 * One trace a signal: `bar`, from the request that brought it until it was sent, and in it `accept`, `queue`, `inference`,
 * `patterns`, `commit` and `send`. Made of times that were taken on the way, once it is over.
 */
class SpanTracing implements BarTracing {
  readonly #tracer: Tracer;
  readonly #within: (span: Span) => Context;
  readonly #root: Context;
  readonly #clock: Clock;
  /** When requests were taken, by the moment their rows arrived. */
  readonly #accepted = new Map<number, readonly [number, number]>();
  readonly #open = new Set<NodeJS.Immediate>();

  constructor(tracer: Tracer, within: (span: Span) => Context, root: Context, clock: Clock) {
    this.#tracer = tracer;
    this.#within = within;
    this.#root = root;
    this.#clock = clock;
  }

  accepted(arrivedAt: number, from: number, to: number): void {
    if (this.#accepted.size >= ACCEPTED_MAX) this.#accepted.delete(this.#accepted.keys().next().value!);
    this.#accepted.set(arrivedAt, [from, to]);
  }

  sent(way: BarWay): void {
    // A signal may be sent with the very commit that its request is answered after: that answer comes first.
    const later = setImmediate(() => {
      this.#open.delete(later);
      this.#trace(way);
    });
    this.#open.add(later);
  }

  /** Settles when every signal that was sent is traced. */
  async ended(): Promise<void> {
    while (this.#open.size > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  #trace({ signal, arrivedAt, askedAt, concludedAt, durableAt, sentAt }: BarWay): void {
    const [from, answeredAt] = this.#accepted.get(arrivedAt) ?? [arrivedAt, undefined];
    const epoch = this.#clock.now() - this.#clock.monotonic();
    const bar = this.#tracer.startSpan('bar', { startTime: epoch + from }, this.#root);
    if (bar.isRecording()) {
      bar.setAttributes({
        'suho.tenant': signal.tenantId,
        'suho.symbol': signal.symbol,
        'suho.timeframe': signal.timeframe,
        'suho.bar_close_time': new Date(signal.barCloseTime).toISOString(),
        'suho.prediction_id': signal.predictionId,
        'suho.direction': signal.direction,
        'suho.model_version': signal.model.version,
      });
      const context = this.#within(bar);
      const span = (name: string, begins: number, ends: number): void =>
        this.#tracer
          .startSpan(name, { startTime: epoch + begins }, context)
          .end(epoch + Math.max(begins, ends));
      if (answeredAt !== undefined) span('accept', from, answeredAt);
      span('queue', arrivedAt, askedAt);
      const inferred = askedAt + signal.timing.inferenceMs;
      span('inference', askedAt, inferred);
      if (signal.timing.patternsMs > 0) span('patterns', inferred, inferred + signal.timing.patternsMs);
      span('commit', concludedAt, durableAt);
      span('send', durableAt, sentAt);
    }
    bar.end(epoch + Math.max(sentAt, answeredAt ?? 0));
  }
}
