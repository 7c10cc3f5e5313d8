import type { Metadata } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** What a failed call tells a program. */
export interface ErrorDetails {
  readonly code: number;
  readonly message: string;
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly field: string | undefined;
  readonly retryMs: number | undefined;
}

type Fields = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

/** The fields of a message by number, as protobuf's wire has them. */
function fieldsOf(bytes: Uint8Array): Fields {
  const reader = protobuf.Reader.create(bytes);
  const fields = new Map<number, (number | Uint8Array)[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const value = (tag & 7) === 2 ? reader.bytes() : Number(reader.int64());
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value]);
  }
  return fields;
}

function text(fields: Fields, number: number): string {
  return Buffer.from((fields.get(number)?.[0] ?? []) as Uint8Array).toString();
}

/**
 * Decodes google.rpc.Status by the field numbers that google/rpc/status.proto and error_details.proto publish, not by the
 * engine's own declarations.
 */
export function errorDetails(metadata: Metadata): ErrorDetails {
  const [bytes] = metadata.get('grpc-status-details-bin');
  const status = fieldsOf(bytes as Buffer);
  const details = new Map(
    (status.get(3) ?? []).map((any) => {
      const fields = fieldsOf(any as Uint8Array);
      return [
        text(fields, 1).replace('type.googleapis.com/google.rpc.', ''),
        fieldsOf(fields.get(2)![0] as Uint8Array),
      ];
    }),
  );
  const info = details.get('ErrorInfo')!;
  const violation = details.get('BadRequest')?.get(1)?.[0];
  const delay = details.get('RetryInfo')?.get(1)?.[0];
  const duration = delay === undefined ? undefined : fieldsOf(delay as Uint8Array);
  return {
    code: (status.get(1)?.[0] ?? 0) as number,
    message: text(status, 2),
    reason: text(info, 1),
    domain: text(info, 2),
    metadata: Object.fromEntries(
      (info.get(3) ?? []).map((entry) => {
        const pair = fieldsOf(entry as Uint8Array);
        return [text(pair, 1), text(pair, 2)];
      }),
    ),
    field: violation === undefined ? undefined : text(fieldsOf(violation as Uint8Array), 1),
    retryMs:
      duration === undefined
        ? undefined
        : Number(duration.get(1)?.[0] ?? 0) * 1000 + Number(duration.get(2)?.[0] ?? 0) / 1e6,
  };
}
