import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SuhoError, messageOf } from '../errors.js';

const BLOCK = 64 * 1024;

/** Bytes that can be read from anywhere: a file on disk, or a buffer. */
export interface ByteSource {
  /** What messages call it. */
  readonly name: string;
  /** Where the bytes are, for another process: the path of the file, or the bytes themselves. */
  readonly origin: string | Uint8Array;
  readonly size: number;
  /** When it was last written, epoch milliseconds; undefined when that is not known. */
  readonly modifiedAt: number | undefined;
  /** The bytes of [start, end), by default all of them. */
  stream(start?: number, end?: number): Readable;
  slice(start: number, end: number): Promise<Buffer>;
}

/** A file on disk. Throws `BAD_FILE` when there is none or when it cannot be read. */
export async function fileSource(file: string): Promise<ByteSource> {
  const found = await stat(file).catch((error: unknown) => {
    const { code } = error as { code?: string };
    throw new SuhoError(
      'BAD_FILE',
      code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read: ${messageOf(error)}.`,
    );
  });
  if (!found.isFile()) throw new SuhoError('BAD_FILE', `${file} is not a file.`);
  return {
    name: file,
    origin: file,
    size: found.size,
    modifiedAt: found.mtimeMs,
    stream: (start = 0, end = found.size) =>
      // The end of a read stream is the last byte, so no range is empty.
      end <= start
        ? Readable.from([])
        : createReadStream(file, { start, end: end - 1, highWaterMark: BLOCK }),
    slice: async (start, end) => {
      const handle = await open(file);
      try {
        const buffer = Buffer.alloc(Math.max(0, Math.min(end, found.size) - start));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
  };
}

/** A file that is in memory. */
export function bufferSource(name: string, bytes: Uint8Array): ByteSource {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    name,
    origin: buffer,
    size: buffer.length,
    modifiedAt: undefined,
    stream: (start = 0, end = buffer.length) => Readable.from(blocks(buffer.subarray(start, end))),
    slice: async (start, end) => await Promise.resolve(buffer.subarray(start, end)),
  };
}

function* blocks(buffer: Buffer): Generator<Buffer> {
  for (let at = 0; at < buffer.length; at += BLOCK) yield buffer.subarray(at, at + BLOCK);
}
