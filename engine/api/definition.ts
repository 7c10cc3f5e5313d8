import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GrpcObject, ServiceDefinition } from '@grpc/grpc-js';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader';

const PROTO_FOLDER = fileURLToPath(new URL('../../../proto', import.meta.url));
const OWN_FOLDER = 'suho/v1';

/**
 * Options of the loader; the types in `generated/` are made with the same ones (scripts/generate-api.mjs). 64-bit
 * integers are strings: a number would change those beyond 2^53.
 */
const OPTIONS: Options = {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
  includeDirs: [PROTO_FOLDER],
};

/** A request as it arrived. Undefined in place of a message that cannot be decoded. */
export interface Received<Request> {
  readonly byteLength: number;
  readonly message: Request | undefined;
}

/** Files of the engine's own package, below `proto/`; it is one package in several files. */
export function ownFiles(): string[] {
  return readdirSync(path.join(PROTO_FOLDER, OWN_FOLDER))
    .filter((name) => name.endsWith('.proto'))
    .sort()
    .map((name) => `${OWN_FOLDER}/${name}`);
}

/** `.proto` files below `proto/`, the engine's own unless told otherwise. */
export function loadDefinition(files: string | string[] = ownFiles()): PackageDefinition {
  return loadSync(files, OPTIONS);
}

/** Full names of the services of a definition. */
export function serviceNames(definition: PackageDefinition): string[] {
  return Object.entries(definition).flatMap(([name, declared]) => ('format' in declared ? [] : [name]));
}

/**
 * A service by its full name, whose handlers get each request as a {@link Received}. gRPC's own way of refusing a
 * request that cannot be decoded ends the call from below, past the answers that are still on their way: calls whose
 * earlier requests were waiting for their commit sometimes never ended. So decoding never throws; the handler answers,
 * in its turn.
 */
export function servedService(definition: PackageDefinition, name: string): ServiceDefinition {
  const declared = definition[name] as unknown as ServiceDefinition;
  const methods = Object.entries(declared).map(([methodName, method]) => {
    const requestDeserialize = (bytes: Buffer): Received<object> => {
      try {
        return { byteLength: bytes.length, message: method.requestDeserialize(bytes) as object };
      } catch {
        return { byteLength: bytes.length, message: undefined };
      }
    };
    return [methodName, { ...method, requestDeserialize }] as const;
  });
  return Object.fromEntries(methods);
}

/** The package as client constructors. */
export function loadClients(): GrpcObject {
  const loaded = loadPackageDefinition(loadDefinition()) as unknown as { suho: { v1: GrpcObject } };
  return loaded.suho.v1;
}
