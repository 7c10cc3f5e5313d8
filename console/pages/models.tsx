import { useMemo } from 'preact/hooks';
import type { ModelView, ModelsView, ReliabilityView, ScoreView } from '../../engine/console/wire.ts';
import type { PageProps } from './page-props.ts';
import { useAnswer } from '../api.ts';
import { LineChart, type Line } from '../charts/line-chart.tsx';
import { count, decimal, percent, utc, utcDay } from '../format.ts';
import { Card, FirstSteps, SeriesPicker, Waiting } from '../parts/parts.tsx';
import { goTo } from '../route.ts';

/** Versions of a series' models, and how good each was and is. */
export function ModelsPage({ route, series, chosen, update, renew }: PageProps) {
  const { value, error, loading } = useAnswer<ModelsView>(
    chosen === undefined ? undefined : '/api/models',
    { series: chosen?.id },
    `${renew} ${chosen?.modelVersion}`,
  );
  if (chosen === undefined) return <FirstSteps state={update?.state} />;
  const models = value?.models ?? [];
  const shown =
    models.find(({ version }) => version === route.params['version']) ??
    models.find(({ inUse }) => inUse) ??
    models.at(-1);
  return (
    <div class="columns">
      <Card
        title="Versions"
        extra={<SeriesPicker series={series} chosen={chosen} route={route} />}
        class="wide"
      >
        <Waiting error={error} loading={loading} />
        {value !== undefined && models.length === 0 && (
          <p class="hint">
            There is no model of this series yet. It is trained by itself once it has enough bars;{' '}
            <a href="#/operations">Operations</a> says how many are missing. By hand: <code>suho train</code>.
          </p>
        )}
        {value?.trainedOn != null && <p class="hint">These models were trained on {value.trainedOn}.</p>}
        {models.length > 0 && <Versions models={models} shown={shown} series={chosen.id} />}
      </Card>
      {shown !== undefined && (
        <>
          <Scores model={shown} />
          <Calibration series={chosen.id} model={shown} renew={renew} />
          <About model={shown} />
        </>
      )}
    </div>
  );
}

interface VersionsProps {
  readonly models: readonly ModelView[];
  readonly shown: ModelView | undefined;
  readonly series: string;
}

function Versions({ models, shown, series }: VersionsProps) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Versions, newest first">
      <table>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">From</th>
            <th scope="col">Status</th>
            <th scope="col">Trained through</th>
            <th scope="col" class="number">
              Rows
            </th>
            <th scope="col">Skill</th>
          </tr>
        </thead>
        <tbody>
          {models.toReversed().map((model) => (
            <tr key={model.modelId} class={model === shown ? 'selected' : ''}>
              <td>
                <button
                  type="button"
                  class="link"
                  aria-current={model === shown ? 'true' : undefined}
                  onClick={() => goTo('models', { series, version: model.version })}
                >
                  {model.version}
                </button>
              </td>
              <td>{model.parent ?? 'the first'}</td>
              <td>
                {model.status}
                {model.inUse && <span class="tag">in use</span>}
              </td>
              <td>{utc(model.trainedThrough)}</td>
              <td class="number">{count(model.rows)}</td>
              <td>{skillOf(model)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function skillOf({ edge, scores }: ModelView): string {
  const skilled = scores.filter((_, i) => edge[i] === true).map(({ horizon }) => horizon);
  return skilled.length === 0 ? 'none found' : skilled.join(', ');
}

/** Out-of-fold accuracy with its interval beside what needs no model, on one scale. */
function Scores({ model }: { readonly model: ModelView }) {
  return (
    <Card title="Walk-forward scores">
      <p class="hint">
        Each fold is predicted by a model trained only on what came before it. The line is the 95 % interval
        of the accuracy, over samples that do not overlap; ◇ always says the commonest class, △ repeats the
        last direction.
      </p>
      {model.scores.length === 0 && <p class="hint">The registry has no scores of this version.</p>}
      {model.scores.map((score, i) => (
        <Score key={score.horizon} score={score} hasEdge={model.edge[i] === true} />
      ))}
    </Card>
  );
}

function Score({ score, hasEdge }: { readonly score: ScoreView; readonly hasEdge: boolean }) {
  const at = (x: number): string => `${Math.max(0, Math.min(1, x)) * 100}%`;
  const { accuracy, low, high, majority, lastDirection, directional } = score;
  const text = `${score.horizon}: accuracy ${percent(accuracy)}, 95 % interval ${percent(low)} to ${percent(high)}, majority ${percent(majority)}, last direction ${percent(lastDirection)}`;
  return (
    <div class="score">
      <div class="horizon-head">
        <strong>{score.horizon}</strong>
        <span class={`tag ${hasEdge ? 'good' : ''}`}>{hasEdge ? 'skill' : 'no skill'}</span>
        <span class="hint">
          {percent(accuracy)} of {count(score.samples)} ({count(score.effectiveSamples)} independent), z{' '}
          {decimal(score.z, 1)}
        </span>
      </div>
      <div class="dot-plot" role="img" aria-label={text}>
        <span class="interval" style={{ left: at(low), width: `calc(${at(high)} - ${at(low)})` }} />
        <span class="dot" style={{ left: at(accuracy) }} />
        <span class="glyph" style={{ left: at(majority) }}>
          ◇
        </span>
        <span class="glyph" style={{ left: at(lastDirection) }}>
          △
        </span>
      </div>
      <div class="scale" aria-hidden="true">
        <span>0 %</span>
        <span>50 %</span>
        <span>100 %</span>
      </div>
      <p class="hint">
        Up or down, where it moved: {percent(directional.accuracy)} of {count(directional.samples)}, always
        the commoner way {percent(directional.baseline)} (z {decimal(directional.z, 1)})
      </p>
    </div>
  );
}

const COLORS: Readonly<Record<string, string>> = { '1h': '--c1', '4h': '--c2', '1d': '--c3' };

function reliabilityLines({ bins }: ReliabilityView): { readonly x: number[]; readonly lines: Line[] } {
  const x = [...new Set([0, 1, ...bins.map(({ stated }) => stated)])].sort((a, b) => a - b);
  const horizons = [...new Set(bins.map(({ horizon }) => horizon))];
  return {
    x,
    lines: [
      { label: 'as stated', values: x, color: '--muted', width: 1, dash: [4, 4] },
      ...horizons.map((horizon) => {
        const of = new Map(
          bins.filter((bin) => bin.horizon === horizon).map((bin) => [bin.stated, bin.observed]),
        );
        return {
          label: horizon,
          values: x.map((stated) => of.get(stated) ?? null),
          color: COLORS[horizon] ?? '--accent',
          points: true,
        };
      }),
    ],
  };
}

/** Bins of fewer predictions say nothing. */
const SAMPLES_MIN = 10;

interface CalibrationProps {
  readonly series: string;
  readonly model: ModelView;
  readonly renew: number;
}

/** What was stated against what came, of the predictions this version made live. */
function Calibration({ series, model, renew }: CalibrationProps) {
  const { value, error, loading } = useAnswer<ReliabilityView>(
    '/api/reliability',
    { series, version: model.version },
    renew,
  );
  const bins = useMemo(() => (value?.bins ?? []).filter(({ samples }) => samples >= SAMPLES_MIN), [value]);
  const { x, lines } = useMemo(() => reliabilityLines({ bins }), [bins]);
  const samples = (horizon: string): number =>
    (value?.bins ?? []).filter((bin) => bin.horizon === horizon).reduce((sum, bin) => sum + bin.samples, 0);
  return (
    <Card title="Calibration">
      <Waiting error={error} loading={loading} />
      {value !== undefined && bins.length === 0 && (
        <p class="hint">
          Not enough predictions of {model.version} have come to their end: a bin needs {SAMPLES_MIN} of them.
        </p>
      )}
      {bins.length > 0 && (
        <>
          <p class="hint">
            Stated probability of the likeliest direction (across) and how often it came (up).
          </p>
          <LineChart
            title={`Calibration of ${model.version}: stated probability against how often it came`}
            x={x}
            lines={lines}
            formatX={(at) => `${Math.round(at * 100)} %`}
            formatY={(at) => `${Math.round(at * 100)} %`}
            range={{ x: [0.3, 1], y: [0, 1] }}
            height={260}
          />
          <ul class="keys">
            {Object.keys(COLORS).map((horizon) => (
              <li key={horizon}>
                <span class="swatch" style={{ background: `var(${COLORS[horizon]})` }} aria-hidden="true" />
                {horizon}: {count(samples(horizon))} predictions
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

function About({ model }: { readonly model: ModelView }) {
  const facts: readonly (readonly [string, string])[] = [
    ['Model', model.modelId.slice(0, 16)],
    ['Architecture', model.architecture],
    ['Feature set', model.featureSet],
    ['Embedding', model.embeddingVersion],
    ['Primary horizon', model.primaryHorizon],
    ['Trained on', `${utcDay(model.trainedFrom)} to ${utcDay(model.trainedThrough)}`],
    ['Registered', utc(model.registeredAt)],
    ['Same rows in every batch', model.batchInvariant ? 'yes' : 'no'],
    ...Object.entries(model.hyperparameters).map(([name, value]) => [name, String(value)] as const),
  ];
  return (
    <Card title={`About ${model.version}`} class="wide">
      <dl class="facts many">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
