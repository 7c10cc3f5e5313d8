import { useMemo } from 'preact/hooks';
import type { GateView, HorizonView, MomentView, SignalDetail } from '../../engine/console/wire.ts';
import { useAnswer } from '../api.ts';
import { LineChart, type Line } from '../charts/line-chart.tsx';
import { decimal, percent, price, reason, signedPercent, utc, words } from '../format.ts';
import { MovedFeatures } from './moved-features.tsx';
import { Card, Direction, Meter, ShareBar, Waiting } from '../parts/parts.tsx';

const MOMENT_COLORS = ['--c1', '--c2', '--c3', '--c4', '--c5'];

/** One signal with everything it was made from. */
export function SignalPanel({
  id,
  renew,
  isNone,
}: {
  readonly id: string | undefined;
  readonly renew: string;
  /** Whether there is no signal to choose. */
  readonly isNone: boolean;
}) {
  const { value, error, loading } = useAnswer<SignalDetail>(
    id === undefined ? undefined : '/api/signal',
    { id },
    renew,
    true,
  );
  if (id === undefined)
    return (
      <Card title="Signal">
        <p class="hint">
          {isNone
            ? 'The first one opens here as it comes: its probabilities, similar moments, gates and times.'
            : 'Choose a signal on the chart or in the table.'}
        </p>
      </Card>
    );
  if (value === undefined)
    return (
      <Card title="Signal" class="signal-loading">
        <Waiting error={error} loading={loading} />
      </Card>
    );
  return (
    <div class="signal">
      <Head detail={value} />
      <Card title="Probabilities by horizon">
        {value.horizons.map((horizon) => (
          <Horizon key={horizon.horizon} of={horizon} />
        ))}
        <Shares of={value} />
      </Card>
      <MovedFeatures key={id} id={id} />
      <Moments of={value} />
      <Card title="Gates">
        <ul class="gates">
          {value.gates.map((gate) => (
            <Gate key={gate.name} of={gate} />
          ))}
        </ul>
      </Card>
      <Timing of={value.timing} />
    </div>
  );
}

function Head({ detail }: { readonly detail: SignalDetail }) {
  const { signal, quality, anomaly } = detail;
  return (
    <Card title={`Signal of ${utc(signal.time)}`}>
      <p class="headline">
        <Direction of={signal.direction} />
        <strong>{percent(signal.confidence)}</strong>
        <span>
          over {signal.horizon} at {price(signal.price)}
        </span>
      </p>
      {signal.abstained.length > 0 && (
        <p class="reasons">
          It abstained: {signal.abstained.map(reason).join('; ')}. It leaned{' '}
          {signal.leaning > 0 ? 'up' : 'down'}.
        </p>
      )}
      {signal.degraded.length > 0 && (
        <p class="reasons">It had to do without: {signal.degraded.map(reason).join('; ')}.</p>
      )}
      <dl class="facts">
        <dt>Symbol</dt>
        <dd>
          {signal.symbol} {signal.timeframe}
        </dd>
        <dt>Model</dt>
        <dd>
          {signal.version}, {detail.arm}
        </dd>
        <dt>Anomaly</dt>
        <dd>{decimal(anomaly)} (above 1 is unusual)</dd>
        <dt>Data quality</dt>
        <dd>
          {percent(quality.score, 0)}
          {quality.flags.length > 0 && `: ${quality.flags.map(words).join(', ')}`}
        </dd>
      </dl>
    </Card>
  );
}

function Horizon({ of }: { readonly of: HorizonView }) {
  const { horizon, primary, outcome } = of;
  const came = outcome === null ? 'open' : ['down', 'flat', 'up'][outcome.direction + 1];
  return (
    <div class="horizon">
      <div class="horizon-head">
        <strong>{horizon}</strong>
        {primary && <span class="tag">primary</span>}
        <span class="hint">
          expects {signedPercent(of.expectedReturn, 3)} · came:{' '}
          {outcome === null ? 'open' : `${came} ${signedPercent(outcome.return)}`}
        </span>
      </div>
      <ShareBar shares={[of.down, of.flat, of.up]} label={`Combined over ${horizon}`} />
      {of.model !== null && (
        <div class="sub">
          <span>model</span>
          <ShareBar thin shares={of.model} label={`Model over ${horizon}`} />
        </div>
      )}
      {of.moments !== null && (
        <div class="sub">
          <span>moments</span>
          <ShareBar thin shares={of.moments} label={`Similar moments over ${horizon}`} />
        </div>
      )}
    </div>
  );
}

/** How much the model and the similar moments weigh over the primary horizon. */
function Shares({ of }: { readonly of: SignalDetail }) {
  const primary = of.horizons.find((horizon) => horizon.primary);
  if (primary?.modelShare == null) return null;
  const { modelShare, matches, effectiveMoments } = primary;
  return (
    <div class="weights">
      <p class="hint">
        Weight: model {percent(modelShare, 0)}, similar moments {percent(1 - modelShare, 0)}
        {matches !== null && ` (${matches} counted, worth ${decimal(effectiveMoments, 1)} independent ones)`}
      </p>
      <Meter share={modelShare} label={`The model weighs ${percent(modelShare, 0)}`} />
    </div>
  );
}

/** Paths around the signal's bar and around the nearest moments, on the same bars. */
function linesOf({ path, moments }: SignalDetail): { readonly x: number[]; readonly lines: Line[] } {
  const paths = [...moments, ...(path === null ? [] : [path])];
  const before = Math.max(1, ...paths.map((one) => one.before.length));
  const after = Math.max(0, ...paths.map((one) => one.after.length));
  const x = Array.from({ length: before + after }, (_, i) => i - before + 1);
  const values = (one: {
    readonly before: readonly number[];
    readonly after: readonly number[];
  }): (number | null)[] =>
    x.map((at) => (at <= 0 ? (one.before[one.before.length - 1 + at] ?? null) : (one.after[at - 1] ?? null)));
  return {
    x,
    lines: [
      ...moments.map((moment, i) => ({
        label: `${moment.symbol} ${utc(moment.time)}`,
        values: values(moment),
        color: MOMENT_COLORS[i % MOMENT_COLORS.length]!,
        width: 1.2,
      })),
      ...(path === null ? [] : [{ label: 'this signal', values: values(path), color: '--ink', width: 2.5 }]),
    ],
  };
}

function Moments({ of }: { readonly of: SignalDetail }) {
  const { moments, patterns, horizons } = of;
  const { x, lines } = useMemo(() => linesOf(of), [of]);
  const primary = Math.max(
    0,
    horizons.findIndex((horizon) => horizon.primary),
  );
  return (
    <Card title="Similar moments">
      {patterns === null ? (
        <p class="hint">
          {of.timing === null
            ? 'The journal no longer has what this signal was made from.'
            : 'This signal was made without similar moments.'}
        </p>
      ) : (
        <p class="hint">
          Nearest similarity {decimal(patterns.similarity, 3)}; {percent(patterns.winRate, 0)} went{' '}
          {['down', 'nowhere', 'up'][patterns.direction + 1]} (95 %: {percent(patterns.winRateLow, 0)} to{' '}
          {percent(patterns.winRateHigh, 0)}).
        </p>
      )}
      {of.path !== null && (
        <LineChart
          title={`Closes around this signal and ${moments.length} similar moments, relative to each moment's close`}
          x={x}
          lines={lines}
          mark={0}
          formatX={(at) => (at > 0 ? `+${at}` : String(at))}
          formatY={(y) => `${(y * 100).toFixed(2)} %`}
          height={200}
        />
      )}
      {moments.length > 0 && (
        <ul class="moments">
          {moments.map((moment, i) => (
            <Moment
              key={`${moment.symbol} ${moment.time}`}
              of={moment}
              color={MOMENT_COLORS[i % MOMENT_COLORS.length]!}
              primary={primary}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Moment({
  of,
  color,
  primary,
}: {
  readonly of: MomentView;
  readonly color: string;
  readonly primary: number;
}) {
  return (
    <li>
      <span class="swatch" style={{ background: `var(${color})` }} aria-hidden="true" />
      <span>
        {of.symbol} {utc(of.time)}
      </span>
      <span class="number">{signedPercent(of.returns[primary])}</span>
    </li>
  );
}

function Gate({ of }: { readonly of: GateView }) {
  const value = of.value === null ? '' : decimal(of.value);
  const limit = of.limit === null ? '' : ` / ${decimal(of.limit)}`;
  return (
    <li class={of.passed ? 'passed' : 'stopped'}>
      <span class="mark" aria-hidden="true">
        {of.passed ? '✓' : '✕'}
      </span>
      <span>{of.name}</span>
      <span class="visually-hidden">{of.passed ? 'passed' : 'stopped the signal'}</span>
      <span class="number">
        {value}
        {limit}
      </span>
    </li>
  );
}

function Timing({ of }: { readonly of: SignalDetail['timing'] }) {
  if (of === null) return null;
  const parts = [
    ['waiting', of.queueMs],
    ['model', of.inferenceMs],
    ['similar moments', of.patternsMs],
  ] as const;
  const longest = Math.max(0.001, ...parts.map(([, ms]) => ms));
  return (
    <Card title="Where the time went">
      <ul class="timing">
        {parts.map(([name, ms]) => (
          <li key={name}>
            <span>{name}</span>
            <Meter share={ms / longest} label={`${name}: ${ms.toFixed(2)} ms`} />
            <span class="number">{ms.toFixed(2)} ms</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
