import type { HealthView } from '../../engine/console/wire.ts';
import type { InstrumentRow, QuotaView } from '../../engine/console/wire-operations.ts';
import type { PageProps } from './page-props.ts';
import { useAnswer, useTicks } from '../api.ts';
import { bytes, count, duration, percent, reason, utc } from '../format.ts';
import { Card, Meter, ScrollTable, Waiting } from '../parts/parts.tsx';
import { Alerts } from './alerts.tsx';
import { Audit } from './audit.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { Jobs } from './jobs.tsx';
import { Door, Latencies, useLatencies } from './latencies.tsx';

/** How the engine is, at a glance and in detail. */
export function OperationsPage({ session, update, renew }: PageProps) {
  const first = useAnswer<HealthView>('/api/health', {}, renew);
  const health = update?.health ?? first.value;
  const isOperator = session.caller?.role === 'operator';
  const latencies = useLatencies(isOperator, renew);
  const isEngineer = isOperator || session.caller?.role === 'engineer';
  if (health === undefined)
    return (
      <Card title="Health">
        <Waiting error={first.error} loading={first.loading} />
      </Card>
    );
  return (
    <div class="columns">
      <Glance health={health} isOperator={isOperator} />
      <div class="stack">
        <Stores health={health} isOperator={isOperator} />
        <Withheld health={health} />
        <Waits health={health} />
      </div>
      <div class="stack">
        <Quotas renew={renew} tenant={session.caller?.tenantId ?? ''} />
        {isOperator && <Door latencies={latencies} />}
      </div>
      {isOperator && <Latencies latencies={latencies} />}
      <Alerts renew={renew} />
      <Jobs renew={renew} />
      <Instruments renew={renew} isOperator={isOperator} />
      {isOperator && <DeadLetters renew={renew} count={health.counts['dead_letters'] ?? 0} />}
      {isEngineer && <Audit renew={renew} />}
    </div>
  );
}

/** What is wrong, as sentences; none when all is well. */
function faultsOf(health: HealthView): string[] {
  const of = (name: string): number => health.counts[name] ?? 0;
  return [
    ...health.sinks.flatMap((sink) => [
      ...(sink.healthy ? [] : [`The store of ${sink.name} does not take writes.`]),
      ...(sink.deadLetters > 0 ? [`${count(sink.deadLetters)} records of ${sink.name} were refused.`] : []),
    ]),
    ...health.sources.filter(({ healthy }) => !healthy).map(({ name }) => `${name} is away.`),
    ...health.instruments.map(({ name, state }) => `${name} is ${state}.`),
    ...health.withheldModels.map(({ version }) => `Model ${version} is withheld.`),
    ...health.firstModels
      .filter(({ state }) => state === 'failed')
      .map(({ symbol, timeframe }) => `The training for ${symbol} ${timeframe} failed.`),
    ...(of('parked_actors') > 0 ? [`${count(of('parked_actors'))} actors are parked.`] : []),
    ...(of('features_differing') > 0
      ? [`${count(of('features_differing'))} live feature rows differed when recomputed.`]
      : []),
    ...(of('rows_shed') > 0
      ? [`${count(of('rows_shed'))} rows left a full journal before their labels were known.`]
      : []),
  ];
}

interface HealthProps {
  readonly health: HealthView;
  readonly isOperator: boolean;
}

function Glance({ health, isOperator }: HealthProps) {
  const faults = faultsOf(health);
  const kind = health.state !== 'serving' ? 'idle' : health.degraded ? 'warn' : 'good';
  const full = health.journalBytesMax === 0 ? 0 : health.journalBytes / health.journalBytesMax;
  const of = (name: string): string => count(health.counts[name] ?? 0);
  return (
    <Card title="Health" class="wide">
      <div class={`verdict ${kind}`}>
        <strong>
          {health.state !== 'serving'
            ? `The engine is ${health.state}.`
            : health.degraded
              ? 'Serving, but degraded.'
              : 'All is well.'}
        </strong>
        {faults.length > 0 && (
          <ul>
            {faults.slice(0, 12).map((fault) => (
              <li key={fault}>{fault}</li>
            ))}
          </ul>
        )}
        {health.degraded && faults.length === 0 && <p>An operator sees what is wrong.</p>}
      </div>
      <div class="tiles">
        <Tile name="Signals" value={of('signals')} note="since the start" />
        {isOperator && (
          <>
            <Tile name="Bars in" value={of('bars')} note={`${of('quotes')} quotes`} />
            <Tile
              name="Feature rows"
              value={of('feature_rows')}
              note={`${of('features_checked')} checked again`}
            />
            <Tile name="Queued" value={of('queued')} note={`in ${of('actors')} actors`} />
            <Tile
              name="Refused rows"
              value={of('rejected')}
              note={`${of('late')} late, ${of('duplicates')} repeated, ${of('conflicts')} in conflict`}
            />
            <Tile
              name="Journal"
              value={percent(full, 1)}
              note={`${bytes(health.journalBytes)} of ${bytes(health.journalBytesMax)}`}
            />
          </>
        )}
        <Tile name="Streams" value={of('subscribers')} note="signal streams open" />
        <Tile name="Up" value={duration(health.uptimeSeconds)} note={`version ${health.version}`} />
      </div>
    </Card>
  );
}

function Tile({
  name,
  value,
  note,
}: {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}) {
  return (
    <div class="tile">
      <span class="tile-name">{name}</span>
      <strong>{value}</strong>
      <span class="hint">{note}</span>
    </div>
  );
}

function Stores({ health, isOperator }: HealthProps) {
  return (
    <Card title="Stores">
      <ScrollTable
        label="Stores and their lag"
        columns={['Sink', 'State', { number: 'Behind' }, { number: 'Refused' }]}
      >
        {health.sinks.map((sink) => (
          <tr key={sink.name}>
            <td>{sink.name}</td>
            <td>
              <span class={`pill ${sink.healthy ? 'good' : 'bad'}`}>{sink.healthy ? 'ok' : 'away'}</span>
              {sink.error !== '' && <p class="error">{sink.error}</p>}
            </td>
            <td class="number">
              {isOperator ? `${count(sink.lagRows)} rows, ` : ''}
              {duration(sink.lagSeconds)}
            </td>
            <td class="number">{isOperator ? count(sink.deadLetters) : '–'}</td>
          </tr>
        ))}
        {health.sources.map((source) => (
          <tr key={source.name}>
            <td>{source.name} (source)</td>
            <td>
              <span class={`pill ${source.healthy ? 'good' : 'bad'}`}>{source.healthy ? 'ok' : 'away'}</span>
              {source.error !== '' && <p class="error">{source.error}</p>}
            </td>
            <td class="number">–</td>
            <td class="number">–</td>
          </tr>
        ))}
      </ScrollTable>
    </Card>
  );
}

/** Bars without a signal, by reason. */
function Withheld({ health }: { readonly health: HealthView }) {
  const reasons = Object.entries(health.withheld).sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...reasons.map(([, n]) => n));
  return (
    <Card title="Bars without a signal">
      {reasons.length === 0 ? (
        <p class="hint">Every bar since the start got its signal.</p>
      ) : (
        <ul class="timing">
          {reasons.map(([name, n]) => (
            <li key={name}>
              <span>{reason(name)}</span>
              <Meter share={n / most} label={`${reason(name)}: ${n}`} />
              <span class="number">{count(n)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** Series that wait for their first model, and models that may not serve. */
function Waits({ health }: { readonly health: HealthView }) {
  const { firstModels, withheldModels } = health;
  return (
    <Card title="Models that are missing">
      {firstModels.length === 0 && withheldModels.length === 0 && (
        <p class="hint">Every series with signals has a model that serves.</p>
      )}
      <ul class="plain">
        {firstModels.map((one) => (
          <li key={`${one.symbol} ${one.timeframe}`}>
            <strong>
              {one.symbol} {one.timeframe}
            </strong>{' '}
            {one.state}
            {one.barsMissing > 0 && `, ${count(one.barsMissing)} bars missing`}
            {one.reason !== '' && <span class="error"> {one.reason}</span>}
          </li>
        ))}
        {withheldModels.map((one) => (
          <li key={one.version}>
            <strong>{one.version}</strong> <span class="error">{one.reason}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Instruments are asked for again after this long. */
const INSTRUMENTS_MS = 5_000;

function Instruments({ renew, isOperator }: { readonly renew: number; readonly isOperator: boolean }) {
  const turn = useTicks(INSTRUMENTS_MS);
  const { value, error, loading } = useAnswer<readonly InstrumentRow[]>(
    '/api/instruments',
    {},
    `${renew} ${turn}`,
  );
  return (
    <Card title={isOperator ? 'Instruments' : 'Own instruments'} class="wide">
      <Waiting error={error} loading={loading} />
      {value?.length === 0 && <p class="hint">None.</p>}
      {value !== undefined && value.length > 0 && (
        <ScrollTable
          label="Instruments, those in trouble first"
          columns={['Instrument', 'State', 'Timeframes', 'Calendar', 'Last bar', { number: 'Bars' }]}
        >
          {value.map((one) => (
            <tr key={one.id}>
              <td>{one.id}</td>
              <td>
                <span
                  class={`pill ${one.state === 'live' ? 'good' : one.state === 'failed' ? 'bad' : 'warn'}`}
                >
                  {one.state}
                </span>
                {one.error !== '' && <p class="error">{one.error}</p>}
              </td>
              <td>{[...new Set([one.base, ...one.timeframes])].join(', ')}</td>
              <td>{one.calendar}</td>
              <td>{utc(one.lastBarTime)}</td>
              <td class="number">{count(one.bars)}</td>
            </tr>
          ))}
        </ScrollTable>
      )}
    </Card>
  );
}

function Quotas({ renew, tenant }: { readonly renew: number; readonly tenant: string }) {
  const { value, error, loading } = useAnswer<readonly QuotaView[]>('/api/quotas', {}, renew);
  return (
    <Card title={`Quotas of ${tenant}`}>
      <Waiting error={error} loading={loading} />
      <ul class="timing">
        {value?.map(({ name, limit, used }) => (
          <li key={name}>
            <span>{name}</span>
            {used === null ? (
              <span />
            ) : (
              <Meter share={limit === 0 ? 0 : used / limit} label={`${name}: ${used} of ${limit}`} />
            )}
            <span class="number">
              {used === null ? '' : `${count(used)} of `}
              {limit === 0 ? 'unlimited' : count(limit)}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
