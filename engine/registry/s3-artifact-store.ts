import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
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

/** Times a download that broke off goes on from where it was before it counts as failed. */
const RESUMES_MAX = 5;

/**
 * Model files in S3, or a server that speaks it: `s3://BUCKET/PREFIX/TENANT/MODEL/VERSION/SHA256.onnx`, and of a user's
 * own models `TENANT/user=USER/MODEL/…`, so that rights by prefix can keep users of a tenant apart, too. A download that
 * broke off goes on from where it was, and counts only once its SHA-256 is right. However many ask for a file at once, it
 * is downloaded once.
 */
export class S3ArtifactStore implements ArtifactStore {
  readonly #client: S3Client;
  readonly #local: FolderArtifactStore;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #downloads = new Map<string, Promise<void>>();

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
    const Key = this.#key(place, sha256);
    let download = this.#downloads.get(Key);
    if (download === undefined) {
      download = this.#download(place, sha256);
      this.#downloads.set(Key, download);
      const forget = (): boolean => this.#downloads.delete(Key);
      download.then(forget, forget);
    }
    await download;
  }

  /** Takes a file unless it is here and whole: a damaged one is replaced. */
  async #download(place: ArtifactPlace, sha256: string): Promise<void> {
    if (await this.#local.has(sha256)) return;
    try {
      await this.#take(place, sha256);
    } catch (error) {
      const isMissing = error instanceof SuhoError && error.code === 'NOT_FOUND';
      if (!isMissing || place.userId === undefined) throw error;
      // Earlier versions kept what is a user's own with what is all of his tenant's.
      await this.#take({ ...place, userId: undefined }, sha256);
    }
  }

  async #take(place: ArtifactPlace, sha256: string): Promise<void> {
    await this.#ask('fetched', async () => {
      await this.#local.receive(sha256, this.#pieces(this.#key(place, sha256)));
    });
  }

  /** The bytes of an object; where a transfer breaks off, the next request asks for the rest. */
  async *#pieces(Key: string): AsyncGenerator<Uint8Array> {
    let have = 0;
    for (let resumes = 0; ; resumes++) {
      try {
        const { Body, ContentLength } = await this.#client.send(
          new GetObjectCommand({
            Bucket: this.#bucket,
            Key,
            ...(have > 0 ? { Range: `bytes=${have}-` } : {}),
          }),
        );
        const end = have + (ContentLength ?? 0);
        for await (const piece of Body as Readable) {
          have += (piece as Uint8Array).length;
          yield piece as Uint8Array;
        }
        if (have >= end) return;
      } catch (error) {
        if (error instanceof S3ServiceException || have === 0 || resumes === RESUMES_MAX) throw error;
      }
      if (resumes === RESUMES_MAX) throw new Error(`the transfer broke off ${resumes + 1} times`);
    }
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
      if (error instanceof SuhoError) throw error;
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404)
        throw new SuhoError('NOT_FOUND', `A model file is not in s3://${this.#bucket}: ${messageOf(error)}`);
      throw new SuhoError(
        'STORE_UNAVAILABLE',
        `A model file cannot be ${what} in s3://${this.#bucket}: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  #key({ tenantId, userId, model, version }: ArtifactPlace, sha256: string): string {
    // Users are named by whoever issues their tokens, also with slashes, or with nothing but dots.
    const user = userId === undefined ? '' : `user=${encodeURIComponent(userId)}`;
    return [this.#prefix, tenantId, user, model.replaceAll('/', '-'), version, `${sha256}.onnx`]
      .filter((part) => part !== '')
      .join('/');
  }
}
