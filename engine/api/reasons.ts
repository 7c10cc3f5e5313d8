import { status } from '@grpc/grpc-js';
import type { ErrorCode } from '../errors.js';

/** What a reason means to a caller. */
interface Meaning {
  readonly status: status;
  /** When it happens, and what to do: a sentence of docs/api.md. */
  readonly meaning: string;
  /** How long to wait before the same is sent again; absent where sending it again never helps by itself. */
  readonly retryMs?: number;
}

/** Reasons of failures that the API alone has. */
type ApiReason =
  | 'CREDENTIAL_MISSING'
  | 'CREDENTIAL_UNKNOWN'
  | 'CREDENTIAL_EXPIRED'
  | 'CREDENTIAL_CONFLICT'
  | 'CREDENTIAL_INCOMPLETE'
  | 'TOKEN_REFUSED'
  | 'TOKENS_NOT_ACCEPTED'
  | 'KEYS_UNAVAILABLE'
  | 'JWKS_UNAVAILABLE'
  | 'ROLE_TOO_LOW'
  | 'FOREIGN_ORIGIN'
  | 'INVALID_FIELD'
  | 'UNDECODABLE_REQUEST'
  | 'UNKNOWN_SERVICE'
  | 'RATE_LIMITED'
  | 'SUBSCRIBER_TOO_SLOW'
  | 'TOO_MANY_WATCHERS'
  | 'CURSOR_PURGED'
  | 'CURSOR_AHEAD'
  | 'INTERNAL';

/** `google.rpc.ErrorInfo.reason` of a failed call. Once released, a reason keeps its meaning. */
export type Reason = ErrorCode | ApiReason;

const RETRY_SOON_MS = 1_000;
const RETRY_STORE_MS = 5_000;

/** Every reason with its status and meaning. */
export const REASONS: Readonly<Record<Reason, Meaning>> = {
  BAD_CONFIG: {
    status: status.FAILED_PRECONDITION,
    meaning:
      'The engine is configured so that this cannot be done; its operator must change the configuration.',
  },
  BAD_FILE: { status: status.INVALID_ARGUMENT, meaning: 'A file is not what it should be.' },
  BAD_INPUT: {
    status: status.INVALID_ARGUMENT,
    meaning: 'What was sent cannot be taken; the message says why.',
  },
  BAD_MODEL: {
    status: status.FAILED_PRECONDITION,
    meaning: 'The model breaks its contract, so it may not serve.',
  },
  CREDENTIAL_CONFLICT: {
    status: status.UNAUTHENTICATED,
    meaning: 'The client certificate and the token are of two tenants.',
  },
  CREDENTIAL_EXPIRED: {
    status: status.UNAUTHENTICATED,
    meaning:
      'The credential expired or was revoked; call again with a new one. Open streams end with it too.',
  },
  CREDENTIAL_INCOMPLETE: {
    status: status.UNAUTHENTICATED,
    meaning: 'The token or certificate carries no valid tenant or role.',
  },
  CREDENTIAL_MISSING: {
    status: status.UNAUTHENTICATED,
    meaning: 'The call has no credential; send an API key or token as `authorization: Bearer …`.',
  },
  CREDENTIAL_UNKNOWN: { status: status.UNAUTHENTICATED, meaning: 'The API key is not known.' },
  CURSOR_AHEAD: {
    status: status.OUT_OF_RANGE,
    meaning:
      '`resume_after` is beyond the newest signal: the engine was restored from an older copy. Resume after `resume_after` of the metadata.',
  },
  CURSOR_PURGED: {
    status: status.OUT_OF_RANGE,
    meaning:
      'Signals after `resume_after` are no longer kept. Resume after `resume_after` of the metadata; QuerySignals has the older ones.',
  },
  DATA_FOLDER_IN_USE: { status: status.FAILED_PRECONDITION, meaning: 'Another engine uses the data folder.' },
  DATA_FOLDER_VERSION: {
    status: status.FAILED_PRECONDITION,
    meaning: 'The data folder has the format of another version.',
  },
  DEADLINE: { status: status.DEADLINE_EXCEEDED, meaning: 'The work took longer than it may.' },
  FOREIGN_ORIGIN: {
    status: status.PERMISSION_DENIED,
    meaning: 'A request of the console came from a page of another site or under another host name.',
  },
  FORBIDDEN: {
    status: status.PERMISSION_DENIED,
    meaning: 'The caller may see this but not change it; the message says who may.',
  },
  INSTRUMENT_FAILED: {
    status: status.FAILED_PRECONDITION,
    meaning: 'The instrument failed and refuses input until the next start of the engine; others go on.',
  },
  INTERNAL: { status: status.INTERNAL, meaning: 'The engine failed; its log says why.' },
  INVALID_FIELD: {
    status: status.INVALID_ARGUMENT,
    meaning: 'A field is not as it must be. `BadRequest` names it as the proto does.',
  },
  JOURNAL_FULL: {
    status: status.RESOURCE_EXHAUSTED,
    meaning:
      'The journal is full because a store is away. Send the same again; input is taken by itself once there is room.',
    retryMs: RETRY_STORE_MS,
  },
  JWKS_UNAVAILABLE: {
    status: status.UNAVAILABLE,
    meaning: 'The issuer’s keys cannot be fetched, so tokens cannot be checked.',
    retryMs: RETRY_STORE_MS,
  },
  KEYS_UNAVAILABLE: {
    status: status.UNAVAILABLE,
    meaning: 'The store of API keys has not answered since the first start.',
    retryMs: RETRY_STORE_MS,
  },
  NOT_FOUND: { status: status.NOT_FOUND, meaning: 'There is none of that name, or it is another tenant’s.' },
  OVERLOADED: {
    status: status.RESOURCE_EXHAUSTED,
    meaning: 'The instrument is being recovered, or too much is asked at once. Send the same again.',
    retryMs: RETRY_SOON_MS,
  },
  PORT_IN_USE: { status: status.UNAVAILABLE, meaning: 'An address cannot be listened on.' },
  QUOTA_EXCEEDED: {
    status: status.RESOURCE_EXHAUSTED,
    meaning:
      'The tenant has as many instruments, series or open streams as it may; remove or close one first. `quota` and `limit` in the metadata say which.',
  },
  RATE_LIMITED: {
    status: status.RESOURCE_EXHAUSTED,
    meaning:
      'The tenant used its calls, messages, rows or bytes of this second. `quota` and `limit` in the metadata say which; `RetryInfo` when to send the same again.',
  },
  RECORD_REFUSED: { status: status.INVALID_ARGUMENT, meaning: 'A store never takes this record.' },
  ROLE_TOO_LOW: {
    status: status.PERMISSION_DENIED,
    meaning:
      'The call takes a higher role than the credential has: `needed_role` and `role` in the metadata.',
  },
  STOPPING: {
    status: status.UNAVAILABLE,
    meaning: 'The engine is starting, draining or stopping. Send the same again.',
    retryMs: RETRY_SOON_MS,
  },
  STORE_UNAVAILABLE: {
    status: status.UNAVAILABLE,
    meaning: 'A store that this call needs is away. Send the same again.',
    retryMs: RETRY_STORE_MS,
  },
  SUBSCRIBER_TOO_SLOW: {
    status: status.RESOURCE_EXHAUSTED,
    meaning:
      'The stream’s queue was full. Stream again after `resume_after` of the metadata: nothing is lost.',
    retryMs: 0,
  },
  TOKEN_REFUSED: { status: status.UNAUTHENTICATED, meaning: 'The token is not valid; the message says why.' },
  TOKENS_NOT_ACCEPTED: {
    status: status.UNAUTHENTICATED,
    meaning: 'No issuer of tokens is configured; send an API key.',
  },
  TOO_MANY_WATCHERS: {
    status: status.RESOURCE_EXHAUSTED,
    meaning: 'Too many calls watch the health; use Check.',
    retryMs: RETRY_STORE_MS,
  },
  TRAINING_FAILED: { status: status.INTERNAL, meaning: 'A training failed; the engine’s log says why.' },
  UNDECODABLE_REQUEST: {
    status: status.INVALID_ARGUMENT,
    meaning: 'The bytes are no message of this method; build the client from this engine’s proto files.',
  },
  UNKNOWN_SERVICE: { status: status.NOT_FOUND, meaning: 'The health service knows no service of that name.' },
};
