import { crc32, createGunzip } from 'node:zlib';
import { pipeline, Transform, type Readable } from 'node:stream';
import { RandomAccessReader, fromRandomAccessReaderPromise, type Entry, type ZipFile } from 'yauzl';
import { SuhoError, messageOf } from '../errors.js';
import type { ByteSource } from './byte-source.js';

/** Entries of an archive that a message names. */
const NAMED_MAX = 5;

/** What a file is, by its first bytes. */
type Container = 'gzip' | 'zip' | 'parquet' | 'plain';

/** Containers that are known and not read: first bytes, and what to do instead. */
const FOREIGN: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0xd0, 0xcf, 0x11, 0xe0], 'an Excel workbook (.xls); save it as CSV'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'a zstd archive; decompress it first (zstd -d)'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'an xz archive; decompress it first (xz -d)'],
  [[0x42, 0x5a, 0x68], 'a bzip2 archive; decompress it first (bzip2 -d)'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'a 7z archive; unpack it first'],
  [[0x52, 0x61, 0x72, 0x21], 'a rar archive; unpack it first'],
];

const begins = (head: Uint8Array, bytes: readonly number[]): boolean => bytes.every((b, i) => head[i] === b);

/** Recognises a container by its first bytes. Throws `BAD_FILE` for one that is known and not read. */
export function containerOf(name: string, head: Uint8Array): Container {
  if (begins(head, [0x1f, 0x8b])) return 'gzip';
  if (begins(head, [0x50, 0x4b, 0x03, 0x04]) || begins(head, [0x50, 0x4b, 0x05, 0x06])) return 'zip';
  if (begins(head, [0x50, 0x41, 0x52, 0x31])) return 'parquet';
  const foreign = FOREIGN.find(([bytes]) => begins(head, bytes));
  if (foreign !== undefined) throw new SuhoError('BAD_FILE', `${name} is ${foreign[1]}.`);
  return 'plain';
}

/**
 * The bytes inside a gzip or zip file. Throws `BAD_FILE`, also while they are read, when the archive is damaged, cut off,
 * encrypted, or has not exactly one entry.
 */
export async function* unpacked(
  source: ByteSource,
  container: 'gzip' | 'zip',
): AsyncGenerator<Buffer, void, undefined> {
  let packed: Readable | undefined;
  let plain: Readable | undefined;
  try {
    if (container === 'gzip') {
      packed = source.stream();
      plain = pipeline(packed, createGunzip(), () => undefined);
    } else {
      const { zip, entry } = await onlyEntry(source);
      packed = await zip.openReadStreamPromise(entry);
      plain = pipeline(packed, checksum(entry.crc32), () => undefined);
    }
    yield* plain as AsyncIterable<Buffer>;
  } catch (error) {
    throw error instanceof SuhoError
      ? error
      : new SuhoError('BAD_FILE', `${source.name} ${archiveFault(container, error)}`);
  } finally {
    packed?.destroy();
    plain?.destroy();
  }
}

function archiveFault(container: 'gzip' | 'zip', error: unknown): string {
  const { code } = error as { code?: string };
  const message = messageOf(error).replace(/\.$/, '');
  if (code === 'Z_BUF_ERROR') return `is cut off: its ${container} stream ends too early.`;
  if (container === 'zip' && /end of central directory/i.test(message))
    return 'is cut off: a zip file ends with its list of entries, and there is none.';
  return `is a damaged ${container} file: ${message}.`;
}

class SourceReader extends RandomAccessReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return this.#source.stream(start, end);
  }
}

async function onlyEntry(source: ByteSource): Promise<{ readonly zip: ZipFile; readonly entry: Entry }> {
  const zip = await fromRandomAccessReaderPromise(new SourceReader(source), source.size, {
    lazyEntries: true,
    autoClose: false,
  });
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    // Folders, and what macOS adds beside each file.
    if (fileName.endsWith('/') || fileName.startsWith('__MACOSX/')) continue;
    if (fileName === '[Content_Types].xml')
      throw new SuhoError('BAD_FILE', `${source.name} is an Excel workbook (.xlsx); save it as CSV.`);
    entries.push(entry);
    if (entries.length > 10_000) break;
  }
  const [entry] = entries;
  if (entry === undefined) throw new SuhoError('BAD_FILE', `${source.name} is a zip file without entries.`);
  if (entries.length > 1) {
    const names = entries.slice(0, NAMED_MAX).map(({ fileName }) => fileName);
    throw new SuhoError(
      'BAD_FILE',
      `${source.name} holds ${entries.length} files (${names.join(', ')}${entries.length > NAMED_MAX ? ', …' : ''}); unpack it and give one of them.`,
    );
  }
  if (entry.isEncrypted())
    throw new SuhoError('BAD_FILE', `${source.name} is encrypted; unpack it with its password first.`);
  return { zip, entry };
}

/** Passes bytes on, and fails at the end unless they have the checksum: yauzl leaves that to its callers. */
function checksum(expected: number): Transform {
  let sum = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum);
      done(null, chunk);
    },
    flush(done) {
      done(sum === expected ? null : new Error('its contents do not have their checksum'));
    },
  });
}
