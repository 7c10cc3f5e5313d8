import pg from 'pg';

/** Logins of a server of one's own that read and do nothing else. */
const READER = 'suho_reader';
const TENANT_READER = 'suho_tenant_reader';

/**
 * Options of a connection that reads: all rows, or as the engine does for one tenant. A query can become a superuser
 * again in a session that began as one, and read files and end other sessions then; these logins never were.
 * They may not call `set_config` either, with which a query would change whose rows it sees half-way through.
 * Only for a server of one's own, whose administrator `connection` is: it makes the logins when they are missing.
 */
export async function readerOf(connection: pg.ClientConfig, ofTenant: boolean): Promise<pg.ClientConfig> {
  const client = new pg.Client({ connectionTimeoutMillis: 5_000, ...connection });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const password = pg.escapeLiteral(String(connection.password));
    const logins = [READER, TENANT_READER].map(
      (role) => `
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN CREATE ROLE ${role}; END IF;
        ALTER ROLE ${role} LOGIN ${role === READER ? 'BYPASSRLS' : ''} PASSWORD ${password};`,
    );
    // One at a time: two that alter a role at once fail.
    await client.query(`
      BEGIN;
      SELECT pg_advisory_xact_lock(728310504);
      DO $do$ BEGIN ${logins.join('')} END $do$;
      REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
      GRANT USAGE ON SCHEMA suho_private, public TO ${READER};
      GRANT SELECT ON ALL TABLES IN SCHEMA suho_private, public TO ${READER};
      GRANT suho_engine TO ${TENANT_READER};
      COMMIT`);
  } finally {
    await client.end().catch(() => undefined);
  }
  return { ...connection, user: ofTenant ? TENANT_READER : READER };
}
