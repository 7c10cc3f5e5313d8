import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { BalanceView, FeatureValue, FeatureView } from '../../engine/console/wire.ts';
import type { PageProps } from './page-props.ts';
import { useAnswer } from '../api.ts';
import { LineChart, type Line } from '../charts/line-chart.tsx';
import { count, percent, utc } from '../format.ts';
import { Card, FirstSteps, SeriesPicker, ShareBar, Waiting } from '../parts/parts.tsx';
import { DriftMap } from './drift-map.tsx';
import { QualityMap } from './quality-map.tsx';

/** What the stores hold of each series. */
export function DataPage({ route, series, chosen, update, renew }: PageProps) {
  if (chosen === undefined) return <FirstSteps state={update?.state} />;
  return (
    <div class="columns">
      <QualityMap series={series} renew={renew} />
      <Card title="Series" extra={<SeriesPicker series={series} chosen={chosen} route={route} />}>
        <dl class="facts">
          <dt>Feed</dt>
          <dd>
            {chosen.feed}
            {chosen.simulated && <span class="tag warn">simulated</span>}
          </dd>
          <dt>Bars</dt>
          <dd>{count(update?.watched?.bars ?? chosen.bars)}</dd>
          <dt>Last bar</dt>
          <dd>{utc(update?.watched?.lastBarTime ?? chosen.lastBarTime)}</dd>
          <dt>Calendar</dt>
          <dd>{chosen.calendar}</dd>
          <dt>State</dt>
          <dd>{chosen.state}</dd>
        </dl>
      </Card>
      <Balance series={chosen.id} renew={renew} />
      <DriftMap series={chosen.id} renew={renew} />
      <Explorer series={chosen.id} name={`${chosen.symbol} ${chosen.timeframe}`} renew={renew} />
    </div>
  );
}

/** How often each direction came, by horizon. */
function Balance({ series, renew }: { readonly series: string; readonly renew: number }) {
  const { value, error, loading } = useAnswer<readonly BalanceView[]>('/api/labels', { series }, renew);
  return (
    <Card title="Label balance">
      <Waiting error={error} loading={loading} />
      {value?.map(({ horizon, down, flat, up, unknown }) => {
        const known = down + flat + up;
        return (
          <div key={horizon} class="horizon">
            <div class="horizon-head">
              <strong>{horizon}</strong>
              <span class="hint">
                {count(known)} known, {count(unknown)} open
              </span>
            </div>
            {known > 0 && (
              <ShareBar shares={[down / known, flat / known, up / known]} label={`Labels over ${horizon}`} />
            )}
          </div>
        );
      })}
      <p class="hint">Down, flat, up of all stored bars; flat is within the dead zone of spread and ATR.</p>
    </Card>
  );
}

interface ExplorerProps {
  readonly series: string;
  readonly name: string;
  readonly renew: number;
}

interface Catalogue {
  readonly version: string;
  readonly features: readonly FeatureView[];
}

/** The catalogue, and the history of the feature that is chosen. */
function Explorer({ series, name, renew }: ExplorerProps) {
  const { value, error, loading } = useAnswer<Catalogue>('/api/features', {}, renew);
  const [text, setText] = useState('');
  const [picked, setPicked] = useState('rsi_14');
  const features = value?.features ?? [];
  const wanted = text.trim().toLowerCase();
  const found = features.filter(
    (feature) =>
      feature.name.includes(wanted) ||
      feature.group.includes(wanted) ||
      feature.formula.toLowerCase().includes(wanted),
  );
  const chosen = features.find((feature) => feature.name === picked) ?? features[0];
  return (
    <Card
      title="Features"
      class="wide"
      extra={
        <label class="picker">
          <span>Find</span>
          <input
            type="search"
            value={text}
            placeholder="name, group or formula"
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      }
    >
      <Waiting error={error} loading={loading} />
      {chosen !== undefined && (
        <div class="explorer">
          <FeatureList features={found} picked={chosen.name} onPick={setPicked} />
          <FeatureHistory feature={chosen} series={series} name={name} renew={renew} />
        </div>
      )}
      {value !== undefined && (
        <p class="hint">
          {found.length} of {features.length} features, feature set {value.version}
        </p>
      )}
    </Card>
  );
}

interface ListProps {
  readonly features: readonly FeatureView[];
  readonly picked: string;
  readonly onPick: (name: string) => void;
}

function FeatureList({ features, picked, onPick }: ListProps) {
  const groups = [...new Set(features.map(({ group }) => group))];
  const box = useRef<HTMLDivElement>(null);
  // The one that is shown is in sight, also when the page opens.
  useEffect(() => {
    const current = box.current?.querySelector<HTMLElement>('[aria-current]');
    if (box.current !== null && current != null)
      box.current.scrollTop = current.offsetTop - box.current.offsetTop - box.current.clientHeight / 2;
  }, []);
  return (
    <div ref={box} class="feature-list" role="region" tabIndex={0} aria-label="Features by group">
      {features.length === 0 && <p class="hint">No feature is called so.</p>}
      {groups.map((group) => (
        <section key={group} aria-label={group}>
          <h3>{group}</h3>
          <ul>
            {features
              .filter((feature) => feature.group === group)
              .map((feature) => (
                <li key={feature.name}>
                  <button
                    type="button"
                    class="link"
                    aria-current={feature.name === picked ? 'true' : undefined}
                    onClick={() => onPick(feature.name)}
                  >
                    {feature.name}
                  </button>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

interface HistoryProps {
  readonly feature: FeatureView;
  readonly series: string;
  readonly name: string;
  readonly renew: number;
}

function FeatureHistory({ feature, series, name, renew }: HistoryProps) {
  const { value, error, loading } = useAnswer<readonly FeatureValue[]>(
    '/api/feature',
    { series, name: feature.name, limit: 500 },
    renew,
  );
  const { x, lines } = useMemo(() => {
    const values = value ?? [];
    const line: Line = { label: feature.name, values: values.map(([, y]) => y), color: '--accent' };
    return { x: values.map(([time]) => time), lines: [line] };
  }, [value, feature.name]);
  const numbers = (value ?? []).map(([, y]) => y);
  return (
    <div class="feature">
      <h3>{feature.name}</h3>
      <p>
        <code class="formula">{feature.formula}</code>
      </p>
      <p class="hint">
        {feature.unit} · first value on bar {feature.warmUpBars} · enters a model as {feature.form}
        {feature.talib !== null && ` · equal to TA-Lib's ${feature.talib}`}
      </p>
      <Waiting error={error} loading={loading} />
      {numbers.length > 1 && (
        <>
          <LineChart
            title={`${feature.name} of ${name}, the last ${numbers.length} bars`}
            x={x}
            lines={lines}
            time
            formatY={(y) => String(Number(y.toPrecision(5)))}
            height={230}
          />
          <Summary numbers={numbers} />
        </>
      )}
      {value !== undefined && numbers.length <= 1 && <p class="hint">The store has no values of it yet.</p>}
    </div>
  );
}

function Summary({ numbers }: { readonly numbers: readonly number[] }) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    String(Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toPrecision(5)));
  const last = numbers.at(-1) ?? 0;
  const below = sorted.filter((x) => x < last).length / sorted.length;
  return (
    <p class="hint">
      Lowest {at(0)}, median {at(0.5)}, highest {at(1)}; the last one, {Number(last.toPrecision(5))}, is above{' '}
      {percent(below, 0)} of them.
    </p>
  );
}
