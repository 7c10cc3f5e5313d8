import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type {
  BarRow,
  BarsView,
  SeriesView,
  SignalRow,
  SignalsView,
  Update,
} from '../../engine/console/wire.ts';
import { ask, messageOf } from '../api.ts';
import type { PlacedSignal } from '../charts/price-chart.tsx';

/** Bars asked for at once, and kept at most. */
const PAGE = 600;
const KEPT_MAX = 12_000;
/** Bars asked for when new ones came, and how often outcomes are asked for again. */
const FRESH = 60;
const OUTCOMES_MS = 10_000;

/** What the market page shows of a series. */
export interface Market {
  readonly bars: readonly BarRow[];
  readonly signals: readonly SignalRow[];
  readonly placed: readonly PlacedSignal[];
  readonly note: string | null;
  readonly error: string | undefined;
  readonly loading: boolean;
  readonly loadOlder: () => void;
}

interface Loaded {
  readonly id: string;
  readonly bars: readonly BarRow[];
  readonly signals: readonly SignalRow[];
  readonly note: string | null;
}

/** Two lists in their order, the later one's entries standing for those of the same key. */
function merged<T>(
  before: readonly T[],
  later: readonly T[],
  keyOf: (entry: T) => number | string,
  at: (entry: T) => number,
): T[] {
  const all = new Map(before.map((entry) => [keyOf(entry), entry]));
  for (const entry of later) all.set(keyOf(entry), entry);
  return [...all.values()].sort((a, b) => at(a) - at(b));
}

const mergedBars = (a: readonly BarRow[], b: readonly BarRow[]): BarRow[] =>
  merged(
    a,
    b,
    ([t]) => t,
    ([t]) => t,
  );
const mergedSignals = (a: readonly SignalRow[], b: readonly SignalRow[]): SignalRow[] =>
  merged(
    a,
    b,
    ({ id }) => id,
    ({ time }) => time,
  );

async function load(id: string, before: number | undefined, limit: number): Promise<Loaded> {
  const { bars, note } = await ask<BarsView>('/api/bars', { series: id, before, limit });
  const [first] = bars;
  const last = bars.at(-1);
  if (first === undefined || last === undefined) return { id, bars, signals: [], note };
  const to = before === undefined ? undefined : before;
  const found = await ask<SignalsView>('/api/signals', { series: id, from: first[0] + 1, to, limit: 2_000 });
  return { id, bars, signals: found.signals, note: note ?? found.note };
}

/** Gives each signal the bar it was made at: the last that opened before its close. Both are in order. */
function place(bars: readonly BarRow[], signals: readonly SignalRow[]): PlacedSignal[] {
  const placed: PlacedSignal[] = [];
  let at = 0;
  for (const signal of signals) {
    while (at + 1 < bars.length && bars[at + 1]![0] < signal.time) at++;
    const openTime = bars[at]?.[0];
    if (openTime === undefined || openTime >= signal.time || placed.at(-1)?.openTime === openTime) continue;
    placed.push({ openTime, signal });
  }
  return placed;
}

/** Bars and signals of a series, older ones on demand and newer ones as they come. */
export function useMarket(chosen: SeriesView | undefined, update: Update | undefined, renew: number): Market {
  const id = chosen?.id;
  const [loaded, setLoaded] = useState<Loaded>();
  const [error, setError] = useState<string>();
  const older = useRef<{ id: string; busy: boolean; ended: boolean }>({ id: '', busy: false, ended: false });
  const fresh = useRef({ at: 0, bars: -1, busy: false });

  const take = useCallback((part: Loaded) => {
    setError(undefined);
    setLoaded((before) =>
      before?.id === part.id
        ? {
            ...part,
            bars: mergedBars(before.bars, part.bars).slice(-KEPT_MAX),
            signals: mergedSignals(before.signals, part.signals).slice(-KEPT_MAX),
          }
        : part,
    );
  }, []);

  useEffect(() => {
    if (id === undefined) return;
    older.current = { id, busy: false, ended: false };
    load(id, undefined, PAGE).then(take, (failure: unknown) => setError(messageOf(failure)));
  }, [id, renew]);

  // New bars are asked for when there are more than there were, and not before the last answer came; outcomes of earlier
  // signals come with them now and then.
  const watched = update?.watched?.bars;
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const state = fresh.current;
    if (id === undefined || watched === undefined || watched === state.bars || state.busy) return;
    const now = performance.now();
    const limit = now - state.at > OUTCOMES_MS ? 4 * FRESH : FRESH;
    if (limit > FRESH) state.at = now;
    state.bars = watched;
    state.busy = true;
    load(id, undefined, limit)
      .then(take, () => undefined)
      .finally(() => {
        state.busy = false;
        setTurn((n) => n + 1);
      });
  }, [id, watched, turn]);

  const loadOlder = useCallback(() => {
    const state = older.current;
    const first = loaded?.bars[0]?.[0];
    if (id === undefined || first === undefined || state.busy || state.ended) return;
    if ((loaded?.bars.length ?? 0) >= KEPT_MAX) return;
    state.busy = true;
    load(id, first + 1, PAGE)
      .then((part) => {
        if (part.bars.length < PAGE) state.ended = true;
        take(part);
      })
      .catch(() => undefined)
      .finally(() => (state.busy = false));
  }, [id, loaded?.bars]);

  const shown = loaded?.id === id ? loaded : undefined;
  const placed = useMemo(() => place(shown?.bars ?? [], shown?.signals ?? []), [shown]);
  return {
    bars: shown?.bars ?? [],
    signals: shown?.signals ?? [],
    placed,
    note: shown?.note ?? null,
    error,
    loading: shown === undefined && error === undefined,
    loadOlder,
  };
}
