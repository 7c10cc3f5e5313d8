import { existsSync } from 'node:fs';
import path from 'node:path';
import { TIMESCALE_ROOT, postgresBinaries } from './postgres-servers.js';
import { programOf } from './spawned-server.js';

export type ServerName = 'clickhouse' | 'postgresql' | 'timescaledb' | 'redis' | 'nats' | 'weaviate' | 's3';

function isTimescaleThere(): boolean {
  return existsSync(path.join(TIMESCALE_ROOT, 'usr/lib/postgresql/17/bin/postgres'));
}

/** For each server: whether it is installed, and what to do when it is not. */
const INSTALLED: Readonly<Record<ServerName, readonly [() => boolean, string]>> = {
  clickhouse: [() => true, ''],
  postgresql: [
    () => postgresBinaries() !== undefined,
    'PostgreSQL is not installed (apt-get install postgresql)',
  ],
  timescaledb: [
    () => isTimescaleThere() && process.getuid?.() === 0,
    `TimescaleDB is not at ${TIMESCALE_ROOT} (debootstrap --variant=minbase --include=postgresql-17,postgresql-17-timescaledb trixie ${TIMESCALE_ROOT}), or this is not root, who alone may enter it`,
  ],
  redis: [
    () => programOf('redis-server') !== undefined || programOf('valkey-server') !== undefined,
    'Redis is not installed (apt-get install redis-server)',
  ],
  nats: [
    () => programOf('nats-server') !== undefined,
    'NATS is not installed (go install github.com/nats-io/nats-server/v2@v2.12.8)',
  ],
  weaviate: [
    () => programOf('weaviate-server') !== undefined,
    'Weaviate is not installed (go install github.com/weaviate/weaviate/cmd/weaviate-server@v1.39.0)',
  ],
  s3: [
    () => programOf('minio') !== undefined,
    'MinIO is not installed (go install github.com/minio/minio@latest)',
  ],
};

/** What to do to have a server; undefined when it is installed. */
export function missingServer(name: ServerName): string | undefined {
  const known = INSTALLED[name];
  if (known === undefined) return `There is no server "${name}" (${Object.keys(INSTALLED).join(', ')})`;
  const [isInstalled, advice] = known;
  return isInstalled() ? undefined : advice;
}
