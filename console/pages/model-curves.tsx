import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type {
  EquityView,
  ModelDetail,
  ReliabilityView,
  TradedView,
} from '../../engine/console/wire-models.ts';
import { useAnswer } from '../api.ts';
import { LineChart, type Line } from '../charts/line-chart.tsx';
import { count, decimal, percent, signedPercent, utcDay } from '../format.ts';
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

/** What was stated against what came: in its walk-forward, and of the predictions this version made live. */
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
          title="Walk-forward"
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

/** What its forecasts came to after costs, and how far that fell: in its walk-forward, and live. */
export function Equity({ series, model, version, renew }: EquityProps) {
  const { value, error, loading } = useAnswer<EquityView>('/api/equity', { series, model }, renew, true);
  const { walkForward, live } = value ?? {};
  return (
    <Card title="Equity and drawdown after costs" class="wide">
      <Waiting error={error} loading={loading} />
      {live !== undefined && (
        <div class="pair">
          <div>
            <h3>Walk-forward</h3>
            {walkForward == null || walkForward.points.length < 2 ? (
              <p class="hint">
                {version} was registered without it; a version that is trained now keeps it. Of any bars:{' '}
                <code>suho backtest</code>.
              </p>
            ) : (
              <Traded traded={walkForward} name={`walk-forward of ${version}`}>
                Forecasts of rows that the model of their fold had not seen, from{' '}
                {utcDay(walkForward.points[0]![0])}: {sumOf(walkForward)} after {percent(walkForward.cost, 2)}{' '}
                of spread, slippage and commission; {percent(walkForward.quotedShare, 0)} of the spreads are
                the market’s own.
              </Traded>
            )}
          </div>
          <div>
            <h3>Live</h3>
            {live.trades < 2 ? (
              <p class="hint">{version} has fewer than two signals that acted and whose outcome is known.</p>
            ) : (
              <Traded traded={live} name={`live forecasts of ${version}`}>
                Signals it has given: {sumOf(live)} after {percent(live.cost, 2)} of spreads.
                {live.costed < live.trades &&
                  ` The spread of ${count(live.trades - live.costed)} of them is not known and counts as nothing.`}
              </Traded>
            )}
          </div>
        </div>
      )}
    </Card>
  );
}

function sumOf({ horizon, trades, won, total }: TradedView): string {
  return `${count(trades)} trades over ${horizon}, ${percent(won, 0)} gained, together ${signedPercent(total)}`;
}

interface TradedProps {
  readonly traded: TradedView;
  readonly name: string;
  readonly children: ComponentChildren;
}

/** A curve of what was gained, and one below it of how far that is under its highest. */
function Traded({ traded: { points, drawdown }, name, children }: TradedProps) {
  const x = useMemo(() => points.map(([time]) => time), [points]);
  const gains = useMemo<readonly Line[]>(
    () => [{ label: 'gained', values: points.map(([, gain]) => gain), color: '--accent', width: 2 }],
    [points],
  );
  const falls = useMemo<readonly Line[]>(
    () => [{ label: 'below its highest', values: points.map(([, , fall]) => fall), color: '--down' }],
    [points],
  );
  const formatY = (y: number): string => `${Number((y * 100).toFixed(2))} %`;
  return (
    <>
      <p class="hint">{children}</p>
      <LineChart
        title={`Gains after costs, ${name}`}
        x={x}
        lines={gains}
        time
        formatY={formatY}
        height={170}
      />
      <p class="hint">Drawdown, at the deepest {percent(drawdown, 2)}</p>
      <LineChart title={`Drawdown, ${name}`} x={x} lines={falls} time formatY={formatY} height={110} />
    </>
  );
}
