import { X509Certificate, createPrivateKey, randomBytes, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Config } from '../config.js';
import { SuhoError, messageOf } from '../errors.js';

type Files = NonNullable<Config['grpc']['tls']>;

/** A client that opens a TLS connection and says nothing is dropped after this long. */
const HANDSHAKE_MS = 10_000;
const TICKET_KEY_BYTES = 48;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** What the files of `grpc.tls` held when they were last read. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Authorities of client certificates; undefined where clients need none. */
  readonly ca: Buffer | undefined;
  /** The time in which the server's certificate is valid, in epoch milliseconds. */
  readonly validFrom: number;
  readonly expiresAt: number;
}

/**
 * The server's certificate, its key and the authorities of its clients, from the files of `grpc.tls`. They can be replaced
 * while the server runs: open connections stay, new ones are agreed on with what was read last.
 */
export class Certificates {
  readonly #files: Files;
  readonly #credentials: RenewedCredentials;
  readonly #listeners: ((certificate: Certificate) => void)[] = [];
  #current: Certificate;

  /** Throws `BAD_CONFIG` where {@link readCertificate} does. */
  constructor(files: Files) {
    this.#files = files;
    this.#current = readCertificate(files);
    this.#credentials = new RenewedCredentials(this.#current);
    this.onChange((certificate) => this.#credentials.renew(certificate));
  }

  get current(): Certificate {
    return this.#current;
  }

  /** For the gRPC server; they follow every change. */
  get credentials(): ServerCredentials {
    return this.#credentials;
  }

  onChange(listener: (certificate: Certificate) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * What the files hold now. Throws `BAD_CONFIG` where {@link readCertificate} does, and for a certificate that is not valid at
   * `now`, in epoch milliseconds.
   */
  read(now: number): Certificate {
    const found = readCertificate(this.#files);
    if (found.validFrom > now || found.expiresAt <= now)
      throw refused(
        `the certificate in ${this.#files.certFile} is valid from ${new Date(found.validFrom).toISOString()} to ${new Date(found.expiresAt).toISOString()}`,
      );
    return found;
  }

  /** Takes a certificate for the connections that come; returns whether it differs from the one in use. */
  use(next: Certificate): boolean {
    const { cert, key, ca } = this.#current;
    if (cert.equals(next.cert) && key.equals(next.key) && (ca?.equals(next.ca!) ?? true)) return false;
    this.#current = next;
    for (const tell of this.#listeners) tell(next);
    return true;
  }
}

/** What a TLS server needs to take a certificate. A session of before is not resumed: its client may no longer be let in. */
export function secureContext({ cert, key, ca }: Certificate): {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly ticketKeys: Buffer;
} {
  return { cert, key, ...(ca === undefined ? {} : { ca }), ticketKeys: randomBytes(TICKET_KEY_BYTES) };
}

/** Credentials of a gRPC server whose certificate can be replaced; gRPC's own are fixed or watch files by a timer. */
class RenewedCredentials extends ServerCredentials {
  constructor(certificate: Certificate) {
    super(
      { requestCert: certificate.ca !== undefined, handshakeTimeout: HANDSHAKE_MS },
      secureContext(certificate),
    );
  }

  renew(certificate: Certificate): void {
    this.updateSecureContextOptions(secureContext(certificate));
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/**
 * The files of `grpc.tls`. Throws `BAD_CONFIG` for a file that cannot be read or holds something else, and for a key that is not the
 * certificate's.
 */
function readCertificate({ certFile, keyFile, clientCaFile }: Files): Certificate {
  const cert = contentOf(certFile);
  const key = contentOf(keyFile);
  const ca = clientCaFile === undefined ? undefined : contentOf(clientCaFile);
  const leaf = chainOf(cert, certFile)[0]!;
  if (!leaf.checkPrivateKey(privateKeyOf(key, keyFile)))
    throw refused(`the key in ${keyFile} is not that of the certificate in ${certFile}`);
  if (ca !== undefined) chainOf(ca, clientCaFile!);
  const found = { cert, key, ca, validFrom: Date.parse(leaf.validFrom), expiresAt: Date.parse(leaf.validTo) };
  try {
    createSecureContext(secureContext(found));
  } catch (error) {
    throw refused(messageOf(error));
  }
  return found;
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw refused(`${file} cannot be read (${messageOf(error)})`);
  }
}

/** The certificates of a PEM file, at least one. */
function chainOf(content: Buffer, file: string): readonly X509Certificate[] {
  const blocks = content.toString('latin1').match(PEM_CERTIFICATE) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw refused(`${file} holds a damaged certificate (${messageOf(error)})`);
  }
  throw refused(`${file} holds no certificate in PEM`);
}

function privateKeyOf(content: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(content);
  } catch (error) {
    throw refused(`${file} holds no private key in PEM without a passphrase (${messageOf(error)})`);
  }
}

function refused(what: string): SuhoError {
  return new SuhoError('BAD_CONFIG', `TLS cannot be set up from grpc.tls: ${what}.`);
}
