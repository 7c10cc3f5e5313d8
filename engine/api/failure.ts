import { status, type ServiceError, Metadata } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { SuhoError, messageOf, type ErrorCode } from '../errors.js';

const STATUS: Readonly<Record<ErrorCode, status>> = {
  BAD_CONFIG: status.FAILED_PRECONDITION,
  BAD_FILE: status.INVALID_ARGUMENT,
  BAD_INPUT: status.INVALID_ARGUMENT,
  BAD_MODEL: status.FAILED_PRECONDITION,
  DATA_FOLDER_IN_USE: status.FAILED_PRECONDITION,
  DATA_FOLDER_VERSION: status.FAILED_PRECONDITION,
  FORBIDDEN: status.PERMISSION_DENIED,
  INSTRUMENT_FAILED: status.FAILED_PRECONDITION,
  JOURNAL_FULL: status.RESOURCE_EXHAUSTED,
  NOT_FOUND: status.NOT_FOUND,
  PORT_IN_USE: status.UNAVAILABLE,
  QUOTA_EXCEEDED: status.RESOURCE_EXHAUSTED,
  RECORD_REFUSED: status.INVALID_ARGUMENT,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
  DEADLINE: status.DEADLINE_EXCEEDED,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  STOPPING: status.UNAVAILABLE,
  TRAINING_FAILED: status.INTERNAL,
};

/** Longest message of a status: it travels in an HTTP/2 header, percent-encoded. */
const DETAILS_MAX = 1_000;

/** A failure with its gRPC status; the message is for the caller. */
export class StatusFailure extends Error {
  readonly status: status;
  /** Further words for the caller's program. */
  readonly metadata: Metadata | undefined;

  constructor(code: status, message: string, metadata?: Metadata) {
    super(message);
    this.status = code;
    this.metadata = metadata;
  }
}

/** INVALID_ARGUMENT that names the field. */
export function invalid(field: string, message: string): StatusFailure {
  return new StatusFailure(status.INVALID_ARGUMENT, `${field}: ${message}`);
}

/** Turns failures into what gRPC sends, and logs those that are the engine's own. */
export class Failures {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Any failure of a method as gRPC wants it. One that is not the caller's becomes INTERNAL without its inner words,
   * and goes to the log with its stack.
   */
  explain(method: string, error: unknown): ServiceError {
    const code =
      error instanceof StatusFailure
        ? error.status
        : error instanceof SuhoError
          ? STATUS[error.code]
          : status.INTERNAL;
    if (code === status.INTERNAL)
      this.#log.error(
        { method, error: messageOf(error), stack: error instanceof Error ? error.stack : undefined },
        'a call failed',
      );
    const details = code === status.INTERNAL ? 'The engine failed; its log says why.' : messageOf(error);
    const metadata = (error instanceof StatusFailure ? error.metadata : undefined) ?? new Metadata();
    if (error instanceof SuhoError) metadata.set('suho-error', error.code);
    return Object.assign(new Error(details), { code, details: sendable(details), metadata });
  }
}

/** Text that a header can carry: half a surrogate pair would make gRPC throw. */
function sendable(details: string): string {
  return details
    .slice(0, DETAILS_MAX)
    .replaceAll(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '?');
}
