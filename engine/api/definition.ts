import { fileURLToPath } from 'node:url';
import type { GrpcObject, ServiceDefinition } from '@grpc/grpc-js';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader';

const PROTO = fileURLToPath(new URL('../../../proto/suho/v1/suho.proto', import.meta.url));

/** Options of the loader; {@link file://./contract.ts} is written for these. */
const OPTIONS: Options = {
  keepCase: true,
  longs: Number,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
};

export function loadDefinition(): PackageDefinition {
  return loadSync(PROTO, OPTIONS);
}

/** A service of the package, by its short name. */
export function serviceOf(definition: PackageDefinition, name: string): ServiceDefinition {
  return definition[`suho.v1.${name}`] as unknown as ServiceDefinition;
}

/** The package as client constructors. */
export function loadClients(): GrpcObject {
  const loaded = loadPackageDefinition(loadDefinition()) as unknown as { suho: { v1: GrpcObject } };
  return loaded.suho.v1;
}
