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

function fill({ candles, confidence, markers }: Drawn, { bars, signals, selected }: Props): void {
  candles.setData(
    bars.map(([time, open, high, low, close]) => ({ time: seconds(time), open, high, low, close })),
  );
  const last = bars.at(-1);
  if (last !== undefined) {
    const digits = digitsOf(last[4]);
    candles.applyOptions({ priceFormat: { type: 'price', precision: digits, minMove: 10 ** -digits } });
  }
  const colors = { LONG: color('--up'), SHORT: color('--down'), FLAT: color('--flat-soft') };
  confidence.setData(
    signals.map(({ openTime, signal }) => ({
      time: seconds(openTime),
      value: signal.confidence,
      color: colors[signal.direction],
    })),
  );
  markers.setMarkers(signals.map((placed) => markerOf(placed, selected)));
}

function listen({ chart }: Drawn, latest: { current: Props }): void {
  const at = (time: Time | undefined): readonly [BarRow | undefined, SignalRow | undefined] => {
    if (time === undefined) return [undefined, undefined];
    const ms = Number(time) * 1_000;
    const { bars, signals } = latest.current;
    return [bars.find(([open]) => open === ms), signals.find(({ openTime }) => openTime === ms)?.signal];
  };
  chart.subscribeCrosshairMove(({ time }) => latest.current.onHover(...at(time)));
  chart.subscribeClick(({ time }) => {
    const [, signal] = at(time);
    if (signal !== undefined) latest.current.onPick(signal);
  });
  chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
    if (range !== null && range.from < NEAR && latest.current.bars.length > 0) latest.current.onBeginning();
  });
}

/** Candles with every signal on them, and below them how sure each was. */
export function PriceChart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const made = create(box.current!);
    drawn.current = made;
    listen(made, latest);
    const leave = onTheme(() => {
      paint(made);
      fill(made, latest.current);
    });
    return () => {
      leave();
      made.chart.remove();
    };
  }, []);
  useEffect(() => {
    if (drawn.current !== undefined) fill(drawn.current, props);
  }, [props.bars, props.signals, props.selected]);
  return <div ref={box} class="price-chart" role="img" aria-label={props.title} />;
}
