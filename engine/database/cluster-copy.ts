import { rm, writeFile, chown, stat } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { copyTree } from '../journal/copy-tree.js';

/** What belongs to the running server, not to its data. */
const LEFT_OUT =
  /^(postmaster\.(pid|opts)|pg_wal(\/.*)?|pg_replslot\/.*|pg_stat_tmp\/.*|pg_dynshmem\/.*|pg_notify\/.*|pg_subtrans\/.*)$/;

/**
 * Copies the cluster of a running PostgreSQL: an online backup, whose write-ahead log is copied with it. A server that starts on
 * the copy recovers to the end of the backup.
 */
export async function copyCluster(connection: pg.ClientConfig, cluster: string, to: string): Promise<void> {
  const client = new pg.Client({ connectionTimeoutMillis: 5_000, ...connection });
  client.on('error', () => undefined);
  await client.connect();
  try {
    // Holds the log back until this session ends: it is needed from the beginning of the backup.
    await client.query(
      "SELECT pg_create_physical_replication_slot('suho_backup_' || pg_backend_pid(), true, true)",
    );
    await client.query("SELECT pg_backup_start('suho', true)");
    await copyTree(cluster, to, (relative) => LEFT_OUT.test(relative) && relative !== 'pg_wal');
    const {
      rows: [end],
    } = await client.query<{ labelfile: string; spcmapfile: string }>(
      'SELECT labelfile, spcmapfile FROM pg_backup_stop(wait_for_archive => false)',
    );
    await copyTree(path.join(cluster, 'pg_wal'), path.join(to, 'pg_wal'));
    const label = path.join(to, 'backup_label');
    await writeFile(label, end!.labelfile, { mode: 0o600 });
    if (end!.spcmapfile !== '')
      await writeFile(path.join(to, 'tablespace_map'), end!.spcmapfile, { mode: 0o600 });
    const { uid, gid } = await stat(cluster);
    if (process.getuid?.() === 0) await chown(label, uid, gid);
    await rm(path.join(to, 'postmaster.pid'), { force: true });
  } finally {
    await client.end().catch(() => undefined);
  }
}
