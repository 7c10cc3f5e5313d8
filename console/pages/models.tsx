import { useState } from 'preact/hooks';
import type { ModelDetail, ModelView, ModelsView } from '../../engine/console/wire-models.ts';
import type { PageProps } from './page-props.ts';
import { useAnswer } from '../api.ts';
import { count, percent, utc, utcDay } from '../format.ts';
import { Card, FirstSteps, ScrollTable, SeriesPicker, Waiting } from '../parts/parts.tsx';
import { goTo } from '../route.ts';
import { ModelActs } from './model-acts.tsx';
import { Calibration, Equity } from './model-curves.tsx';
import { Folds, Importance, Scores } from './model-scores.tsx';
import { Trials } from './model-trial.tsx';

/** Versions of a series' models, how good each was and is, what is tried, and what can be done about it. */
export function ModelsPage({ route, series, chosen, update, renew }: PageProps) {
  const [turn, setTurn] = useState(0);
  const { value, error, loading } = useAnswer<ModelsView>(
    chosen === undefined ? undefined : '/api/models',
    { series: chosen?.id },
    `${renew} ${turn} ${chosen?.modelVersion}`,
  );
  if (chosen === undefined) return <FirstSteps state={update?.state} />;
  const models = value?.models ?? [];
  const shown =
    models.find(({ key }) => key === route.params['model']) ??
    models.find(({ arm }) => arm === 'production') ??
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
        <Version
          key={shown.key}
          model={shown}
          models={models}
          series={chosen.id}
          renew={`${renew} ${turn}`}
          onChanged={() => setTurn((n) => n + 1)}
        />
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
    <ScrollTable
      label="Versions, newest first"
      columns={['Version', 'From', 'Whose', 'Status', 'Kind', 'Trained through', { number: 'Rows' }, 'Skill']}
    >
      {models.toReversed().map((model) => (
        <tr key={model.key} class={model === shown ? 'selected' : ''}>
          <td>
            <button
              type="button"
              class="link"
              aria-current={model === shown ? 'true' : undefined}
              onClick={() => goTo('models', { series, model: model.key })}
            >
              {model.version}
            </button>
          </td>
          <td>{model.parent ?? 'the first'}</td>
          <td>{model.level}</td>
          <td>
            <Status model={model} />
          </td>
          <td>{model.family}</td>
          <td>{utc(model.trainedThrough)}</td>
          <td class="number">{count(model.rows)}</td>
          <td>{skillOf(model)}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

function Status({ model }: { readonly model: ModelView }) {
  const { status, share, trial, arm } = model;
  return (
    <>
      {status}
      {share !== null && ` with ${percent(share, 0)} of the bars`}
      {trial !== null && <span class="tag">{trial === 'ab' ? 'A/B test' : trial}</span>}
      {arm !== null && <span class="tag good">{arm === 'production' ? 'in use' : 'answers'}</span>}
    </>
  );
}

function skillOf({ edge, scores }: ModelView): string {
  const skilled = scores.filter((_, i) => edge[i] === true).map(({ horizon }) => horizon);
  return skilled.length === 0 ? 'none found' : skilled.join(', ');
}

interface VersionProps {
  readonly model: ModelView;
  readonly models: readonly ModelView[];
  readonly series: string;
  readonly renew: string;
  readonly onChanged: () => void;
}

/** One version with everything that is known of it. */
function Version({ model, models, series, renew, onChanged }: VersionProps) {
  const { value, error, loading } = useAnswer<ModelDetail>(
    '/api/model',
    { series, model: model.key },
    renew,
    true,
  );
  const detail = value?.key === model.key ? value : undefined;
  return (
    <>
      <ModelActs
        model={model}
        acts={detail?.acts}
        series={series}
        onChanged={onChanged}
        lineage={<Lineage model={model} models={models} series={series} />}
      />
      {detail === undefined ? (
        <Card title="Details">
          <Waiting error={error} loading={loading} />
        </Card>
      ) : (
        <Trials trials={detail.trials} version={model.version} />
      )}
      <Scores model={model} />
      <Calibration
        series={series}
        version={model.version}
        renew={renew}
        validation={detail?.validation ?? []}
      />
      <Equity series={series} model={model.key} version={model.version} renew={renew} />
      {detail !== undefined && (
        <>
          <Folds folds={detail.folds} />
          <Importance detail={detail} />
          <History detail={detail} />
        </>
      )}
      <About model={model} />
    </>
  );
}

/** The versions a version came from, and those that came from it. */
function Lineage({
  model,
  models,
  series,
}: {
  readonly model: ModelView;
  readonly models: readonly ModelView[];
  readonly series: string;
}) {
  const same = models.filter(({ level, name }) => level === model.level && name === model.name);
  const before: ModelView[] = [];
  for (
    let at = same.find(({ version }) => version === model.parent);
    at !== undefined && !before.includes(at);
    at = same.find(({ version }) => version === before[0]!.parent)
  )
    before.unshift(at);
  const after = same.filter(({ parent }) => parent === model.version);
  const step = (each: ModelView, current: boolean) => (
    <li key={each.key} class={current ? 'current' : ''} aria-current={current ? 'step' : undefined}>
      {current ? (
        <strong>{each.version}</strong>
      ) : (
        <a href={`#/models?${new URLSearchParams({ series, model: each.key }).toString()}`}>{each.version}</a>
      )}
      <span class="hint">{each.status}</span>
    </li>
  );
  return (
    <ol class="lineage" aria-label="Lineage">
      {before.map((each) => step(each, false))}
      {step(model, true)}
      {after.map((each) => step(each, false))}
    </ol>
  );
}

function History({ detail }: { readonly detail: ModelDetail }) {
  return (
    <Card title="What was done to it">
      <ol class="history">
        {detail.history.map((act) => (
          <li key={`${act.at} ${act.to}`}>
            <p>
              <span class="hint">{utc(act.at)}</span>{' '}
              <strong>{act.from === null ? 'registered' : `${act.from} → ${act.to}`}</strong>
              {act.share !== null && ` with ${percent(act.share, 0)} of the bars`}
            </p>
            <p class="hint">
              by {act.who}
              {act.role !== '' && ` (${act.role})`}
              {act.reason !== '' && `: ${act.reason}`}
            </p>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function About({ model }: { readonly model: ModelView }) {
  const facts: readonly (readonly [string, string])[] = [
    ['Model', model.modelId.slice(0, 16)],
    ['Name', model.name],
    ['Kind', model.family],
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
