import {
  CandlestickSeries,
  ColorType,
  HistogramSeries,
  createChart,
  createSeriesMarkers,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { useEffect, useRef } from 'preact/hooks';
import type { BarRow, SignalRow } from '../../engine/console/wire.ts';
import { digitsOf } from '../format.ts';
import { color, onTheme } from '../theme.ts';

interface Props {
  readonly bars: readonly BarRow[];
  /** Signals with the open time of their bars. */
  readonly signals: readonly PlacedSignal[];
  readonly selected: string | undefined;
  readonly title: string;
  readonly onPick: (signal: SignalRow) => void;
  readonly onHover: (bar: BarRow | undefined, signal: SignalRow | undefined) => void;
  /** Called when the beginning of what is loaded comes into view. */
  readonly onBeginning: () => void;
}

export interface PlacedSignal {
  readonly openTime: number;
  readonly signal: SignalRow;
}

/** A chart with what is drawn on it. */
interface Drawn {
  readonly chart: IChartApi;
  readonly candles: ISeriesApi<'Candlestick'>;
  readonly confidence: ISeriesApi<'Histogram'>;
  readonly markers: ISeriesMarkersPluginApi<Time>;
}

const COLORS = { LONG: '--up', SHORT: '--down', FLAT: '--flat' } as const;
/** Bars from the left edge at which older ones are asked for. */
const NEAR = 30;

function seconds(ms: number): UTCTimestamp {
  return (ms / 1_000) as UTCTimestamp;
}

function create(box: HTMLElement): Drawn {
  const chart = createChart(box, {
    autoSize: true,
    layout: { attributionLogo: false, panes: { enableResize: true } },
    timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 4, barSpacing: 8 },
    localization: { locale: 'en-GB' },
  });
  const candles = chart.addSeries(CandlestickSeries, { priceLineVisible: true });
  const confidence = chart.addSeries(
    HistogramSeries,
    {
      priceFormat: { type: 'custom', formatter: (x: number) => `${(x * 100).toFixed(0)} %` },
      priceLineVisible: false,
      lastValueVisible: false,
    },
    1,
  );
  chart.panes()[1]?.setHeight(84);
  const drawn = { chart, candles, confidence, markers: createSeriesMarkers(candles, []) };
  paint(drawn);
  return drawn;
}

/** Takes the colours of the theme. */
function paint({ chart, candles }: Drawn): void {
  const [up, down, line] = [color('--up'), color('--down'), color('--line')];
  chart.applyOptions({
    layout: {
      background: { type: ColorType.Solid, color: color('--card') },
      textColor: color('--muted'),
      panes: { separatorColor: line, separatorHoverColor: line },
    },
    grid: { vertLines: { color: line }, horzLines: { color: line } },
    rightPriceScale: { borderColor: line },
    timeScale: { borderColor: line },
  });
  candles.applyOptions({
    upColor: up,
    downColor: down,
    borderUpColor: up,
    borderDownColor: down,
    wickUpColor: up,
    wickDownColor: down,
  });
}

/** A signal as a marker: an arrow that grows with its confidence, or a dot where it abstained. */
function markerOf({ openTime, signal }: PlacedSignal, selected: string | undefined): SeriesMarker<Time> {
  const isChosen = signal.id === selected;
  const isFlat = signal.direction === 'FLAT';
  return {
    time: seconds(openTime),
    id: signal.id,
    position: signal.leaning > 0 ? 'belowBar' : 'aboveBar',
    shape: isFlat ? 'circle' : signal.direction === 'LONG' ? 'arrowUp' : 'arrowDown',
    color: color(isChosen ? '--accent' : COLORS[signal.direction]),
    size: isFlat ? 0.35 : 0.6 + signal.confidence,
    ...(isChosen ? { text: `${(signal.confidence * 100).toFixed(0)} %`, size: 1.6 } : {}),
  };
}

/** Signals that are marked at once: more arrows than this hide each other, and take too long to draw. */
const MARKED_MAX = 600;

/** Where a value belongs in a list that is in order of its times. */
function indexOf(placed: readonly PlacedSignal[], time: number): number {
  let low = 0;
  let high = placed.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (placed[middle]!.openTime < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Marks the signals in view: all of them, or where there are too many the surest that acted, and the one that is open. */
function mark({ chart, markers }: Drawn, { signals, selected }: Props): void {
  const range = chart.timeScale().getVisibleRange();
  const from = range === null ? 0 : indexOf(signals, Number(range.from) * 1_000);
  const to = range === null ? signals.length : indexOf(signals, Number(range.to) * 1_000 + 1);
  let shown = signals.slice(from, to);
  if (shown.length > MARKED_MAX) {
    const least =
      shown
        .flatMap(({ signal }) => (signal.direction === 'FLAT' ? [] : [signal.confidence]))
        .sort((a, b) => b - a)[MARKED_MAX] ?? 0;
    shown = shown.filter(
      ({ signal }) => signal.id === selected || (signal.direction !== 'FLAT' && signal.confidence > least),
    );
  }
  markers.setMarkers(shown.map((placed) => markerOf(placed, selected)));
}

/** What a chart series holds: when it begins and ends, and how much it is. */
interface Filled {
  first: number;
  last: number;
  count: number;
}

const NOTHING: Filled = { first: NaN, last: NaN, count: 0 };

/** Gives a chart series its points: all of them, or only those at the end where the ones before stand. */
function put<P extends { readonly time: UTCTimestamp }>(
  series: { setData(points: P[]): void; update(point: P): void },
  points: P[],
  before: Filled,
): Filled {
  const after = {
    first: Number(points[0]?.time),
    last: Number(points.at(-1)?.time),
    count: points.length,
  };
  const isLonger = before.first === after.first && Number(points[before.count - 1]?.time) === before.last;
  if (isLonger) for (const point of points.slice(before.count - 1)) series.update(point);
  else series.setData(points);
  return after;
}

function putCandles({ candles }: Drawn, bars: readonly BarRow[], before: Filled): Filled {
  const last = bars.at(-1);
  if (last !== undefined) {
    const digits = digitsOf(last[4]);
    candles.applyOptions({ priceFormat: { type: 'price', precision: digits, minMove: 10 ** -digits } });
  }
  const points = bars.map(([time, open, high, low, close]) => ({
    time: seconds(time),
    open,
    high,
    low,
    close,
  }));
  return put(candles, points, before);
}

function putConfidence({ confidence }: Drawn, signals: readonly PlacedSignal[], before: Filled): Filled {
  const colors = { LONG: color('--up'), SHORT: color('--down'), FLAT: color('--flat-soft') };
  const points = signals.map(({ openTime, signal }) => ({
    time: seconds(openTime),
    value: signal.confidence,
    color: colors[signal.direction],
  }));
  return put(confidence, points, before);
}

/** Bars that the chart holds at once: more than fit into the widest view, and few enough to be replaced within a frame or two. */
const WINDOW = 3_000;
/** How near the view may come to an end of the window before it moves, and how much the window may grow with new bars. */
const MARGIN = 200;
const SLACK = 600;

/** First and last open time of the bars that the chart holds, and whether the newest are among them. */
interface Window {
  readonly first: number;
  readonly last: number;
  readonly isNewest: boolean;
}

/** Index of the first bar that opened at or after a time. */
function barAt(bars: readonly BarRow[], time: number): number {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle]![0] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Fills a chart in steps, so that none of them keeps the page from answering, and with a window of the bars that moves with the
 * view. A later call takes the place of an earlier one.
 */
class Filler {
  readonly #drawn: Drawn;
  #candles = NOTHING;
  #confidence = NOTHING;
  #window: Window | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;

  constructor(drawn: Drawn) {
    this.#drawn = drawn;
  }

  fill(props: Props): void {
    clearTimeout(this.#timer);
    const { bars, signals } = props;
    const [from, to] = this.#place(bars);
    this.#candles = putCandles(this.#drawn, bars.slice(from, to), this.#candles);
    this.#timer = setTimeout(() => {
      const [first = 0] = bars[from] ?? [];
      const [last = 0] = bars[to - 1] ?? [];
      const within = signals.slice(indexOf(signals, first), indexOf(signals, last + 1));
      this.#confidence = putConfidence(this.#drawn, within, this.#confidence);
      this.#timer = setTimeout(() => mark(this.#drawn, props));
    });
  }

  /** Whether older bars are there but not in the chart, and the view comes near them; or newer ones. */
  isAtEdge({ bars }: Props): boolean {
    const held = this.#held(bars);
    return (
      held !== undefined && this.#isAt(held, bars, this.#drawn.chart.timeScale().getVisibleLogicalRange())
    );
  }

  /** Moves the window in the next frame: the chart is telling of its view when this is called. */
  fillSoon(latest: { readonly current: Props }): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.fill(latest.current));
  }

  /** The bars that the chart holds: from, up to. */
  #held(bars: readonly BarRow[]): readonly [number, number] | undefined {
    if (this.#window === undefined) return undefined;
    const { first, last, isNewest } = this.#window;
    return [barAt(bars, first), isNewest ? bars.length : barAt(bars, last + 1)];
  }

  /** The bars that the chart is to hold; it is emptied for them, and the view kept, when they are others than before. */
  #place(bars: readonly BarRow[]): readonly [number, number] {
    const held = this.#held(bars);
    const scale = this.#drawn.chart.timeScale();
    const view = scale.getVisibleLogicalRange();
    const isOfOther = held !== undefined && bars[held[0]]?.[0] !== this.#window!.first;
    const fits = held !== undefined && held[1] - held[0] <= WINDOW + SLACK;
    // Older bars that fit in come in at once: there is nothing to move yet.
    const hasRoom = held !== undefined && held[0] > 0 && bars.length <= WINDOW;
    if (fits && !isOfOther && !hasRoom && !this.#isAt(held, bars, view)) {
      this.#hold(bars, held);
      return held;
    }
    const middle =
      held === undefined || isOfOther || view === null
        ? bars.length
        : Math.round(held[0] + (view.from + view.to) / 2);
    const from = Math.max(0, Math.min(bars.length - WINDOW, middle - WINDOW / 2));
    const next = [from, Math.min(bars.length, from + WINDOW)] as const;
    this.#drawn.confidence.setData([]);
    this.#confidence = NOTHING;
    this.#candles = putCandles(this.#drawn, bars.slice(...next), NOTHING);
    if (held !== undefined && !isOfOther && view !== null) {
      const by = held[0] - from;
      scale.setVisibleLogicalRange({ from: view.from + by, to: view.to + by });
    }
    this.#hold(bars, next);
    return next;
  }

  #isAt(
    [from, to]: readonly [number, number],
    bars: readonly BarRow[],
    view: { readonly from: number; readonly to: number } | null,
  ): boolean {
    if (view === null) return false;
    return (from > 0 && view.from < MARGIN) || (to < bars.length && view.to > to - from - MARGIN);
  }

  #hold(bars: readonly BarRow[], [from, to]: readonly [number, number]): void {
    const [first, last] = [bars[from]?.[0], bars[to - 1]?.[0]];
    this.#window =
      first === undefined || last === undefined ? undefined : { first, last, isNewest: to === bars.length };
  }

  /** Takes the colours of the theme. */
  repaint(props: Props): void {
    paint(this.#drawn);
    this.#confidence = NOTHING;
    this.fill(props);
  }

  /** Marks what is in view once the view has come to rest for a frame. */
  mark(latest: { readonly current: Props }): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => mark(this.#drawn, latest.current));
  }

  stop(): void {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
  }
}

function listen({ chart }: Drawn, filler: Filler, latest: { current: Props }): void {
  const at = (time: Time | undefined): readonly [BarRow | undefined, SignalRow | undefined] => {
    if (time === undefined) return [undefined, undefined];
    const ms = Number(time) * 1_000;
    const { bars, signals } = latest.current;
    const bar = bars[barAt(bars, ms)];
    const placed = signals[indexOf(signals, ms)];
    return [bar?.[0] === ms ? bar : undefined, placed?.openTime === ms ? placed.signal : undefined];
  };
  chart.subscribeCrosshairMove(({ time }) => latest.current.onHover(...at(time)));
  chart.subscribeClick(({ time }) => {
    const [, signal] = at(time);
    if (signal !== undefined) latest.current.onPick(signal);
  });
  chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
    filler.mark(latest);
    if (range === null || latest.current.bars.length === 0) return;
    if (filler.isAtEdge(latest.current)) filler.fillSoon(latest);
    else if (range.from < NEAR) latest.current.onBeginning();
  });
}

/** Candles with every signal on them, and below them how sure each was. */
export function PriceChart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const filler = useRef<Filler>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const drawn = create(box.current!);
    const made = new Filler(drawn);
    filler.current = made;
    listen(drawn, made, latest);
    const leave = onTheme(() => made.repaint(latest.current));
    return () => {
      leave();
      made.stop();
      drawn.chart.remove();
    };
  }, []);
  useEffect(() => filler.current?.fill(props), [props.bars, props.signals, props.selected]);
  return <div ref={box} class="price-chart" role="img" aria-label={props.title} />;
}
