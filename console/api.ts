import { useEffect, useRef, useState } from 'preact/hooks';
import type { Failure, Update } from '../engine/console/wire.ts';

/** What the server refused, in its words. */
export class ApiFailure extends Error {
  readonly status: number;

  constructor(httpStatus: number, message: string) {
    super(message);
    this.status = httpStatus;
  }
}

type Params = Readonly<Record<string, string | number | undefined>>;

const RETRIES = 3;
/** What is not answered by then never is: the engine gives up sooner. */
const ANSWER_MS_MAX = 60_000;
/** A page that is refused for its rate comes again after this long at most. */
const WAIT_MS_MAX = 5_000;

/** Called with the server's words when a credential no longer holds. */
let onSignedOut: (message: string) => void = () => undefined;

export function whenSignedOut(listener: (message: string) => void): void {
  onSignedOut = listener;
}

export function signedOut(message: string): void {
  onSignedOut(message);
}

function urlOf(path: string, params: Params = {}): string {
  const given = Object.entries(params).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const query = new URLSearchParams(given).toString();
  return query === '' ? path : `${path}?${query}`;
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const body = (await response.json().catch(() => undefined)) as Failure | undefined;
  return new ApiFailure(response.status, body?.message ?? `The engine answered ${response.status}.`);
}

/** Asks the server. Throws {@link ApiFailure}; TypeError when it does not answer. */
export async function ask<T>(path: string, params: Params = {}, init: RequestInit = {}): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const late = AbortSignal.timeout(ANSWER_MS_MAX);
    const signal = init.signal ? AbortSignal.any([init.signal, late]) : late;
    const response = await fetch(urlOf(path, params), { credentials: 'same-origin', ...init, signal });
    if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
    if (response.status === 429 && attempt < RETRIES) {
      const wait = Number(response.headers.get('retry-after') ?? 1) * 1_000;
      await new Promise((resolve) => setTimeout(resolve, Math.min(wait, WAIT_MS_MAX)));
      continue;
    }
    const failure = await failureOf(response);
    if (response.status === 401 && path !== '/api/session') onSignedOut(failure.message);
    throw failure;
  }
}

export async function send<T>(method: 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
  return await ask<T>(
    path,
    {},
    {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    },
  );
}

export interface Answer<T> {
  readonly value: T | undefined;
  readonly error: string | undefined;
  readonly loading: boolean;
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiFailure) return error.message;
  return 'The engine does not answer; this page tries again by itself.';
}

/**
 * What a route answers, asked again whenever `renew` changes. Nothing is asked while `path` is undefined. The last answer
 * stays until the next one is there; one to another question only with `keeps`.
 */
export function useAnswer<T>(
  path: string | undefined,
  params: Params = {},
  renew: unknown = 0,
  keeps = false,
): Answer<T> {
  const url = path === undefined ? undefined : urlOf(path, params);
  const [answer, setAnswer] = useState<Answer<T> & { url: string | undefined }>({
    value: undefined,
    error: undefined,
    loading: true,
    url: undefined,
  });
  const asking = useRef<(() => void) | undefined>(undefined);
  useEffect(() => {
    if (url === undefined) return undefined;
    const stop = new AbortController();
    let isUnderWay = false;
    let isWanted = false;
    // One after the other: what is renewed faster than it is answered would never come if each ended the one before.
    asking.current = () => {
      isWanted = true;
      if (isUnderWay) return;
      isUnderWay = true;
      isWanted = false;
      ask<T>(url, {}, { signal: stop.signal })
        .then(
          (value) => setAnswer({ value, error: undefined, loading: false, url }),
          (error: unknown) => {
            if (stop.signal.aborted) return;
            setAnswer((before) => ({
              value: before.url === url ? before.value : undefined,
              error: messageOf(error),
              loading: false,
              url,
            }));
          },
        )
        .finally(() => {
          isUnderWay = false;
          if (isWanted && !stop.signal.aborted) asking.current?.();
        });
    };
    return () => {
      asking.current = undefined;
      stop.abort();
    };
  }, [url]);
  useEffect(() => asking.current?.(), [url, renew]);
  return answer.url === url || (keeps && answer.value !== undefined)
    ? answer
    : { value: undefined, error: undefined, loading: true };
}

/** Counts up every so many milliseconds while the page is looked at: what is renewed with it is asked for again. */
export function useTicks(ms: number): number {
  const [ticks, setTicks] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setTicks((n) => n + 1);
    }, ms);
    return () => clearInterval(timer);
  }, [ms]);
  return ticks;
}

/** Acts on the rows of a list: what came of the last, and a number to ask for the list again with. */
export function useActs(): {
  readonly said: string;
  readonly turn: number;
  /** Runs an act, which gives what to say. */
  readonly act: (work: () => Promise<string>) => Promise<void>;
} {
  const [said, setSaid] = useState('');
  const [turn, setTurn] = useState(0);
  const act = async (work: () => Promise<string>): Promise<void> => {
    try {
      setSaid(await work());
    } catch (failure) {
      setSaid(messageOf(failure));
    }
    setTurn((n) => n + 1);
  };
  return { said, turn, act };
}

const AWAY_MS = 2_000;
/** The engine says something every 15 s; a connection that is silent for longer is broken, though no browser says so. */
const SILENCE_MS_MAX = 40_000;

/**
 * Keeps a stream of updates open. `onUpdate` gets each; `onConnected` learns whether the engine answers. The function given
 * back ends it.
 */
export function listen(
  params: Params,
  onUpdate: (update: Update) => void,
  onConnected: (connected: boolean) => void,
): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void lost(), SILENCE_MS_MAX);
  };
  const open = (): void => {
    if (ended) return;
    heard();
    source = new EventSource(urlOf('/api/events', params));
    source.addEventListener('open', () => onConnected(true));
    source.addEventListener('alive', heard);
    source.addEventListener('update', (event) => {
      heard();
      onUpdate(JSON.parse(event.data as string) as Update);
    });
    source.addEventListener('end', () => void lost());
    source.addEventListener('error', () => void lost());
  };
  const lost = async (): Promise<void> => {
    clearTimeout(timer);
    source?.close();
    if (ended) return;
    // Why it broke is not told, so it is asked for: a credential that ended, or an engine that is away.
    // One that is away may not even refuse.
    const patience = AbortSignal.timeout(SILENCE_MS_MAX / 2);
    try {
      await ask('/api/health', {}, { signal: patience });
    } catch (error) {
      if (!(error instanceof ApiFailure)) onConnected(false);
    }
    clearTimeout(timer);
    if (!ended) timer = setTimeout(open, AWAY_MS);
  };
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    source?.close();
  };
}
