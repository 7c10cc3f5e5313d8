import http2 from 'node:http2';

/** How a call ended: its gRPC status, or why there is none. */
export interface RawOutcome {
  readonly status: number | 'reset' | 'open' | 'answering';
  readonly details: string;
  readonly headers: http2.IncomingHttpHeaders;
  /** Messages that came back. */
  readonly answers: readonly Buffer[];
}

/** A message as gRPC frames it. */
export function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function unframe(body: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    messages.push(body.subarray(at + 5, end));
    at = end;
  }
  return messages;
}

/** A gRPC client without any of gRPC's library: bytes go out as they are given. */
export class RawClient {
  readonly session: http2.ClientHttp2Session;

  constructor(port: number) {
    this.session = http2.connect(`http://127.0.0.1:${port}`);
    this.session.on('error', () => undefined);
  }

  /** Sends chunks of a request's body, half-closes unless told otherwise, and waits for the end of the call. */
  async call(
    path: string,
    chunks: readonly Uint8Array[],
    {
      key,
      headers = {},
      halfClose = true,
      untilHeaders = false,
      msMax = 30_000,
    }: {
      readonly key?: string;
      readonly headers?: http2.OutgoingHttpHeaders;
      readonly halfClose?: boolean;
      /** Whether a call that began to answer is hung up on: a subscription has no end of its own. */
      readonly untilHeaders?: boolean;
      readonly msMax?: number;
    } = {},
  ): Promise<RawOutcome> {
    const request = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    });
    const parts: Buffer[] = [];
    let first: http2.IncomingHttpHeaders = {};
    let last: http2.IncomingHttpHeaders = {};
    request.on('response', (given) => (first = given));
    request.on('trailers', (given) => (last = given));
    request.on('data', (part: Buffer) => void parts.push(part));
    request.on('error', () => undefined);
    for (const chunk of chunks) request.write(chunk);
    if (halfClose) request.end();
    let timer: NodeJS.Timeout | undefined;
    const ended = await Promise.race([
      new Promise<'reset' | 'answering'>((resolve) => {
        request.once('close', () => resolve('reset'));
        // The server has nothing more to say to a client that could go on.
        if (!halfClose) request.once('end', () => resolve('reset'));
        if (untilHeaders)
          request.once('response', (given) => {
            if (given['grpc-status'] === undefined) resolve('answering');
          });
      }),
      new Promise<'open'>((resolve) => (timer = setTimeout(() => resolve('open'), msMax))),
    ]);
    clearTimeout(timer);
    const code = last['grpc-status'] ?? first['grpc-status'];
    request.close();
    return {
      status: code === undefined ? ended : Number(code),
      details: decodeURI(String(last['grpc-message'] ?? first['grpc-message'] ?? '')),
      headers: first,
      answers: unframe(Buffer.concat(parts)),
    };
  }

  close(): void {
    this.session.destroy();
  }
}
