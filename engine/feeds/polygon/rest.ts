import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Bar } from '../../../actors/market/bar.js';
import { timeframeMs, type Timeframe } from '../../../actors/market/timeframe.js';
import { SuhoError, messageOf } from '../../errors.js';
import { barOfResult } from './messages.js';

/** Bars of a page: the most that Polygon gives. */
const PAGE = 50_000;
const REQUEST_MS = 60_000;
/** Wait after a 429 that does not say how long: the free plan allows five calls a minute. */
const LIMITED_MS = 12_000;
const LIMITED_MS_MAX = 120_000;
const LIMITED_MS_MIN = 1_000;
/** Bytes of an answer; a page of bars has about 6 million. */
const ANSWER_BYTES_MAX = 50_000_000;
const RETRY_MS = 500;
const RETRY_MS_MAX = 30_000;
/** Tries of one request that the server does not answer or fails. */
const TRIES_MAX = 8;
/** Waits for Polygon's limit of one request. */
const WAITS_MAX = 50;
/** Pages of one range: decades of minutes. */
const PAGES_MAX = 5_000;

/** The timeframes that Polygon's aggregates can be asked for so that they lie on the same grid in every market. */
const SPANS: Partial<Readonly<Record<Timeframe, string>>> = {
  '1m': '1/minute',
  '5m': '5/minute',
  '15m': '15/minute',
  '30m': '30/minute',
  '1h': '1/hour',
};
export const POLYGON_TIMEFRAMES = Object.keys(SPANS) as readonly Timeframe[];

const answerSchema = z.looseObject({
  status: z.string().optional(),
  results: z.array(z.unknown()).nullish(),
  next_url: z.string().nullish(),
});

/** A range of a ticker's bars: those that open in [from, to), epoch milliseconds, all of them over. */
export interface AggregatesRequest {
  readonly ticker: string;
  readonly timeframe: Timeframe;
  readonly from: number;
  readonly to: number;
  /** Whether prices of stocks are adjusted for later splits; by default they are as traded, as in the live stream. */
  readonly adjusted?: boolean;
}

export interface PolygonRestOptions {
  readonly url: string;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  readonly wait?: (ms: number) => Promise<unknown>;
  /** Told before a wait: why, and for how long. */
  readonly onWait?: (reason: string, ms: number) => void;
  /** Ends requests and waits. */
  readonly signal?: AbortSignal;
}

/** Thrown inside when a request may be tried again. */
class Retry extends Error {
  readonly waitMs: number | undefined;
  readonly isLimit: boolean;

  constructor(message: string, isLimit: boolean, waitMs?: number) {
    super(message);
    this.isLimit = isLimit;
    this.waitMs = waitMs;
  }
}

/** Polygon's REST interface, as far as Suho uses it: pages of aggregates, within the limits of the key. */
export class PolygonRest {
  readonly #options: PolygonRestOptions;
  readonly #base: URL;
  readonly #now: () => number;

  constructor(options: PolygonRestOptions) {
    this.#options = options;
    this.#base = new URL(options.url);
    this.#now = options.now ?? Date.now;
  }

  /**
   * The bars of a range in pages, in Polygon's order, oldest first; a field that is missing is NaN. Waits for Polygon's limits and for a server that is away. Throws `FORBIDDEN` for a wrong key and for what
   * the plan does not include, `BAD_INPUT` for what Polygon calls wrong, `STORE_UNAVAILABLE` when it does not answer, or not
   * as documented.
   */
  async *aggregates(request: AggregatesRequest): AsyncGenerator<Bar[]> {
    const { ticker, timeframe, from, to, adjusted = false } = request;
    const span = SPANS[timeframe];
    if (span === undefined)
      throw new SuhoError(
        'BAD_INPUT',
        `Take ${POLYGON_TIMEFRAMES.join(', ')} from Polygon: its longer bars begin at other times; ${timeframe} bars are built from shorter ones.`,
      );
    const path = `v2/aggs/ticker/${encodeURIComponent(ticker)}/range/${span}/${from}/${to - 1}`;
    let url: URL | undefined = this.#at(`${path}?adjusted=${adjusted}&sort=asc&limit=${PAGE}`);
    let newest = -Infinity;
    for (let page = 0; url !== undefined; page++) {
      if (page === PAGES_MAX) throw unreadable(`more than ${PAGES_MAX} pages`);
      const { results, next_url: next } = await this.#get(url);
      const bars = this.#inRange((results ?? []).map(barOfResult), request);
      const reached = bars.reduce((most, { openTime }) => (openTime > most ? openTime : most), -Infinity);
      if (bars.length > 0 && reached <= newest)
        throw unreadable('a page with nothing newer than the one before');
      newest = Math.max(newest, reached);
      yield bars;
      url = next === undefined || next === null ? undefined : this.#following(next, url);
    }
  }

  /**
   * The bars of the range. Polygon moves its ends to whole bars, so one more on either side is no fault; any other time
   * is, such as one in seconds. A bar without a time passes: who takes bars refuses it by name.
   */
  #inRange(bars: readonly Bar[], { from, to, timeframe }: AggregatesRequest): Bar[] {
    const length = timeframeMs(timeframe);
    const stray = bars.find(({ openTime }) => openTime <= from - length || openTime >= to + length);
    if (stray !== undefined)
      throw unreadable(`a bar of time ${stray.openTime} for the range from ${from} to ${to}`);
    return bars.filter(({ openTime }) => Number.isNaN(openTime) || (openTime >= from && openTime < to));
  }

  /** Asks whether the key holds: throws as {@link aggregates}. */
  async check(): Promise<void> {
    await this.#get(this.#at('v1/marketstatus/now'));
  }

  /** Asks whether the plan includes a ticker; false when Polygon has no bar of it. Throws as {@link aggregates}. */
  async has(ticker: string): Promise<boolean> {
    const { results } = await this.#get(this.#at(`v2/aggs/ticker/${encodeURIComponent(ticker)}/prev`));
    return (results ?? []).length > 0;
  }

  #at(path: string): URL {
    return new URL(path, `${this.#base.href.replace(/\/$/, '')}/`);
  }

  /** The next page. The key goes to no other server, whatever an answer says. */
  #following(next: string, current: URL): URL {
    const url = URL.canParse(next) ? new URL(next) : undefined;
    if (url === undefined || url.origin !== this.#base.origin)
      throw unreadable('a next page that is on another server');
    url.searchParams.delete('apiKey');
    if (url.href === current.href) throw unreadable('the same page again');
    return url;
  }

  async #get(url: URL): Promise<z.output<typeof answerSchema>> {
    let tries = 0;
    let waits = 0;
    for (;;) {
      try {
        return await this.#once(url);
      } catch (error) {
        if (!(error instanceof Retry)) throw error;
        const count = error.isLimit ? ++waits : ++tries;
        if (count >= (error.isLimit ? WAITS_MAX : TRIES_MAX) || this.#options.signal?.aborted === true)
          throw new SuhoError('STORE_UNAVAILABLE', `${error.message}; run it again later.`);
        const ms = error.isLimit
          ? Math.min(LIMITED_MS_MAX, Math.max(LIMITED_MS_MIN, error.waitMs ?? LIMITED_MS))
          : Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** (count - 1));
        this.#options.onWait?.(error.message, ms);
        await (this.#options.wait ?? sleep)(ms);
      }
    }
  }

  async #once(url: URL): Promise<z.output<typeof answerSchema>> {
    const { signal } = this.#options;
    let answer: Response;
    let body: string;
    try {
      answer = await fetch(url, {
        headers: { authorization: `Bearer ${this.#options.key}` },
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(REQUEST_MS), ...(signal === undefined ? [] : [signal])]),
      });
      body = await textOf(answer);
    } catch (error) {
      if (error instanceof SuhoError) throw error;
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new Retry(`Polygon at ${this.#base.origin} does not answer (${messageOf(cause)})`, false);
    }
    const text = reasonOf(body);
    if (answer.status === 429)
      throw new Retry(`Polygon's limit of calls a minute is reached`, true, this.#retryAfter(answer));
    if (answer.status === 401)
      throw new SuhoError('FORBIDDEN', `Polygon refuses the key${text}; correct POLYGON_API_KEY.`);
    if (answer.status === 403)
      throw new SuhoError('FORBIDDEN', `The plan of the Polygon key does not include this${text}.`);
    if (answer.status >= 500) throw new Retry(`Polygon answers ${answer.status}${text}`, false);
    if (!answer.ok) throw new SuhoError('BAD_INPUT', `Polygon answers ${answer.status}${text}.`);
    const json = parseJson(body);
    // A page of a proxy, or an answer that was cut off.
    if (json === undefined) throw new Retry('Polygon sent an answer that is no JSON', false);
    const parsed = answerSchema.safeParse(json);
    if (!parsed.success) throw unreadable('an answer that is not in its documented form');
    return parsed.data;
  }

  /** What a server asks to wait, in milliseconds: seconds, or a date. */
  #retryAfter({ headers }: Response): number | undefined {
    const given = headers.get('retry-after');
    if (given === null) return undefined;
    const ms = /^\d+$/.test(given.trim()) ? Number(given) * 1_000 : Date.parse(given) - this.#now();
    return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
  }
}

function unreadable(what: string): SuhoError {
  return new SuhoError('STORE_UNAVAILABLE', `Polygon sent ${what}; nothing more is taken from it.`);
}

/** The text of an answer, which must not be endless. */
async function textOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw unreadable(`an answer of more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What an answer says about a failure, as the end of a sentence. */
function reasonOf(body: string): string {
  const parsed = z
    .looseObject({ error: z.string().optional(), message: z.string().optional() })
    .safeParse(parseJson(body));
  const reason = parsed.success ? (parsed.data.error ?? parsed.data.message) : undefined;
  return reason === undefined ? '' : ` (${reason.slice(0, 200).replace(/\.$/, '')})`;
}
