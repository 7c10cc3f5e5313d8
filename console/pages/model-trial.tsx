import type { TrialView } from '../../engine/console/wire-models.ts';
import { count, decimal, percent, signedPercent, utc } from '../format.ts';
import { Card, Meter, ScrollTable } from '../parts/parts.tsx';

/** Champion and challengers: their figures on the same bars, and what would decide between them. */
export function Trials({
  trials,
  version,
}: {
  readonly trials: readonly TrialView[];
  readonly version: string;
}) {
  if (trials.length === 0)
    return (
      <Card title="Champion and challengers" class="wide">
        <p class="hint">
          Nothing is tried beside {version}, and it is not tried beside another. A retrained model comes here
          as a shadow by itself; a registered one with <em>Try as a shadow</em> or <em>Try as a canary</em>.
        </p>
      </Card>
    );
  return (
    <>
      {trials.map((trial) => (
        <Trial key={trial.version} trial={trial} />
      ))}
    </>
  );
}

const KINDS: Readonly<Record<string, string>> = {
  challenger: 'outcomes move it on or out',
  ab: 'an A/B test',
  manual: 'a person ends it',
};

function Trial({ trial }: { readonly trial: TrialView }) {
  const { version, against, share, horizon, bars, independentBars, until } = trial;
  return (
    <Card title={`${version} against ${against}`} class="wide">
      <p class="hint">
        {version} is a {trial.status}
        {share !== null && ` with ${percent(share, 0)} of the bars`}: {KINDS[trial.kind] ?? trial.kind}
        {until !== null && `, until ${utc(until)}`}. {count(bars)} bars that both answered have an outcome
        over {horizon}, {count(independentBars)} of them do not overlap.
      </p>
      <div class="trial">
        <Figures trial={trial} />
        <Deciding trial={trial} />
      </div>
    </Card>
  );
}

function Figures({ trial: { version, against, own, other } }: { readonly trial: TrialView }) {
  if (own === null || other === null)
    return <p class="hint">No outcome is known yet: the first comes when the horizon of a bar is over.</p>;
  const rows: readonly (readonly [string, string, string, string, number])[] = [
    [
      'log-loss',
      decimal(own.logLoss, 4),
      decimal(other.logLoss, 4),
      decimal(own.logLoss - other.logLoss, 4),
      other.logLoss - own.logLoss,
    ],
    [
      'Brier score',
      decimal(own.brier, 4),
      decimal(other.brier, 4),
      decimal(own.brier - other.brier, 4),
      other.brier - own.brier,
    ],
    [
      'profit after spreads',
      signedPercent(own.profit),
      signedPercent(other.profit),
      signedPercent(own.profit - other.profit),
      own.profit - other.profit,
    ],
    [
      'bars not acted on',
      percent(own.abstained),
      percent(other.abstained),
      signedPercent(own.abstained - other.abstained, 1),
      0,
    ],
  ];
  return (
    <ScrollTable
      label={`${version} and ${against} on the same bars`}
      columns={['On the same bars', { number: version }, { number: against }, { number: 'Difference' }]}
    >
      {rows.map(([name, a, b, difference, better]) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td class="number">{a}</td>
          <td class="number">{b}</td>
          <td class={`number came ${better > 0 ? 'right' : better < 0 ? 'wrong' : ''}`}>{difference}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

/** Evidence grows by factors, so a bar of it is of its logarithm. */
function shareOf(what: string, value: number, needed: number): number {
  if (!what.startsWith('evidence')) return needed === 0 ? 0 : value / needed;
  return Math.log(Math.max(1, value)) / Math.log(needed);
}

function amount(x: number): string {
  if (x >= 1e4) return 'over 10,000';
  return Number.isInteger(x) ? count(x) : x.toFixed(x < 1 ? 3 : 1);
}

function Deciding({ trial: { deciding, version } }: { readonly trial: TrialView }) {
  return (
    <div>
      <h3>What would decide</h3>
      {deciding.length === 0 && (
        <p class="hint">
          A person began this trial and ends it: promote {version}, or end the trial. A guardrail ends it when
          it is broken.
        </p>
      )}
      <ul class="deciding">
        {deciding.map(({ outcome, conditions }) => (
          <li key={outcome}>
            <strong>{outcome}</strong>
            {conditions.map(({ what, value, needed }) => (
              <div key={what} class="condition">
                <span>{what}</span>
                <Meter
                  share={shareOf(what, value, needed)}
                  label={`${what}: ${amount(value)} of ${amount(needed)}`}
                />
                <span class="number">
                  {amount(value)} / {amount(needed)}
                </span>
              </div>
            ))}
          </li>
        ))}
      </ul>
      <p class="hint">
        Evidence is an e-value, 1 at the start: where there is nothing to find, it ever reaches 20 in one case
        of 20 at most, however often one looks.
      </p>
    </div>
  );
}
