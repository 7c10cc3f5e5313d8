import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { DayView, SeriesView } from '../../engine/console/wire.ts';
import { ask, messageOf } from '../api.ts';
import { percent, utcDay, words } from '../format.ts';
import { Card, Waiting } from '../parts/parts.tsx';

/** Series and days that are shown. */
const SERIES_MAX = 24;
const DAYS = 90;
const DAY_MS = 86_400_000;
/** As in the style sheet, where the names' lines are as high. */
const CELL = 14;

/** What a cell's colour stands for: the share of a day's bars with one of these flags. */
const MEASURES: Readonly<Record<string, { readonly title: string; readonly flags: readonly string[] }>> = {
  any: { title: 'any fault', flags: ['missingBars', 'staleQuote', 'outlier', 'spreadSpike', 'lateData'] },
  gaps: { title: 'gaps', flags: ['missingBars'] },
  stale: { title: 'stale quotes', flags: ['staleQuote'] },
  outliers: { title: 'outliers', flags: ['outlier'] },
  spreads: { title: 'wide spreads', flags: ['spreadSpike'] },
};

interface Row {
  readonly series: SeriesView;
  readonly days: ReadonlyMap<number, DayView>;
}

/** Days of each series, asked for one after the other. */
function useDays(
  series: readonly SeriesView[],
  renew: number,
): { rows: readonly Row[]; error: string | undefined } {
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [error, setError] = useState<string>();
  const ids = series.map(({ id }) => id).join(' ');
  useEffect(() => {
    let stopped = false;
    void (async () => {
      const found = new Map<string, Row>();
      try {
        for (const one of series.slice(0, SERIES_MAX)) {
          const days = await ask<readonly DayView[]>('/api/days', { series: one.id, limit: DAYS });
          if (stopped) return;
          found.set(one.id, { series: one, days: new Map(days.map((day) => [day.day, day])) });
          // A series that was shown stays until its own answer is there.
          setRows((before) => {
            const shown = new Map([...before.map((row) => [row.series.id, row] as const), ...found]);
            return series.flatMap(({ id }) => shown.get(id) ?? []);
          });
        }
        setError(undefined);
      } catch (failure) {
        if (!stopped) setError(messageOf(failure));
      }
    })();
    return () => {
      stopped = true;
    };
  }, [ids, renew]);
  return { rows, error };
}

function faulty(day: DayView, measure: string): number {
  const { flags } = MEASURES[measure]!;
  const worst = Math.max(...flags.map((flag) => day.flags[flag] ?? 0));
  return day.bars === 0 ? 0 : worst / day.bars;
}

const KEYS = [
  ['none', 'no bars'],
  ['q0', 'clean'],
  ['q1', 'below 2 %'],
  ['q2', 'below 10 %'],
  ['q3', 'below 30 %'],
  ['q4', 'more'],
] as const;

/** Five steps are told apart by eye; a single bad bar is seen. */
function stepOf(share: number): number {
  if (share <= 0) return 0;
  return share < 0.02 ? 1 : share < 0.1 ? 2 : share < 0.3 ? 3 : 4;
}

/** Quality by series and day, as a map of where bars are missing, stale or out of line. */
export function QualityMap({
  series,
  renew,
}: {
  readonly series: readonly SeriesView[];
  readonly renew: number;
}) {
  const { rows, error } = useDays(series, renew);
  const [measure, setMeasure] = useState('any');
  const [at, setAt] = useState<readonly [number, number]>();
  const last = Math.max(0, ...rows.flatMap(({ days }) => [...days.keys()]));
  const days = useMemo(() => Array.from({ length: DAYS }, (_, i) => last - (DAYS - 1 - i) * DAY_MS), [last]);
  return (
    <Card
      title="Quality by day"
      class="wide"
      extra={
        <label class="picker">
          <span>Show</span>
          <select value={measure} onChange={(event) => setMeasure(event.currentTarget.value)}>
            {Object.entries(MEASURES).map(([name, { title }]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <Waiting error={error} loading={rows.length === 0} />
      {rows.length > 0 && <Grid rows={rows} days={days} measure={measure} at={at} onAt={setAt} />}
      <p class="map-detail" aria-live="polite">
        {detailOf(rows, days, at)}
      </p>
      <p class="keys steps-key">
        {KEYS.map(([kind, text]) => (
          <span key={kind}>
            <span class={`cell ${kind}`} /> {text}
          </span>
        ))}
      </p>
      {series.length > SERIES_MAX && (
        <p class="hint">
          The first {SERIES_MAX} of {series.length} series are shown.
        </p>
      )}
    </Card>
  );
}

function detailOf(
  rows: readonly Row[],
  days: readonly number[],
  at: readonly [number, number] | undefined,
): string {
  if (at === undefined) return 'Point at a day, or move over the map with the arrow keys.';
  const row = rows[at[0]];
  const time = days[at[1]] ?? 0;
  if (row === undefined) return '';
  const day = row.days.get(time);
  const name = `${row.series.symbol} ${row.series.timeframe}, ${utcDay(time)}`;
  if (day === undefined) return `${name}: no bars`;
  const flags = Object.entries(day.flags).flatMap(([flag, n]) => (n > 0 ? [`${n} ${words(flag)}`] : []));
  return `${name}: ${day.bars} bars, score ${percent(day.score, 0)}${flags.length > 0 ? `; ${flags.join(', ')}` : ', nothing to report'}`;
}

interface GridProps {
  readonly rows: readonly Row[];
  readonly days: readonly number[];
  readonly measure: string;
  readonly at: readonly [number, number] | undefined;
  readonly onAt: (at: readonly [number, number]) => void;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function Grid({ rows, days, measure, at, onAt }: GridProps) {
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const [row, day] = at ?? [0, days.length];
    onAt([
      Math.max(0, Math.min(rows.length - 1, row + step[0])),
      Math.max(0, Math.min(days.length - 1, day + step[1])),
    ]);
  };
  // The newest days are what one looks for; on a phone they are out of sight.
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (box.current !== null) box.current.scrollLeft = box.current.scrollWidth;
  }, []);
  const { length } = days;
  return (
    <div class="map-frame">
      <ul class="map-names" aria-hidden="true">
        {rows.map(({ series }) => (
          <li key={series.id}>
            {series.symbol} {series.timeframe}
          </li>
        ))}
      </ul>
      <div
        ref={box}
        class="scroll map"
        tabIndex={0}
        role="application"
        aria-label="Map of quality by series and day; arrow keys move, the line below tells the day"
        onKeyDown={onKeyDown}
      >
        <svg width={length * CELL} height={(rows.length + 1) * CELL + 2} aria-hidden="true">
          {days.map((day, i) =>
            new Date(day).getUTCDate() === 1 ? (
              // Near the end there is room only to its left.
              <text
                key={day}
                x={(i > length - 4 ? i + 1 : i) * CELL}
                y={10}
                text-anchor={i > length - 4 ? 'end' : 'start'}
              >
                {utcDay(day).slice(0, 7)}
              </text>
            ) : null,
          )}
          {rows.map((row, r) => (
            <Cells
              key={row.series.id}
              row={row}
              days={days}
              measure={measure}
              at={at?.[0] === r ? at[1] : -1}
              top={(r + 1) * CELL}
              onAt={(d) => onAt([r, d])}
            />
          ))}
        </svg>
      </div>
    </div>
  );
}

interface CellsProps {
  readonly row: Row;
  readonly days: readonly number[];
  readonly measure: string;
  /** Day that is pointed at; −1 when it is in another row. */
  readonly at: number;
  readonly top: number;
  readonly onAt: (day: number) => void;
}

function Cells({ row, days, measure, at, top, onAt }: CellsProps) {
  return (
    <g>
      {days.map((day, d) => {
        const found = row.days.get(day);
        const step = found === undefined ? 'none' : `q${stepOf(faulty(found, measure))}`;
        return (
          <rect
            key={day}
            class={`cell ${step} ${at === d ? 'at' : ''}`}
            x={d * CELL + 1}
            y={top}
            width={CELL - 2}
            height={CELL - 2}
            onMouseEnter={() => onAt(d)}
          />
        );
      })}
    </g>
  );
}
