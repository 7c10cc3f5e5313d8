import { useEffect, useMemo, useState } from 'preact/hooks';
import type { BarRow, SignalRow } from '../../engine/console/wire.ts';
import type { PageProps } from './page-props.ts';
import { PriceChart } from '../charts/price-chart.tsx';
import { percent, price, reason, signedPercent, utc } from '../format.ts';
import { Card, Direction, FirstSteps, ScrollTable, SeriesPicker, Waiting } from '../parts/parts.tsx';
import { goTo } from '../route.ts';
import { useMarket } from './market-state.ts';
import { SignalPanel } from './signal-panel.tsx';

/** Rows of the table: more would only be slower to read. */
const LISTED = 100;

/** Candles of a series with its signals; a click opens one. */
export function MarketPage({ route, series, chosen, update, renew }: PageProps) {
  const market = useMarket(chosen, update, renew);
  const [withFlat, setWithFlat] = useState(true);
  const [hovered, setHovered] = useState<readonly [BarRow | undefined, SignalRow | undefined]>([
    undefined,
    undefined,
  ]);
  const placed = useMemo(
    () => (withFlat ? market.placed : market.placed.filter(({ signal }) => signal.direction !== 'FLAT')),
    [market.placed, withFlat],
  );
  const newest = useNewest(market.signals.at(-1)?.id, chosen?.id);
  if (chosen === undefined) return <FirstSteps state={update?.state} />;
  const selected = route.params['signal'] ?? newest;
  // Once what came of it is known, the panel tells it too.
  const came = market.signals.findLast(({ id }) => id === selected)?.outcome?.return;
  const pick = ({ id }: SignalRow): void => goTo('market', { series: chosen.id, signal: id });
  const [bar = market.bars.at(-1), signal] = hovered;
  const title = `${chosen.symbol} ${chosen.timeframe}`;
  return (
    <div class="market">
      <div class="main-column">
        <Card
          title={title}
          class="chart-card"
          extra={
            <div class="tools">
              <SeriesPicker series={series} chosen={chosen} route={route} />
              <label class="check">
                <input
                  type="checkbox"
                  checked={withFlat}
                  onChange={(event) => setWithFlat(event.currentTarget.checked)}
                />
                Abstentions
              </label>
            </div>
          }
        >
          <Legend
            bar={bar}
            signal={signal ?? market.placed.find(({ openTime }) => openTime === bar?.[0])?.signal}
          />
          <PriceChart
            bars={market.bars}
            signals={placed}
            selected={selected}
            title={`Candles of ${title}, ${market.bars.length} bars with ${placed.length} signals; the table below lists them`}
            onPick={pick}
            onHover={(...at) => setHovered(at)}
            onBeginning={market.loadOlder}
          />
          <Waiting error={market.error} loading={market.loading} />
          {market.note !== null && <p class="error">{market.note}</p>}
          {chosen.modelVersion === null && chosen.signals && (
            <p class="hint">
              This series has no model yet, so its bars have no signals; <a href="#/operations">Operations</a>{' '}
              says what is missing.
            </p>
          )}
        </Card>
        <SignalTable signals={market.signals} selected={selected} onPick={pick} />
      </div>
      <div class="side-column">
        <SignalPanel id={selected} renew={`${renew} ${came}`} isNone={market.signals.length === 0} />
      </div>
    </div>
  );
}

/** How often the panel goes on to the newest signal where none was chosen: it is read, and what moved it takes seconds on a busy machine. */
const FOLLOW_MS = 10_000;

/** The newest signal, but not a new one at every bar of a market that runs fast. */
function useNewest(id: string | undefined, series: string | undefined): string | undefined {
  const [followed, setFollowed] = useState({ id, series, at: 0 });
  useEffect(() => {
    const wait =
      followed.series === series && followed.id !== undefined
        ? followed.at + FOLLOW_MS - performance.now()
        : 0;
    const timer = setTimeout(() => setFollowed({ id, series, at: performance.now() }), Math.max(0, wait));
    return () => clearTimeout(timer);
  }, [id, series]);
  return followed.series === series ? followed.id : undefined;
}

function Legend({
  bar,
  signal,
}: {
  readonly bar: BarRow | undefined;
  readonly signal: SignalRow | undefined;
}) {
  if (bar === undefined) return <p class="legend">&nbsp;</p>;
  const [time, open, high, low, close] = bar;
  return (
    <p class="legend">
      <span>{utc(time)}</span>
      <span>O {price(open)}</span>
      <span>H {price(high)}</span>
      <span>L {price(low)}</span>
      <span>C {price(close)}</span>
      {signal !== undefined && (
        <span>
          <Direction of={signal.direction} /> {percent(signal.confidence)}
          {signal.abstained.length > 0 && ` · ${signal.abstained.map(reason).join('; ')}`}
        </span>
      )}
    </p>
  );
}

interface TableProps {
  readonly signals: readonly SignalRow[];
  readonly selected: string | undefined;
  readonly onPick: (signal: SignalRow) => void;
}

/** Moves to the signal above or below in the table. */
function onArrow(event: KeyboardEvent): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const row = (event.target as HTMLElement).closest('tr');
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const button = next?.querySelector('button');
  if (button === null || button === undefined) return;
  event.preventDefault();
  button.focus();
  button.click();
}

function SignalTable({ signals, selected, onPick }: TableProps) {
  const newest = useMemo(() => signals.slice(-LISTED).reverse(), [signals]);
  const acted = signals.filter(({ direction, outcome }) => direction !== 'FLAT' && outcome !== null);
  const right = acted.filter(({ leaning, outcome }) => outcome?.direction === leaning).length;
  return (
    <Card
      title="Signals"
      extra={
        acted.length > 0 && (
          <span class="hint">
            {right} of {acted.length} known ones that acted were right ({percent(right / acted.length, 0)})
          </span>
        )
      }
    >
      {newest.length === 0 ? (
        <p class="hint">There are no signals of this series yet.</p>
      ) : (
        <ScrollTable
          label="Signals, newest first"
          columns={['Bar close', 'Signal', { number: 'Confidence' }, { number: 'Price' }, 'Came', 'Why not']}
          onKeyDown={onArrow}
        >
          {newest.map((signal) => (
            <SignalLine key={signal.id} signal={signal} isSelected={signal.id === selected} onPick={onPick} />
          ))}
        </ScrollTable>
      )}
    </Card>
  );
}

interface LineProps {
  readonly signal: SignalRow;
  readonly isSelected: boolean;
  readonly onPick: (signal: SignalRow) => void;
}

function SignalLine({ signal, isSelected, onPick }: LineProps) {
  const { outcome, leaning } = signal;
  const known =
    outcome === null || signal.direction === 'FLAT'
      ? ''
      : outcome.direction === leaning
        ? 'right'
        : outcome.direction === 0
          ? 'flat'
          : 'wrong';
  return (
    <tr class={isSelected ? 'selected' : ''} onClick={() => onPick(signal)}>
      <td>
        <button
          type="button"
          class="link"
          aria-current={isSelected ? 'true' : undefined}
          onClick={(event) => {
            event.stopPropagation();
            onPick(signal);
          }}
        >
          {utc(signal.time)}
        </button>
      </td>
      <td>
        <Direction of={signal.direction} />
      </td>
      <td class="number">{percent(signal.confidence)}</td>
      <td class="number">{price(signal.price)}</td>
      <td class={`came ${known}`}>
        {outcome === null ? 'open' : `${signedPercent(outcome.return)} ${known}`}
      </td>
      <td class="reasons">{signal.abstained.map(reason).join('; ')}</td>
    </tr>
  );
}
