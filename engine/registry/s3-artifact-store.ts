import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { SuhoError, messageOf } from '../errors.js';
import type { ArtifactPlace, ArtifactStore } from './artifact-store.js';
import type { FolderArtifactStore } from './folder-artifact-store.js';

/** How long a server that is asked whether it is there may take. */
const PROBE_MS = 3_000;

export interface S3Settings {
  /** `s3://BUCKET` or `s3://BUCKET/PREFIX`. */
  readonly uri: string;
  /** Address of a server that is not Amazon's. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** Without, the AWS SDK's own search for credentials. */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
}

/**
 * Model files in S3, or a server that speaks it: `s3://BUCKET/PREFIX/TENANT/MODEL/VERSION/SHA256.onnx`. A
 * download that broke off goes on from where it was, and counts only once its SHA-256 is right.
 */
export class S3ArtifactStore implements ArtifactStore {
  readonly #client: S3Client;
  readonly #local: FolderArtifactStore;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(local: FolderArtifactStore, settings: S3Settings) {
    const { uri, endpoint, region, accessKeyId, secretAccessKey } = settings;
    const { hostname, pathname } = new URL(uri);
    this.#local = local;
    this.#bucket = hostname;
    this.#prefix = pathname.replaceAll(/^\/+|\/+$/g, '');
    this.#client = new S3Client({
      region,
      maxAttempts: 3,
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      ...(accessKeyId === undefined || secretAccessKey === undefined
        ? {}
        : { credentials: { accessKeyId, secretAccessKey } }),
    });
  }

  async put(place: ArtifactPlace, bytes: Uint8Array): Promise<{ sha256: string; uri: string }> {
    const { sha256 } = await this.#local.put(place, bytes);
    const Key = this.#key(place, sha256);
    const ChecksumSHA256 = createHash('sha256').update(bytes).digest('base64');
    await this.#ask('stored', async () => {
      if (await this.#isThere(Key)) return;
      await this.#client.send(
        new PutObjectCommand({ Bucket: this.#bucket, Key, Body: bytes, ChecksumSHA256 }),
      );
    });
    return { sha256, uri: `s3://${this.#bucket}/${Key}` };
  }

  async fetch(place: ArtifactPlace, sha256: string): Promise<void> {
    if (this.#local.has(sha256)) return;
    const file = this.#local.partial(sha256);
    const have = existsSync(file) ? statSync(file).size : 0;
    await this.#ask('fetched', async () => {
      try {
        const { Body } = await this.#client.send(
          new GetObjectCommand({
            Bucket: this.#bucket,
            Key: this.#key(place, sha256),
            ...(have > 0 ? { Range: `bytes=${have}-` } : {}),
          }),
        );
        await pipeline(Body as Readable, createWriteStream(file, { flags: have > 0 ? 'a' : 'w' }));
      } catch (error) {
        // All of it was there already.
        if (!(error instanceof S3ServiceException && error.$metadata.httpStatusCode === 416)) throw error;
      }
    });
    await this.#local.complete(sha256);
  }

  path(sha256: string): string {
    return this.#local.path(sha256);
  }

  /** Says whether the bucket can be read and written; throws `STORE_UNAVAILABLE` with what is wrong. */
  async check(): Promise<void> {
    await this.#ask('written', async () => {
      await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key: this.#testKey, Body: 'ok' }));
    });
  }

  /** Any answer will do, also that there is nothing of that name or that this login may not ask. */
  async probe(): Promise<void> {
    await this.#ask('fetched', async () => {
      try {
        await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: this.#testKey }), {
          abortSignal: AbortSignal.timeout(PROBE_MS),
        });
      } catch (error) {
        if (!(error instanceof S3ServiceException) || (error.$metadata.httpStatusCode ?? 500) >= 500)
          throw error;
      }
    });
  }

  get #testKey(): string {
    return [this.#prefix, '.suho-doctor'].filter((part) => part !== '').join('/');
  }

  close(): void {
    this.#client.destroy();
  }

  async #isThere(Key: string): Promise<boolean> {
    try {
      await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key }));
      return true;
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
      throw error;
    }
  }

  async #ask(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404)
        throw new SuhoError('NOT_FOUND', `A model file is not in s3://${this.#bucket}: ${messageOf(error)}`);
      throw new SuhoError(
        'STORE_UNAVAILABLE',
        `A model file cannot be ${what} in s3://${this.#bucket}: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  #key({ tenantId, model, version }: ArtifactPlace, sha256: string): string {
    return [this.#prefix, tenantId, model.replaceAll('/', '-'), version, `${sha256}.onnx`]
      .filter((part) => part !== '')
      .join('/');
  }
}
