import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** Whose reasons they are. */
const ERROR_DOMAIN = 'suho';

const ROOT = new protobuf.Root();
ROOT.resolvePath = (_, file) =>
  // The well-known types are in protobufjs itself.
  file.startsWith('google/protobuf/')
    ? file
    : fileURLToPath(new URL(`../../../proto/${file}`, import.meta.url));
ROOT.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'], { keepCase: true });

const STATUS = ROOT.lookupType('google.rpc.Status');

/** What a failure tells a program. */
export interface FailureFacts {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Field of the request, as the proto names it. */
  readonly field?: string;
  /** Milliseconds to wait before the same is sent again. */
  readonly retryMs?: number;
}

/** `grpc-status-details-bin` of a failure: a google.rpc.Status with ErrorInfo, and BadRequest and RetryInfo where they apply. */
export function statusDetails(code: number, message: string, facts: FailureFacts): Buffer {
  const { reason, metadata, field, retryMs } = facts;
  const details = [detail('ErrorInfo', { reason, domain: ERROR_DOMAIN, metadata })];
  if (field !== undefined)
    details.push(detail('BadRequest', { field_violations: [{ field, description: message }] }));
  if (retryMs !== undefined)
    details.push(
      detail('RetryInfo', {
        retry_delay: { seconds: Math.floor(retryMs / 1000), nanos: Math.round((retryMs % 1000) * 1e6) },
      }),
    );
  return Buffer.from(STATUS.encode({ code, message, details }).finish());
}

function detail(name: string, content: object): object {
  const full = `google.rpc.${name}`;
  return {
    type_url: `type.googleapis.com/${full}`,
    value: ROOT.lookupType(full).encode(content).finish(),
  };
}
