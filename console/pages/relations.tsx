import { useState } from 'preact/hooks';
import type { RelationsView } from '../../engine/console/wire-analyses.ts';
import type { PageProps } from './page-props.ts';
import { useAnswer } from '../api.ts';
import { RelationGraph } from '../charts/relation-graph.tsx';
import { count, decimal, percent, utc } from '../format.ts';
import { Card, FirstSteps, ScrollTable, SeriesPicker, Waiting } from '../parts/parts.tsx';

type Relation = RelationsView['relations'][number];

/** Rows of the table. */
const LISTED = 60;

/** Which markets move together, and which go ahead of others. */
export function RelationsPage({ route, series, chosen, update, renew }: PageProps) {
  const { value, error, loading } = useAnswer<RelationsView>(
    chosen === undefined ? undefined : '/api/relations',
    { series: chosen?.id },
    renew,
  );
  const [picked, setPicked] = useState<Relation>();
  if (chosen === undefined) return <FirstSteps state={update?.state} />;
  const relations = value?.relations ?? [];
  return (
    <div class="relations">
      <Card
        title={`Relations of ${chosen.timeframe} markets`}
        extra={<SeriesPicker series={series} chosen={chosen} route={route} />}
      >
        <Waiting error={error} loading={loading} />
        {loading && (
          <p class="hint">Every pair of markets is compared at every lag; this takes a few seconds.</p>
        )}
        {value !== undefined && <Summary view={value} />}
        {relations.length > 0 && (
          <RelationGraph
            symbols={value!.markets.map(({ symbol }) => symbol)}
            relations={relations}
            picked={picked}
            onPick={setPicked}
          />
        )}
        {relations.length > 0 && (
          <ul class="keys">
            <li>
              <span class="line positive" aria-hidden="true" /> the same way
            </li>
            <li>
              <span class="line negative" aria-hidden="true" /> the other way
            </li>
            <li>an arrow and its number: ahead by so many bars</li>
            <li>the wider, the stronger</li>
          </ul>
        )}
      </Card>
      {relations.length > 0 && (
        <Table relations={relations.slice(0, LISTED)} picked={picked} onPick={setPicked} />
      )}
    </div>
  );
}

function Summary({ view }: { readonly view: RelationsView }) {
  const { markets, relations, tested, window, lagMax, falseDiscoveries, at, left, timeframe } = view;
  if (markets.length < 2)
    return (
      <>
        <p>There is only one market on {timeframe} here, and relations are between markets.</p>
        <ul class="steps">
          <li>
            Publish or follow a second symbol on {timeframe}; it appears here once both have 61 bars in
            common.
          </li>
          <li>
            Or compare files: <code>suho relations EURUSD_h1.csv.gz GBPUSD_h1.csv.gz --timeframe 1h</code>.
          </li>
        </ul>
      </>
    );
  const most = Math.max(...markets.map(({ bars }) => bars));
  return (
    <>
      <p class="hint">
        Correlations of returns over the newest {count(window)} bars that two markets share, as of {utc(at)},
        at the same time and with either ahead by up to {lagMax} bars: {count(tested)} tests of{' '}
        {markets.length} markets, at most {percent(falseDiscoveries, 0)} of what is shown expected to be
        chance.
        {left > 0 && ` ${left} more markets are left out.`}
      </p>
      {relations.length === 0 && (
        <p>
          <strong>No relation is more than chance.</strong>{' '}
          {most < window
            ? `With more bars than ${count(most)} weaker ones would be found.`
            : 'These markets move by themselves on this timeframe; another timeframe, or other symbols, may show more.'}
        </p>
      )}
    </>
  );
}

interface TableProps {
  readonly relations: readonly Relation[];
  readonly picked: Relation | undefined;
  readonly onPick: (relation: Relation | undefined) => void;
}

function Table({ relations, picked, onPick }: TableProps) {
  return (
    <Card title="The figures">
      <p class="hint">
        Shrunk is what is left of a correlation when chance is taken out, before the same in the window
        before, independent how many returns stand alone.
      </p>
      <ScrollTable
        label="Relations, strongest first"
        columns={[
          'Relation',
          ...['Correlation', 'Shrunk', 'Before', 'q', 'Independent'].map((number) => ({ number })),
        ]}
      >
        {relations.map((relation) => {
          const { from, to, lag, correlation, shrunk, before, qValue, effective } = relation;
          return (
            <tr
              key={`${from} ${to} ${lag}`}
              class={relation === picked ? 'selected' : ''}
              onMouseEnter={() => onPick(relation)}
            >
              <td>
                <button
                  type="button"
                  class="link"
                  aria-pressed={relation === picked}
                  onClick={() => onPick(relation === picked ? undefined : relation)}
                >
                  {lag === 0 ? `${from} with ${to}` : `${from} leads ${to} by ${lag}`}
                </button>
              </td>
              <td class="number">{decimal(correlation, 3)}</td>
              <td class="number">{decimal(shrunk, 3)}</td>
              <td class="number">{decimal(before, 3)}</td>
              <td class="number">{qValue < 1e-4 ? '< 0.0001' : decimal(qValue, 4)}</td>
              <td class="number">{count(Math.round(effective))}</td>
            </tr>
          );
        })}
      </ScrollTable>
    </Card>
  );
}
