import { status, type ServiceError, Metadata } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { SuhoError, messageOf } from '../errors.js';
import type { CallCounts } from './call-counts.js';
import { statusDetails } from './error-details.js';
import { FailureLog, type CalledBy } from './failure-log.js';
import { REASONS, type Reason } from './reasons.js';

/** Longest message of a status: it travels in an HTTP/2 header, percent-encoded. */
const DETAILS_MAX = 1_000;

/** What a failure tells a program beside its reason. */
interface FailureExtras {
  /** Figures of this failure, in the names of the proto. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Field of the request that is wrong. */
  readonly field?: string;
  /** When to send the same again, where it is known better than by the reason. */
  readonly retryMs?: number;
}

/** A failure with its reason, of which its gRPC status follows; the message is for the caller. */
export class StatusFailure extends Error {
  readonly reason: Reason;
  readonly extras: FailureExtras;

  constructor(reason: Reason, message: string, extras: FailureExtras = {}) {
    super(message);
    this.reason = reason;
    this.extras = extras;
  }

  get status(): status {
    return REASONS[this.reason].status;
  }
}

/** INVALID_ARGUMENT that names the field. */
export function invalid(field: string, message: string): StatusFailure {
  return new StatusFailure('INVALID_FIELD', `${field}: ${message}`, { field });
}

/** Turns failures into what gRPC sends, and logs those that are the engine's own. */
export class Failures {
  readonly #log: Logger;
  readonly #counts: CallCounts;
  readonly #refused: FailureLog;

  constructor(log: Logger, counts: CallCounts) {
    this.#log = log;
    this.#counts = counts;
    this.#refused = new FailureLog(log);
  }

  /** As {@link explain}, of a call that ends with it: it is counted and, within limits, logged. */
  end(method: string, error: unknown, by: CalledBy = {}): ServiceError {
    const failure = this.explain(method, error);
    const reason = reasonOf(error);
    const code = status[failure.code] ?? 'UNKNOWN';
    this.#counts.add(method, code, reason);
    // The engine's own failures are in the log already, with their stack.
    if (failure.code !== status.INTERNAL) this.#refused.add(method, code, reason, failure.details, by);
    return failure;
  }

  /** Counts a call that ended well. */
  succeeded(method: string): void {
    this.#counts.add(method, 'OK', '');
  }

  /**
   * Any failure of a method as gRPC wants it. One that is not the caller's becomes INTERNAL without its inner words,
   * and goes to the log with its stack.
   */
  explain(method: string, error: unknown): ServiceError {
    const reason = reasonOf(error);
    const { status: code, retryMs } = REASONS[reason];
    if (code === status.INTERNAL)
      this.#log.error(
        { method, error: messageOf(error), stack: error instanceof Error ? error.stack : undefined },
        'a call failed',
      );
    const details = sendable(
      code === status.INTERNAL ? 'The engine failed; its log says why.' : messageOf(error),
    );
    const extras =
      error instanceof StatusFailure
        ? error.extras
        : error instanceof SuhoError
          ? { metadata: error.facts }
          : {};
    const metadata = detailsOf(code, details, reason, {
      ...(retryMs === undefined ? {} : { retryMs }),
      ...extras,
    });
    return Object.assign(new Error(details), { code, details, metadata });
  }
}

/** Name of the gRPC status that an error becomes. */
export function statusName(error: unknown): string {
  return status[REASONS[reasonOf(error)].status] ?? 'UNKNOWN';
}

function reasonOf(error: unknown): Reason {
  if (error instanceof StatusFailure) return error.reason;
  return error instanceof SuhoError ? error.code : 'INTERNAL';
}

/** The trailers of a failure: google.rpc.Status, and its figures as plain text for clients that decode none. */
function detailsOf(code: status, message: string, reason: Reason, extras: FailureExtras): Metadata {
  const { metadata: figures = {}, field, retryMs } = extras;
  const trailers = new Metadata();
  trailers.set(
    'grpc-status-details-bin',
    statusDetails(code, message, {
      reason,
      metadata: figures,
      ...(field === undefined ? {} : { field }),
      ...(retryMs === undefined ? {} : { retryMs }),
    }),
  );
  trailers.set('suho-error', reason);
  if (retryMs !== undefined) trailers.set('retry-after-ms', String(retryMs));
  if (figures['resume_after'] !== undefined) trailers.set('suho-resume-after', figures['resume_after']);
  return trailers;
}

/** Text that a header can carry: half a surrogate pair would make gRPC throw. */
function sendable(details: string): string {
  return details
    .slice(0, DETAILS_MAX)
    .replaceAll(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '?');
}
