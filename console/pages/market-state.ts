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
/** Bars of one answer. */
const LIMIT_MAX = 5_000;

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

/** Two lists in their order as one; an entry of the later one stands for its equal. */
function merged<T>(before: readonly T[], later: readonly T[], order: (a: T, b: T) => number): T[] {
  const all: T[] = [];
  let at = 0;
  for (const entry of later) {
    while (at < before.length && order(before[at]!, entry) < 0) all.push(before[at++]!);
    if (at < before.length && order(before[at]!, entry) === 0) at++;
    all.push(entry);
  }
  while (at < before.length) all.push(before[at++]!);
  return all;
}

const byTime = (a: BarRow, b: BarRow): number => a[0] - b[0];
const byTimeAndId = (a: SignalRow, b: SignalRow): number =>
  a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

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

/** Asks for new bars when there are more than there were, one question at a time; outcomes of earlier signals come now and then. */
function useFresh(id: string | undefined, watched: number | undefined, take: (part: Loaded) => void): void {
  const fresh = useRef({ at: 0, bars: -1, busy: false });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const state = fresh.current;
    if (id === undefined || watched === undefined || watched === state.bars || state.busy) return;
    const now = performance.now();
    const isDue = now - state.at > OUTCOMES_MS;
    const missed = state.bars < 0 ? 0 : watched - state.bars;
    const limit = Math.min(LIMIT_MAX, (isDue ? 4 : 1) * FRESH + missed);
    if (isDue) state.at = now;
    state.bars = watched;
    state.busy = true;
    load(id, undefined, limit)
      .then(take, () => undefined)
      .finally(() => {
        state.busy = false;
        setTurn((n) => n + 1);
      });
  }, [id, watched, turn]);
}

/** Asks for bars before those that are there. */
function useOlder(
  id: string | undefined,
  bars: readonly BarRow[] | undefined,
  take: (part: Loaded) => void,
): () => void {
  const older = useRef({ id, busy: false, ended: false });
  if (older.current.id !== id) older.current = { id, busy: false, ended: false };
  return useCallback(() => {
    const state = older.current;
    const first = bars?.[0]?.[0];
    if (id === undefined || first === undefined || state.busy || state.ended || bars!.length >= KEPT_MAX)
      return;
    state.busy = true;
    load(id, first + 1, PAGE)
      .then((part) => {
        state.ended = part.bars.length < PAGE;
        take(part);
      })
      .catch(() => undefined)
      .finally(() => (state.busy = false));
  }, [id, bars]);
}

/** Bars and signals of a series, older ones on demand and newer ones as they come. */
export function useMarket(chosen: SeriesView | undefined, update: Update | undefined, renew: number): Market {
  const id = chosen?.id;
  const [loaded, setLoaded] = useState<Loaded>();
  const [error, setError] = useState<string>();
  const latest = useRef(id);
  latest.current = id;
  const take = useCallback((part: Loaded) => {
    // Another series may have been chosen meanwhile.
    if (part.id !== latest.current) return;
    setError(undefined);
    setLoaded((before) => (before?.id === part.id ? joined(before, part) : part));
  }, []);
  useEffect(() => {
    if (id === undefined) return;
    load(id, undefined, PAGE).then(take, (failure: unknown) => setError(messageOf(failure)));
  }, [id, renew]);
  const shown = loaded?.id === id ? loaded : undefined;
  useFresh(id, update?.watched?.bars, take);
  const loadOlder = useOlder(id, shown?.bars, take);
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

/** What is there with what came. */
function joined(before: Loaded, part: Loaded): Loaded {
  return {
    ...part,
    bars: merged(before.bars, part.bars, byTime).slice(-KEPT_MAX),
    signals: merged(before.signals, part.signals.toSorted(byTimeAndId), byTimeAndId).slice(-KEPT_MAX),
  };
}
