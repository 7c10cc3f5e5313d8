import assert from 'node:assert/strict';
import { status, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { PublishAck__Output as PublishAck } from '../../engine/api/generated/suho/v1/PublishAck.js';
import { protoBars, type TestClient } from './served.js';

/** A request of closed bars or of quotes. */
export interface MarketMessage {
  readonly bars: readonly Bar[];
  readonly quotes: readonly Quote[];
  readonly signalTimeframes: readonly Timeframe[];
}

function protoTimeframe(timeframe: Timeframe): string {
  return `TIMEFRAME_${timeframe.toUpperCase()}`;
}

/** Where the engine can be reached now; undefined while no process serves. */
export type Reach = () => TestClient | undefined;

/** Requests a client sends before it waits for an answer. */
const WINDOW = 4;
const RETRY_MS = 50;
/** Requests of a burst, and the pause after it: a steady load that leaves a busy machine time to answer. */
const BURST = 8;
const PAUSE_MS = 100;

/** The calls to one process, how they are: over when one of them has ended or an answer was wrong. */
interface Talk {
  over: boolean;
  failure: Error | undefined;
  wake: () => void;
}

/**
 * A client of the market of one symbol. Sends a request after the other, some before the last is answered; when a call
 * breaks it sends again, in their order, all that were not answered.
 */
export class MarketClient {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly #key: string;
  readonly #reach: Reach;
  readonly #next: () => MarketMessage;
  /** Everything that was sent at least once, in its order. */
  readonly sent: MarketMessage[] = [];
  /** Open times of the bars that were acknowledged. */
  readonly acknowledged = new Set<number>();
  resent = 0;
  #answered = 0;
  #stopped = false;

  constructor(market: {
    readonly symbol: string;
    readonly timeframe: Timeframe;
    readonly key: string;
    readonly reach: Reach;
    readonly next: () => MarketMessage;
  }) {
    this.symbol = market.symbol;
    this.timeframe = market.timeframe;
    this.#key = market.key;
    this.#reach = market.reach;
    this.#next = market.next;
  }

  /** Sends nothing new from now on; {@link run} ends with the last answer. */
  stop(): void {
    this.#stopped = true;
  }

  /** Requests that were answered. */
  get answered(): number {
    return this.#answered;
  }

  get #isOver(): boolean {
    return this.#stopped && this.#answered === this.sent.length;
  }

  async run(): Promise<void> {
    while (!this.#isOver) {
      const client = this.#reach();
      if (client !== undefined) await this.#converse(client);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Goes on until the calls break or there is nothing more to send. One call takes bars, one quotes. */
  async #converse(client: TestClient): Promise<void> {
    const calls = { bars: client.bars(this.#key), quotes: client.quotes(this.#key) };
    const talk: Talk = { over: false, failure: undefined, wake: () => undefined };
    for (const call of Object.values(calls)) this.#listen(call, talk);
    for (let next = this.#answered; !talk.over && !this.#isOver;) {
      const waiting = next - this.#answered;
      const kind = this.#kindOf(next);
      // The two calls keep no order between them: the other kind waits for the answers.
      const mayGo = waiting === 0 || (waiting < WINDOW && kind === this.#kindOf(next - 1));
      if (kind !== undefined && mayGo) {
        this.#send(calls[kind], next++);
        if (next % BURST === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        continue;
      }
      await new Promise<void>((resolve) => {
        talk.wake = resolve;
        setTimeout(resolve, RETRY_MS);
      });
    }
    talk.over = true;
    for (const call of Object.values(calls)) call.cancel();
    if (talk.failure !== undefined) throw new Error(`${this.symbol}: ${talk.failure.message}`);
  }

  #listen(call: ClientDuplexStream<object, PublishAck>, talk: Talk): void {
    const end = (failure?: Error): void => {
      talk.over = true;
      talk.failure ??= failure;
      talk.wake();
    };
    call.on('data', (ack: PublishAck) => {
      try {
        this.#take(ack);
        talk.wake();
      } catch (error) {
        end(error as Error);
      }
    });
    call.on('error', (error: ServiceError) => {
      // Of a process that was killed, or one that is starting; nothing else ends a call before the client does.
      if (!talk.over) end(error.code === status.UNAVAILABLE ? undefined : error);
    });
  }

  /** The kind of a request, which is made when it is asked for; undefined when there are no more. */
  #kindOf(index: number): 'bars' | 'quotes' | undefined {
    if (index >= this.sent.length) {
      if (this.#stopped) return undefined;
      this.sent.push(this.#next());
    }
    return this.sent[index]!.bars.length > 0 ? 'bars' : 'quotes';
  }

  #send(call: ClientDuplexStream<object, PublishAck>, index: number): void {
    const { bars, quotes, signalTimeframes } = this.sent[index]!;
    const common = {
      request_id: index,
      symbol: this.symbol,
      signal_timeframes: signalTimeframes.map(protoTimeframe),
    };
    if (bars.length > 0)
      call.write({ ...common, timeframe: protoTimeframe(this.timeframe), bars: protoBars(bars) });
    else call.write({ ...common, quotes: quotes.map(({ ts, bid, ask }) => ({ ts, bid, ask })) });
  }

  #take({ request_id, accepted, rejected, skipped, conflicts }: PublishAck): void {
    const index = Number(request_id);
    assert.equal(index, this.#answered, 'answers come in the order of the requests');
    const { bars, quotes } = this.sent[index]!;
    assert.deepEqual(rejected, [], 'nothing invalid was sent');
    assert.equal(conflicts, 0, 'nothing was sent with other values');
    const isAgain = accepted === 0;
    assert.ok(isAgain || skipped.length === 0, `request ${index} was taken in part`);
    if (isAgain) this.resent++;
    for (const [i, bar] of bars.entries()) {
      const reason = skipped.find((row) => row.index === i)?.reason;
      assert.ok(reason === undefined || reason === 'duplicate', `a bar is ${reason}`);
      this.acknowledged.add(bar.openTime);
    }
    assert.ok(bars.length + quotes.length > 0);
    this.#answered++;
  }
}
