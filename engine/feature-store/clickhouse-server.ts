import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { INSERT_SETTINGS, type ClickHouseTransport } from './clickhouse-feature-store.js';

export interface ClickHouseServerSettings {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
}

/** An insert of 10,000 rows takes a slow server seconds, not minutes. */
const REQUEST_MS = 60_000;

/** A ClickHouse server over HTTP. RowBinary goes in and out as the bodies of requests. */
export class ClickHouseServer implements ClickHouseTransport {
  readonly client: ClickHouseClient;

  constructor({ url, username, password, database }: ClickHouseServerSettings) {
    this.client = createClient({
      url,
      username,
      password,
      database,
      application: 'suho',
      // Failures come back to the caller, who logs them.
      log: { level: ClickHouseLogLevel.OFF },
      request_timeout: REQUEST_MS,
      // Answers only: squeezing what goes in takes longer than sending it.
      compression: { request: false, response: true },
      clickhouse_settings: { final: 1 },
    });
  }

  get reader(): ClickHouseClient {
    return this.client;
  }

  async insert(table: string, columns: string, _structure: string, rows: Uint8Array): Promise<void> {
    const { stream } = await this.client.exec({
      query: `INSERT INTO ${table} (${columns}) FORMAT RowBinary`,
      values: Readable.from([rows]),
      clickhouse_settings: INSERT_SETTINGS,
    });
    // The connection is free for the next request once the answer is read.
    await buffer(stream);
  }

  async select(
    query: string,
    _structure: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<Uint8Array> {
    const { stream } = await this.client.exec({
      query: `${query} FORMAT RowBinary`,
      query_params: parameters,
    });
    return await buffer(stream);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
