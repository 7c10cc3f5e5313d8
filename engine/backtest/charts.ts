import { scaleLinear, scaleUtc } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { HorizonScore } from '../learning/evaluation.js';
import type { Slice } from './slices.js';

const WIDTH = 920;
const LEFT = 58;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 26;

/** A text as it may stand in HTML. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

interface Frame {
  readonly width: number;
  readonly height: number;
  /** Said to those who do not see it. */
  readonly label: string;
}

type Scale = (x: number) => number;

function svg({ width, height, label }: Frame, content: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}">${content}</svg>`;
}

/** Lines across at the values of the left axis, and their labels. */
function leftAxis(width: number, ticks: readonly number[], y: Scale, text: (x: number) => string): string {
  return ticks
    .map(
      (tick) =>
        `<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/><text class="axis" x="${LEFT - 8}" y="${y(tick) + 4}" text-anchor="end">${text(tick)}</text>`,
    )
    .join('');
}

/** A curve over time. */
export interface Series {
  /** Class of the style sheet. */
  readonly kind: string;
  readonly time: readonly number[];
  readonly values: readonly number[];
  /** Upper edge, where it is a band from `values` up to it. */
  readonly upTo?: readonly number[];
}

/** Curves over time; `text` says a value of the left axis. */
export function timeChart(
  series: readonly Series[],
  options: { readonly height: number; readonly label: string; readonly text: (x: number) => string },
): string {
  const frame = { width: WIDTH, height: options.height, label: options.label };
  const numbers = series.flatMap(({ values, upTo = [] }) => [...values, ...upTo]);
  const times = series.flatMap(({ time }) => [time[0]!, time.at(-1)!]);
  const x = scaleUtc([Math.min(...times), Math.max(...times)], [LEFT, WIDTH - RIGHT]);
  const y = scaleLinear([Math.min(...numbers), Math.max(...numbers)], [frame.height - BOTTOM, TOP]).nice();
  const at = (time: number): number => x(new Date(time));
  const format = x.tickFormat(8);
  const timeAxis = x
    .ticks(8)
    .map(
      (tick) =>
        `<text class="axis" x="${x(tick)}" y="${frame.height - 6}" text-anchor="middle">${format(tick)}</text>`,
    )
    .join('');
  const shapes = series.map(({ kind, time, values, upTo }) => {
    const path =
      upTo === undefined
        ? line<number>()
            .x((_, i) => at(time[i]!))
            .y((value) => y(value))
            .digits(1)([...values])
        : area<number>()
            .x((_, i) => at(time[i]!))
            .y0((value) => y(value))
            .y1((_, i) => y(upTo[i]!))
            .digits(1)([...values]);
    return `<path class="${kind}" d="${path ?? ''}"/>`;
  });
  return svg(frame, leftAxis(WIDTH, y.ticks(5), y, options.text) + timeAxis + shapes.join(''));
}

/** One bar a slice: mean return of its trades in basis points with ± 2 standard errors. */
export function sliceChart(slices: readonly Slice[], label: string): string {
  const frame = { width: WIDTH, height: 230, label };
  const bps = (x: number): number => 10_000 * x;
  // A slice of a few trades may be anywhere: the axis is made for those whose error is known.
  const ends = slices.flatMap(({ meanReturn, standardError }) =>
    meanReturn === null || standardError === null
      ? []
      : [bps(meanReturn) - 2 * bps(standardError), bps(meanReturn) + 2 * bps(standardError)],
  );
  const y = scaleLinear(
    [Math.min(0, ...ends), Math.max(0, ...ends, 1)],
    [frame.height - BOTTOM - 14, TOP],
  ).nice();
  const step = (WIDTH - LEFT - RIGHT) / slices.length;
  const bars = slices.map(({ name, trades, meanReturn, standardError, winRate }, i) => {
    const middle = LEFT + step * (i + 0.5);
    const below = `<text class="axis" x="${middle}" y="${frame.height - 18}" text-anchor="middle">${escaped(name)}</text><text class="axis faint" x="${middle}" y="${frame.height - 4}" text-anchor="middle">${trades}</text>`;
    if (meanReturn === null) return below;
    const [from, to] = [y(Math.max(0, bps(meanReturn))), y(Math.min(0, bps(meanReturn)))];
    const error = 2 * bps(standardError ?? 0);
    const said = `${name}: ${trades} trades, mean ${bps(meanReturn).toFixed(1)} bps${standardError === null ? '' : ` ± ${error.toFixed(1)}`}, ${(100 * (winRate ?? 0)).toFixed(0)} % won`;
    const half = Math.min(26, step * 0.36);
    const whisker =
      standardError === null
        ? ''
        : `<line class="whisker" x1="${middle}" x2="${middle}" y1="${y(bps(meanReturn) - error)}" y2="${y(bps(meanReturn) + error)}"/>`;
    return `<g><title>${escaped(said)}</title><rect class="${meanReturn >= 0 ? 'gain' : 'loss'}" x="${middle - half}" width="${2 * half}" y="${from}" height="${Math.max(1, to - from)}"/>${whisker}${below}</g>`;
  });
  const zero = `<line class="zero" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(0)}" y2="${y(0)}"/>`;
  return svg(frame, leftAxis(WIDTH, y.ticks(5), y, String) + bars.join('') + zero);
}

/** How often the likeliest class came true over what was said of it; the size of a point is its share of the predictions. */
export function calibrationChart({ horizon, probabilities }: HorizonScore): string {
  const [width, height] = [300, 280];
  const frame = { width, height, label: `calibration over ${horizon}` };
  const bins = probabilities?.calibration ?? [];
  const all = bins.reduce((sum, { samples }) => sum + samples, 0);
  const seen = bins.flatMap(({ meanProbability, frequency }) => [meanProbability, frequency]);
  const least = Math.max(0, Math.min(1 / 3, ...seen) - 0.05);
  const most = Math.min(1, Math.max(0.6, ...seen) + 0.05);
  const x = scaleLinear([least, most], [LEFT, width - RIGHT - 8]);
  const y = scaleLinear([least, most], [height - BOTTOM, TOP]);
  const text = (share: number): string => `${Math.round(100 * share)} %`;
  const points = bins.map(({ samples, meanProbability, frequency }) => {
    const radius = 2 + 12 * Math.sqrt(samples / all);
    const error = 2 * Math.sqrt((frequency * (1 - frequency)) / samples);
    const [px, said] = [
      x(meanProbability),
      `said ${text(meanProbability)}, came true ${text(frequency)} of ${samples} times`,
    ];
    return `<g><title>${said}</title><line class="whisker" x1="${px}" x2="${px}" y1="${y(Math.min(most, frequency + error))}" y2="${y(Math.max(least, frequency - error))}"/><circle class="dot" cx="${px}" cy="${y(frequency)}" r="${radius.toFixed(1)}"/></g>`;
  });
  const below = x
    .ticks(5)
    .map(
      (tick) =>
        `<text class="axis" x="${x(tick)}" y="${height - 6}" text-anchor="middle">${text(tick)}</text>`,
    )
    .join('');
  const ideal = `<line class="ideal" x1="${x(least)}" y1="${y(least)}" x2="${x(most)}" y2="${y(most)}"/>`;
  return svg(frame, leftAxis(width, y.ticks(5), y, text) + below + ideal + points.join(''));
}
