import type { Logger } from 'pino';
import { WebSocket } from 'ws';
import { Backoff } from '../../backoff.js';
import type { Clock, Timer } from '../../clock.js';
import { messageOf } from '../../errors.js';
import { readFrame, type PolygonRow, type PolygonStatus } from './messages.js';
import type { PolygonMarket } from './ticker.js';

const RECONNECT_MS = 500;
const RECONNECT_MS_MAX = 30_000;
/** Pause after Polygon refused the key or gave the connection to another program: asking again at once changes nothing. */
const REFUSED_MS = 60_000;
/** A connection has to be authenticated, and every channel confirmed, within this. */
const ANSWER_MS = 15_000;
/** Interval of pings; a connection that answered none until the next is dead. */
const PING_MS = 15_000;
/** Channels that one message subscribes. */
const CHANNELS_MAX = 200;
/** Largest frame that is taken. */
const FRAME_BYTES_MAX = 8 * 2 ** 20;

export interface MarketSocketParts {
  readonly market: PolygonMarket;
  /** Address without the market: wss://socket.massive.com */
  readonly url: string;
  readonly key: string;
  readonly channels: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** A connection is there and its channels are asked for: what comes from now on follows a gap. */
  readonly onConnected: () => void;
  readonly onRow: (row: PolygonRow) => void;
}

/**
 * One connection to a WebSocket cluster of Polygon: authenticates, subscribes, notices a dead peer, and connects again for
 * ever with growing pauses.
 */
export class MarketSocket {
  readonly #parts: MarketSocketParts;
  readonly #backoff: Backoff;
  readonly #patience: Backoff;
  #socket: WebSocket | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  /** Why there is no connection. */
  #away: string | undefined = 'is not connected yet';
  /** What Polygon said about channels that it does not give. */
  #refused: string | undefined;
  #pending = new Set<string>();

  constructor(parts: MarketSocketParts) {
    this.#parts = parts;
    const { clock } = parts;
    this.#backoff = new Backoff({ clock, initialMs: RECONNECT_MS, maxMs: RECONNECT_MS_MAX });
    this.#patience = new Backoff({ clock, initialMs: REFUSED_MS, maxMs: REFUSED_MS });
  }

  /** What is wrong, as a sentence; undefined when everything that was asked for comes. */
  get error(): string | undefined {
    if (this.#away !== undefined) return `Polygon ${this.#parts.market} ${this.#away}`;
    return this.#refused;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#backoff.stop();
    this.#patience.stop();
    this.#socket?.terminate();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { market, log } = this.#parts;
    let goesOn = true;
    while (goesOn) {
      const said = this.#away;
      const { why, refused } = await this.#connection();
      if (this.#stopped) return;
      this.#away = why;
      if (why !== said) log.warn({ market, reason: why }, 'Polygon will be connected again');
      goesOn = await (refused ? this.#patience : this.#backoff).wait();
    }
  }

  /** Opens a connection and serves it to its end. Never rejects. */
  async #connection(): Promise<{ readonly why: string; readonly refused: boolean }> {
    const { market, url, clock } = this.#parts;
    const socket = new WebSocket(`${url.replace(/\/$/, '')}/${market}`, {
      handshakeTimeout: ANSWER_MS,
      maxPayload: FRAME_BYTES_MAX,
    });
    this.#socket = socket;
    const timers = new Set<Timer>();
    const end = { why: '', refused: false };
    const leave = (why: string, refused = false): void => {
      if (end.why === '') Object.assign(end, { why, refused });
      socket.terminate();
    };
    timers.add(clock.setTimeout(() => this.#checkAnswers(leave), ANSWER_MS));
    this.#keepAlive(socket, timers, leave);
    socket.on('open', () => socket.send(JSON.stringify({ action: 'auth', params: this.#parts.key })));
    socket.on('message', (data: Buffer) => {
      for (const message of readFrame(market, data.toString()) ?? []) {
        if (message.kind === 'status') this.#status(message, socket, leave);
        else if (this.#away === undefined) this.#parts.onRow(message);
      }
    });
    await new Promise<void>((resolve) => {
      socket.on('error', (error) => leave(`cannot be reached (${messageOf(error)})`));
      socket.on('close', () => {
        leave('closed the connection');
        resolve();
      });
    });
    for (const timer of timers) timer.cancel();
    return end;
  }

  #status(
    { status, message }: PolygonStatus,
    socket: WebSocket,
    leave: (why: string, refused?: boolean) => void,
  ): void {
    switch (status) {
      case 'auth_success':
        this.#subscribe(socket);
        return;
      case 'auth_failed':
        return leave(`refuses the key (${message}); correct POLYGON_API_KEY or the plan`, true);
      case 'auth_timeout':
        return leave(`did not take the key in time (${message})`);
      case 'max_connections':
        return leave(
          `gave the connection to another program with this key (${message}); a key has one connection for each market`,
          true,
        );
      case 'success':
        this.#pending.delete(/^subscribed to: (\S+)$/.exec(message)?.[1] ?? '');
        return;
      case 'error':
      case 'not_authorized':
        this.#refuse(message);
    }
  }

  #subscribe(socket: WebSocket): void {
    const { channels } = this.#parts;
    this.#away = undefined;
    this.#refused = undefined;
    this.#pending = new Set(channels);
    this.#backoff.reset();
    this.#parts.onConnected();
    for (let i = 0; i < channels.length; i += CHANNELS_MAX) {
      const params = channels.slice(i, i + CHANNELS_MAX).join(',');
      socket.send(JSON.stringify({ action: 'subscribe', params }));
    }
  }

  #refuse(message: string): void {
    const { market, log } = this.#parts;
    this.#refused = `Polygon ${market} does not give everything that is asked for (${message}); see what the plan includes`;
    log.warn({ market, reason: message }, 'Polygon refused a subscription');
  }

  /** Once, some time after the connection: what was not answered until then is not coming. */
  #checkAnswers(leave: (why: string) => void): void {
    if (this.#away !== undefined) return leave('does not answer');
    if (this.#pending.size > 0 && this.#refused === undefined)
      this.#refuse(
        `not confirmed: ${[...this.#pending].slice(0, 5).join(', ')}, ${this.#pending.size} in all`,
      );
  }

  #keepAlive(socket: WebSocket, timers: Set<Timer>, leave: (why: string) => void): void {
    let isAlive = true;
    socket.on('pong', () => (isAlive = true));
    socket.on('message', () => (isAlive = true));
    const beat = (): void => {
      if (!isAlive) return leave('went silent');
      isAlive = false;
      if (socket.readyState === WebSocket.OPEN) socket.ping();
      const timer = this.#parts.clock.setTimeout(() => {
        timers.delete(timer);
        beat();
      }, PING_MS);
      timers.add(timer);
    };
    socket.on('open', beat);
  }
}
