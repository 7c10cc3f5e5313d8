import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { utc } from '../format.ts';
import { color, onTheme } from '../theme.ts';

export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** A colour of the style sheet, such as `--accent`. */
  readonly color: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  readonly points?: boolean;
}

interface Props {
  readonly title: string;
  readonly x: readonly number[];
  readonly lines: readonly Line[];
  /** Whether x are times, in ms. */
  readonly time?: boolean;
  readonly formatX?: (x: number) => string;
  readonly formatY: (y: number) => string;
  readonly range?: { readonly x?: readonly [number, number]; readonly y?: readonly [number, number] };
  /** Where a vertical line is drawn. */
  readonly mark?: number;
  readonly height?: number;
}

/** Times as months and days, or with hours where several are of one day. */
function timesOf(times: readonly number[]): string[] {
  const days = times.map((time) => utc(time).slice(5, 10));
  if (new Set(days).size === days.length) return days;
  return times.map((time, i) => (days[i] === days[i - 1] ? utc(time).slice(11) : utc(time).slice(5)));
}

function axis(format: ((x: number) => string) | undefined, size: number): UPlot.Axis {
  return {
    stroke: color('--muted'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { stroke: color('--line'), width: 1 },
    font: '11px system-ui, sans-serif',
    size,
    ...(format === undefined ? {} : { values: (_: UPlot, splits: number[]) => splits.map(format) }),
  };
}

function drawMark(plot: UPlot, at: number): void {
  const { ctx, bbox } = plot;
  const x = plot.valToPos(at, 'x', true);
  ctx.save();
  ctx.strokeStyle = color('--muted');
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

function optionsOf(props: Props, width: number): UPlot.Options {
  const { lines, time = false, formatX, formatY, range, mark, height = 220 } = props;
  const { x, y } = range ?? {};
  return {
    width,
    height,
    ms: 1,
    tzDate: (ms) => UPlot.tzDate(new Date(ms), 'Etc/UTC'),
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time, ...(x === undefined ? {} : { range: [x[0], x[1]] as [number, number] }) },
      y: y === undefined ? {} : { range: [y[0], y[1]] as [number, number] },
    },
    axes: [
      time
        ? { ...axis(undefined, 32), values: (_: UPlot, splits: number[]) => timesOf(splits) }
        : axis(formatX, 32),
      axis(formatY, 62),
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: color(line.color),
        width: line.width ?? 1.5,
        points: { show: line.points === true, size: 7, fill: color(line.color) },
        spanGaps: true,
        ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
      })),
    ],
    hooks: mark === undefined ? {} : { draw: [(plot: UPlot) => drawMark(plot, mark)] },
  };
}

/** Lines over time or over any other quantity. What it shows is told in words to those who do not see it. */
export function LineChart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const { title, x, lines } = props;
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    let plot: UPlot | undefined;
    const draw = (): void => {
      plot?.destroy();
      const data = [x, ...lines.map(({ values }) => values)] as unknown as UPlot.AlignedData;
      plot = new UPlot(optionsOf(props, Math.max(200, element.clientWidth)), data, element);
    };
    draw();
    const { height = 220 } = props;
    const resized = new ResizeObserver(() =>
      plot?.setSize({ width: Math.max(200, element.clientWidth), height }),
    );
    resized.observe(element);
    const leave = onTheme(draw);
    return () => {
      leave();
      resized.disconnect();
      plot?.destroy();
    };
  }, [x, lines]);
  return <div ref={box} class="plot" role="img" aria-label={title} />;
}
