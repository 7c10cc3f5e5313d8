import { readFileSync } from 'node:fs';
import {
  credentials,
  type ChannelCredentials,
  status,
  type Client,
  type ClientReadableStream,
  type ServiceError,
  type ServiceClientConstructor,
  Metadata,
} from '@grpc/grpc-js';
import { loadClients } from '../api/definition.js';
import { SuhoError, messageOf } from '../errors.js';

/** A client of one service of a running engine. */
export function connect(address: string, service: string): Client {
  const Constructor = loadClients()[service] as ServiceClientConstructor;
  return new Constructor(address, channelCredentials());
}

/** TLS as SUHO_TLS_CA (or the system's authorities with `SUHO_TLS=1`), SUHO_TLS_CERT and SUHO_TLS_KEY say. */
function channelCredentials(): ChannelCredentials {
  const { SUHO_TLS, SUHO_TLS_CA, SUHO_TLS_CERT, SUHO_TLS_KEY } = process.env;
  if (SUHO_TLS === undefined && SUHO_TLS_CA === undefined) return credentials.createInsecure();
  const read = (file: string | undefined): Buffer | null => (file === undefined ? null : readFileSync(file));
  try {
    return credentials.createSsl(read(SUHO_TLS_CA), read(SUHO_TLS_KEY), read(SUHO_TLS_CERT));
  } catch (error) {
    throw new SuhoError('BAD_CONFIG', `TLS cannot be set up from SUHO_TLS_*: ${messageOf(error)}.`);
  }
}

/** The caller's credential, from SUHO_API_KEY. */
function callMetadata(): Metadata {
  const metadata = new Metadata();
  const key = process.env['SUHO_API_KEY'];
  if (key !== undefined) metadata.set('authorization', `Bearer ${key}`);
  return metadata;
}

/** A failed call as a sentence. */
export function explainCall(address: string, error: ServiceError): SuhoError {
  // An engine names the code of its own failures.
  const answered = error.metadata.get('suho-error').length > 0;
  if (error.code === status.DEADLINE_EXCEEDED && !answered)
    return new SuhoError(
      'DEADLINE',
      `The engine at ${address} did not answer in time. It is busy, or waits for a store that does not answer: suho status says which.`,
    );
  if (error.code === status.UNAVAILABLE) {
    const [, tls] = /Last error: (.*(?:certificate|SSL|TLS|altnames).*?)\.(?: |$)/i.exec(error.details) ?? [];
    if (tls !== undefined)
      return new SuhoError(
        'BAD_CONFIG',
        `TLS with ${address} fails: ${tls}. SUHO_TLS_CA is the authority that issued the engine's certificate.`,
      );
    // Where it answers, a store it needs is away.
    return new SuhoError(
      'STORE_UNAVAILABLE',
      answered
        ? `The engine answered UNAVAILABLE: ${error.details}`
        : `No engine answers at ${address}. Is it started (suho start), and is the address right (--address)?`,
    );
  }
  return new SuhoError('BAD_INPUT', `The engine answered ${status[error.code]}: ${error.details}`);
}

type UnaryMethod = (
  request: unknown,
  metadata: Metadata,
  options: object,
  reply: (error: ServiceError | null, response?: unknown) => void,
) => void;
type StreamMethod = (request: unknown, metadata: Metadata) => ClientReadableStream<unknown>;

/** Calls a method and returns its answer; rejects with a `SuhoError`, also when there is none within `timeoutMs`. */
export async function callUnary<Response>(
  client: Client,
  method: string,
  request: unknown,
  address: string,
  timeoutMs = 5_000,
): Promise<Response> {
  const call = (client as unknown as Record<string, UnaryMethod>)[method]!;
  return await new Promise<Response>((resolve, reject) => {
    call.call(client, request, callMetadata(), { deadline: Date.now() + timeoutMs }, (error, response) => {
      if (error === null) resolve(response as Response);
      else reject(explainCall(address, error));
    });
  });
}

/** Calls of a service, each over a client of its own; they throw as {@link callUnary} does. */
export function callsOf(service: string) {
  return async <Response>(
    address: string,
    method: string,
    request: object,
    timeoutMs?: number,
  ): Promise<Response> => {
    const client = connect(address, service);
    try {
      return await callUnary<Response>(client, method, request, address, timeoutMs);
    } finally {
      client.close();
    }
  };
}

export function callStream<Response>(
  client: Client,
  method: string,
  request: unknown,
): ClientReadableStream<Response> {
  const call = (client as unknown as Record<string, StreamMethod>)[method]!;
  return call.call(client, request, callMetadata()) as ClientReadableStream<Response>;
}
