// The part of S3's HTTP interface that model files need, over a Map: PUT, HEAD, GET with ranges. It can be slow, and break
// off a transfer, as networks do.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { afterTest } from './cleanup.js';

const PIECE = 32 * 1024;

export class S3Front {
  readonly objects = new Map<string, Buffer>();
  /** GET requests so far. */
  gets = 0;
  /** Answers 503 to everything while it is set. */
  away = false;
  /** GET requests that are still broken off after half of what they should send. */
  breaks = 0;
  /** Pause between two pieces of a GET. */
  pauseMs = 0;
  endpoint = '';

  static async start(t: TestContext): Promise<S3Front> {
    const front = new S3Front();
    const server = createServer((request, response) => void front.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    front.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    afterTest(t, () => {
      server.closeAllConnections();
      server.close();
    });
    return front;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const key = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    if (this.away) {
      response.writeHead(503).end();
      return;
    }
    if (request.method === 'PUT') {
      this.objects.set(key, body);
      response.end();
      return;
    }
    const object = this.objects.get(key);
    if (object === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (request.method === 'HEAD') {
      response.writeHead(200, { 'content-length': object.length }).end();
      return;
    }
    this.gets++;
    await this.#send(object, request, response);
  }

  async #send(object: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = object.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length });
    const broken = this.breaks > 0;
    if (broken) this.breaks--;
    const until = broken ? rest.length >> 1 : rest.length;
    for (let at = 0; at < until; at += PIECE) {
      response.write(rest.subarray(at, Math.min(until, at + PIECE)));
      await sleep(this.pauseMs);
    }
    if (broken) response.destroy();
    else response.end();
  }
}
