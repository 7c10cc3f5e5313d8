import { useMemo } from 'preact/hooks';
import type { EquityView, ModelDetail, ReliabilityView } from '../../engine/console/wire-models.ts';
import { useAnswer } from '../api.ts';
import { LineChart, type Line } from '../charts/line-chart.tsx';
import { count, decimal, percent, signedPercent } from '../format.ts';
import { Card, Waiting } from '../parts/parts.tsx';

const COLORS: Readonly<Record<string, string>> = { '1h': '--c1', '4h': '--c2', '1d': '--c3' };

interface Bin {
  readonly horizon: string;
  readonly samples: number;
  readonly stated: number;
  readonly observed: number;
}

function reliabilityLines(bins: readonly Bin[]): { readonly x: number[]; readonly lines: Line[] } {
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
  readonly version: string;
  readonly renew: string;
  readonly validation: ModelDetail['validation'];
}

/** What was stated against what came: in validation, and of the predictions this version made live. */
export function Calibration({ series, version, renew, validation }: CalibrationProps) {
  const live = useAnswer<ReliabilityView>('/api/reliability', { series, version }, renew, true);
  const inValidation = useMemo(
    () => validation.flatMap(({ horizon, bins }) => bins.map((bin) => ({ horizon, ...bin }))),
    [validation],
  );
  return (
    <Card title="Calibration">
      <p class="hint">Stated probability of the likeliest direction (across) and how often it came (up).</p>
      <Waiting error={live.error} loading={live.loading && validation.length === 0} />
      <div class="pair">
        <Reliability
          title="In validation"
          bins={inValidation}
          empty="The registry has no walk-forward curve of this version."
        />
        <Reliability
          title="Live"
          bins={live.value?.bins ?? []}
          empty={`Not enough predictions of ${version} have come to their end: a bin needs ${SAMPLES_MIN} of them.`}
        />
      </div>
      {validation.length > 0 && (
        <p class="hint">
          Log-loss beside that of unchanging shares:{' '}
          {validation
            .map(
              ({ horizon, logLoss, baseLogLoss }) =>
                `${horizon} ${decimal(logLoss, 4)} / ${decimal(baseLogLoss, 4)}`,
            )
            .join('; ')}
          .
        </p>
      )}
    </Card>
  );
}

interface ReliabilityProps {
  readonly title: string;
  readonly bins: readonly Bin[];
  readonly empty: string;
}

function Reliability({ title, bins: all, empty }: ReliabilityProps) {
  const bins = useMemo(() => all.filter(({ samples }) => samples >= SAMPLES_MIN), [all]);
  const { x, lines } = useMemo(() => reliabilityLines(bins), [bins]);
  const samples = (horizon: string): number =>
    all.filter((bin) => bin.horizon === horizon).reduce((sum, bin) => sum + bin.samples, 0);
  return (
    <div>
      <h3>{title}</h3>
      {bins.length === 0 ? (
        <p class="hint">{empty}</p>
      ) : (
        <LineChart
          title={`Calibration, ${title.toLowerCase()}: stated probability against how often it came`}
          x={x}
          lines={lines}
          formatX={(at) => `${Math.round(at * 100)} %`}
          formatY={(at) => `${Math.round(at * 100)} %`}
          range={{ x: [0.3, 1], y: [0, 1] }}
          height={230}
        />
      )}
      <ul class="keys">
        {Object.keys(COLORS).map((horizon) => (
          <li key={horizon}>
            <span class={`swatch of-${horizon}`} aria-hidden="true" />
            {horizon}: {count(samples(horizon))}
          </li>
        ))}
      </ul>
    </div>
  );
}

interface EquityProps {
  readonly series: string;
  readonly model: string;
  readonly version: string;
  readonly renew: string;
}

/** What its signals came to after spreads, and how far that fell. */
export function Equity({ series, model, version, renew }: EquityProps) {
  const { value, error, loading } = useAnswer<EquityView>('/api/equity', { series, model }, renew, true);
  const points = value?.points;
  const x = useMemo(() => (points ?? []).map(([time]) => time), [points]);
  const sums = useMemo<readonly Line[]>(
    () => [
      { label: 'sum of returns', values: (points ?? []).map(([, sum]) => sum), color: '--accent', width: 2 },
    ],
    [points],
  );
  const falls = useMemo<readonly Line[]>(
    () => [{ label: 'below its highest', values: (points ?? []).map(([, , fall]) => fall), color: '--down' }],
    [points],
  );
  const formatY = (y: number): string => `${Number((y * 100).toFixed(2))} %`;
  return (
    <Card title="Equity and drawdown after costs">
      <Waiting error={error} loading={loading} />
      {value !== undefined && value.trades < 2 && (
        <p class="hint">
          {version} has fewer than two signals that acted and whose outcome is known. A past of its own is in{' '}
          <code>suho backtest</code>.
        </p>
      )}
      {value !== undefined && value.trades >= 2 && (
        <>
          <p class="hint">
            Its live forecasts over {value.horizon}, one position at a time: {count(value.trades)} trades,{' '}
            {percent(value.won, 0)} gained, together {signedPercent(value.total)} after{' '}
            {percent(value.cost, 2)} of spreads; deepest fall {percent(value.drawdown, 2)}.
            {value.costed < value.trades &&
              ` The spread of ${count(value.trades - value.costed)} of them is not known and counts as nothing.`}
          </p>
          <LineChart
            title={`Sum of returns after spreads of ${version}, ${value.trades} trades`}
            x={x}
            lines={sums}
            time
            formatY={formatY}
            height={170}
          />
          <LineChart
            title={`Drawdown of ${version}`}
            x={x}
            lines={falls}
            time
            formatY={formatY}
            height={110}
          />
        </>
      )}
    </Card>
  );
}
