/**
 * An actor's state as one buffer: magic, format version, length, CRC-32, a header (JSON: what the state
 * belongs to) and the numbers. Restoring it gives the state back bit for bit.
 */
const MAGIC = 0x5355484f; // "SUHO"
const FORMAT = 1;
const HEADER_BYTES = 24;

/** Why a snapshot was refused. */
export class SnapshotError extends Error {
  readonly code: 'SNAPSHOT_CORRUPT' | 'SNAPSHOT_VERSION';

  constructor(code: SnapshotError['code'], message: string) {
    super(message);
    this.name = 'SnapshotError';
    this.code = code;
  }
}

/** What a snapshot states about its numbers: who they belong to and in which layout they are. */
export interface SnapshotHeader {
  readonly actorId: string;
  /** Version of the state's layout; another one cannot be restored. */
  readonly layout: string;
  /** Plain values that are not numbers of the array. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Writes a state; `numbers` are copied. */
export function encodeSnapshot(header: SnapshotHeader, numbers: Float64Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const buffer = new Uint8Array(HEADER_BYTES + padded + numbers.byteLength);
  buffer.set(text, HEADER_BYTES);
  buffer.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), HEADER_BYTES + padded);
  const view = new DataView(buffer.buffer);
  view.setUint32(0, MAGIC);
  view.setUint32(4, FORMAT);
  view.setUint32(8, text.length);
  view.setUint32(12, numbers.length);
  view.setUint32(16, crc32(buffer.subarray(HEADER_BYTES)));
  return buffer;
}

/** Reads a state back; throws {@link SnapshotError} when it is damaged or of another layout than `layout`. */
export function decodeSnapshot(
  bytes: Uint8Array,
  layout: string,
): { header: SnapshotHeader; numbers: Float64Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getUint32(0) !== MAGIC) {
    throw new SnapshotError('SNAPSHOT_CORRUPT', 'This is not a snapshot of an actor.');
  }
  if (view.getUint32(4) !== FORMAT) {
    throw new SnapshotError(
      'SNAPSHOT_VERSION',
      `The snapshot has format ${view.getUint32(4)}, this engine reads ${FORMAT}.`,
    );
  }
  const textLength = view.getUint32(8);
  const count = view.getUint32(12);
  const padded = Math.ceil(textLength / 8) * 8;
  const whole = bytes.length === HEADER_BYTES + padded + count * 8;
  if (!whole || crc32(bytes.subarray(HEADER_BYTES)) !== view.getUint32(16)) {
    throw new SnapshotError('SNAPSHOT_CORRUPT', 'The snapshot is damaged: its checksum does not match.');
  }
  const header = JSON.parse(
    new TextDecoder().decode(bytes.subarray(HEADER_BYTES, HEADER_BYTES + textLength)),
  ) as SnapshotHeader;
  if (header.layout !== layout) {
    throw new SnapshotError(
      'SNAPSHOT_VERSION',
      `The snapshot of ${header.actorId} has layout ${header.layout}, this engine reads ${layout}.`,
    );
  }
  const numbers = new Float64Array(count);
  new Uint8Array(numbers.buffer).set(bytes.subarray(HEADER_BYTES + padded));
  return { header, numbers };
}
