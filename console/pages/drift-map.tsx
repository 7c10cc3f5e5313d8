import { useMemo, useState } from 'preact/hooks';
import type { DriftView } from '../../engine/console/wire-analyses.ts';
import { useAnswer } from '../api.ts';
import { utc, utcDay } from '../format.ts';
import { Card, Waiting } from '../parts/parts.tsx';

type Feature = DriftView['features'][number];
type Measure = 'psi' | 'ks';

/** Features that are shown at once. */
const SHOWN = 40;
const ROW = 16;
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};
/** Where the colour of a cell changes: a moderate shift begins at a PSI of 0.1, a large one at 0.25 (Siddiqi 2006). */
const LIMITS: Readonly<Record<Measure, readonly number[]>> = {
  psi: [0.1, 0.25, 0.5, 1],
  ks: [0.1, 0.2, 0.3, 0.5],
};

function stepOf(x: number, measure: Measure): number {
  return LIMITS[measure].filter((limit) => x >= limit).length;
}

/** First stretch that lies after the training. */
function liveFrom({ stretches, trainedThrough }: DriftView): number {
  if (trainedThrough === null) return 0;
  const first = stretches.findIndex(({ from }) => from > trainedThrough);
  return first < 0 ? stretches.length : first;
}

/** Features by how far they left their training, those that did by more than chance first. */
function ordered(view: DriftView, measure: Measure): readonly Feature[] {
  const live = liveFrom(view);
  const rank = (feature: Feature): number => {
    const marked = feature.significant.slice(live).filter(Boolean).length;
    return marked * 1_000 + Math.max(0, ...feature[measure].slice(live));
  };
  const ranks = new Map(view.features.map((feature) => [feature, rank(feature)]));
  return view.features.toSorted((a, b) => ranks.get(b)! - ranks.get(a)!);
}

/** How each feature of a series differs from what its model was trained on, over time. */
export function DriftMap({ series, renew }: { readonly series: string; readonly renew: number }) {
  const { value, error, loading } = useAnswer<DriftView>('/api/drift', { series }, renew);
  const [measure, setMeasure] = useState<Measure>('psi');
  const [at, setAt] = useState<readonly [number, number]>();
  const features = useMemo(
    () => (value === undefined ? [] : ordered(value, measure).slice(0, SHOWN)),
    [value, measure],
  );
  const drifted =
    value?.features.filter(({ significant }) => significant.slice(liveFrom(value)).some(Boolean)).length ?? 0;
  return (
    <Card
      title="Drift"
      class="wide"
      extra={
        <label class="picker">
          <span>Show</span>
          <select
            value={measure}
            onChange={(event) => setMeasure(event.currentTarget.value === 'ks' ? 'ks' : 'psi')}
          >
            <option value="psi">stability index (PSI)</option>
            <option value="ks">largest distance (KS)</option>
          </select>
        </label>
      }
    >
      <Waiting error={error} loading={loading} />
      {value?.note != null && <p class="hint">{value.note}</p>}
      {value !== undefined && value.stretches.length > 0 && (
        <>
          <p class="hint">
            Each column is {value.stretches[0]!.rows} bars, each row a feature: how its values are distributed
            beside the training of {value.version}. Marked ● is more than chance among all cells.{' '}
            {drifted === 0
              ? 'No feature left it by more than chance since.'
              : `${drifted} of ${value.features.length} features left it since; the ${Math.min(SHOWN, features.length)} that went farthest are shown.`}
          </p>
          <Grid view={value} features={features} measure={measure} at={at} onAt={setAt} />
          <p class="map-detail" aria-live="polite">
            {detailOf(value, features, at)}
          </p>
          <p class="keys steps-key">
            {['below', ...LIMITS[measure]].map((limit, i) => (
              <span key={String(limit)}>
                <span class={`cell q${i}`} /> {i === 0 ? `below ${LIMITS[measure][0]}` : `from ${limit}`}
              </span>
            ))}
          </p>
        </>
      )}
    </Card>
  );
}

function detailOf(
  view: DriftView,
  features: readonly Feature[],
  at: readonly [number, number] | undefined,
): string {
  const feature = at === undefined ? undefined : features[at[0]];
  const stretch = at === undefined ? undefined : view.stretches[at[1]];
  if (at === undefined || feature === undefined || stretch === undefined)
    return 'Point at a cell, or move over the map with the arrow keys.';
  const [psi = 0, ks = 0] = [feature.psi[at[1]], feature.ks[at[1]]];
  const marked = feature.significant[at[1]] === true ? ', more than chance' : '';
  const within = at[1] < liveFrom(view) ? ' (within the training)' : '';
  return `${feature.name}, ${utc(stretch.from)} to ${utc(stretch.through)}${within}: PSI ${psi.toFixed(3)}, KS ${ks.toFixed(3)}${marked}`;
}

interface GridProps {
  readonly view: DriftView;
  readonly features: readonly Feature[];
  readonly measure: Measure;
  readonly at: readonly [number, number] | undefined;
  readonly onAt: (at: readonly [number, number]) => void;
}

function Grid({ view, features, measure, at, onAt }: GridProps) {
  const { stretches } = view;
  const live = liveFrom(view);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const [row, column] = at ?? [0, stretches.length];
    onAt([
      Math.max(0, Math.min(features.length - 1, row + step[0])),
      Math.max(0, Math.min(stretches.length - 1, column + step[1])),
    ]);
  };
  return (
    <div class="drift-frame">
      <ul class="drift-names" aria-hidden="true">
        {features.map(({ name }) => (
          <li key={name} title={name}>
            {name}
          </li>
        ))}
      </ul>
      <div
        class="drift-map"
        tabIndex={0}
        role="application"
        aria-label="Drift by feature and time; the arrow keys move over it, the line below tells the cell"
        onKeyDown={onKeyDown}
      >
        {live > 0 && live < stretches.length && (
          <TrainingEnd at={live / stretches.length} time={view.trainedThrough!} />
        )}
        <Cells view={view} features={features} measure={measure} at={at} onAt={onAt} />
        <div class="drift-marks" aria-hidden="true">
          {features.flatMap((feature, r) =>
            feature.significant.map((marked, c) =>
              marked ? (
                <span
                  key={`${feature.name} ${c}`}
                  style={{
                    left: `${((c + 0.5) / stretches.length) * 100}%`,
                    top: `${16 + (r + 0.5) * ROW}px`,
                  }}
                />
              ) : null,
            ),
          )}
        </div>
        <div class="drift-times" aria-hidden="true">
          <span>{utcDay(stretches[0]!.from)}</span>
          <span>{utcDay(stretches.at(-1)!.through)}</span>
        </div>
      </div>
    </div>
  );
}

/** Says where the training ends, on the side of its line that has the room. */
function TrainingEnd({ at, time }: { readonly at: number; readonly time: number }) {
  const side = at > 0.5 ? { right: `${(1 - at) * 100}%` } : { left: `${at * 100}%` };
  return (
    <span class="training-end" style={side} aria-hidden="true">
      training ends {utcDay(time)}
    </span>
  );
}

function Cells({ view, features, measure, at, onAt }: GridProps) {
  const { stretches } = view;
  const live = liveFrom(view);
  return (
    <svg
      viewBox={`0 0 ${stretches.length * 10} ${features.length * ROW + 16}`}
      preserveAspectRatio="none"
      height={features.length * ROW + 16}
      aria-hidden="true"
    >
      {features.map((feature, r) => (
        <g key={feature.name}>
          {feature[measure].map((x, c) => (
            <rect
              key={stretches[c]!.from}
              class={`cell q${stepOf(x, measure)} ${at?.[0] === r && at[1] === c ? 'at' : ''}`}
              x={c * 10 + 0.2}
              y={16 + r * ROW + 1}
              width={9.6}
              height={ROW - 2}
              onMouseEnter={() => onAt([r, c])}
            />
          ))}
        </g>
      ))}
      {live > 0 && live < stretches.length && (
        <line class="trained" x1={live * 10} x2={live * 10} y1={0} y2={features.length * ROW + 16} />
      )}
    </svg>
  );
}
