import { status, type ServiceError, Metadata } from '@grpc/grpc-js';
import { SuhoError, messageOf, type ErrorCode } from '../errors.js';

const STATUS: Readonly<Record<ErrorCode, status>> = {
  BAD_CONFIG: status.FAILED_PRECONDITION,
  BAD_FILE: status.INVALID_ARGUMENT,
  BAD_INPUT: status.INVALID_ARGUMENT,
  BAD_MODEL: status.FAILED_PRECONDITION,
  DATA_FOLDER_IN_USE: status.FAILED_PRECONDITION,
  DATA_FOLDER_VERSION: status.FAILED_PRECONDITION,
  JOURNAL_FULL: status.RESOURCE_EXHAUSTED,
  NOT_FOUND: status.NOT_FOUND,
  PORT_IN_USE: status.UNAVAILABLE,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
  DEADLINE: status.DEADLINE_EXCEEDED,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  STOPPING: status.UNAVAILABLE,
  TRAINING_FAILED: status.INTERNAL,
};

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

/** Any failure as gRPC wants it. What is not ours to explain is INTERNAL, without its inner words. */
export function toServiceError(error: unknown): ServiceError {
  const code =
    error instanceof StatusFailure
      ? error.status
      : error instanceof SuhoError
        ? STATUS[error.code]
        : status.INTERNAL;
  const details = code === status.INTERNAL ? 'The engine failed; its log says why.' : messageOf(error);
  const metadata = (error instanceof StatusFailure ? error.metadata : undefined) ?? new Metadata();
  if (error instanceof SuhoError) metadata.set('suho-error', error.code);
  return Object.assign(new Error(details), { code, details, metadata });
}
