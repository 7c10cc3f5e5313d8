import path from 'node:path';
import type pg from 'pg';
import { copyTree } from '../journal/copy-tree.js';
import { copyCluster } from './cluster-copy.js';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { readerOf } from './reader.js';

/** Copies the embedded PostgreSQL that runs on a folder, if one does: its cluster and what is beside it. */
export async function copyOwnCluster(room: string, to: string): Promise<void> {
  const running = EmbeddedPostgres.runningOn(room);
  if (running === undefined) return;
  await copyTree(room, to, (relative) => relative === 'cluster' || relative === 'server.log');
  await copyCluster(running, path.join(room, 'cluster'), path.join(to, 'cluster'));
}

/** Options of a connection that only reads the embedded PostgreSQL that runs on a folder; undefined when none does. */
export async function ownReader(room: string, ofTenant: boolean): Promise<pg.ClientConfig | undefined> {
  const running = EmbeddedPostgres.runningOn(room);
  return running === undefined ? undefined : await readerOf(running, ofTenant);
}
