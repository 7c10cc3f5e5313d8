import type { ComponentChildren } from 'preact';
import type { SeriesView } from '../../engine/console/wire.ts';
import { goTo, type Route } from '../route.ts';

interface CardProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly extra?: ComponentChildren;
  readonly class?: string;
}

/** A titled part of a page. */
export function Card({ title, children, extra, class: more = '' }: CardProps) {
  return (
    <section class={`card ${more}`} aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        {extra}
      </div>
      {children}
    </section>
  );
}

/** What stands where an answer is not there yet, or will not be. */
export function Waiting({
  error,
  loading,
}: {
  readonly error: string | undefined;
  readonly loading: boolean;
}) {
  if (error !== undefined)
    return (
      <p class="error" role="alert">
        {error}
      </p>
    );
  return loading ? (
    <p class="hint" role="status">
      Loading…
    </p>
  ) : null;
}

interface ChoiceProps {
  readonly children: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** A box to tick. */
export function Choice({ children, checked, onChange }: ChoiceProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      {children}
    </label>
  );
}

/** A column by its title; of numbers, which stand to the right. */
type Column = string | { readonly number: string };

interface TableProps {
  /** What the rows are, for who hears the page. */
  readonly label: string;
  readonly columns: readonly Column[];
  /** Its rows. */
  readonly children: ComponentChildren;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
}

/** A table that is moved within its place, also by keyboard, where it is larger. */
export function ScrollTable({ label, columns, children, onKeyDown }: TableProps) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table onKeyDown={onKeyDown}>
        <thead>
          <tr>
            {columns.map((column) =>
              typeof column === 'string' ? (
                <th key={column} scope="col">
                  {column}
                </th>
              ) : (
                <th key={column.number} scope="col" class="number">
                  {column.number}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

interface PickerProps {
  readonly series: readonly SeriesView[];
  readonly chosen: SeriesView | undefined;
  readonly route: Route;
}

function nameOf({ symbol, timeframe, feed }: SeriesView): string {
  return `${symbol} ${timeframe} · ${feed}`;
}

/** Chooses the series of a page; the choice is in the address. */
export function SeriesPicker({ series, chosen, route }: PickerProps) {
  return (
    <label class="picker">
      <span>Series</span>
      <select
        value={chosen?.id}
        onChange={(event) => goTo(route.page, { series: event.currentTarget.value })}
      >
        {series.map((one) => (
          <option key={one.id} value={one.id}>
            {nameOf(one)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What an engine without any series tells a newcomer to do. */
export function FirstSteps({ state }: { readonly state: string | undefined }) {
  if (state === 'preparing' || state === 'starting')
    return (
      <Card title="The engine is preparing">
        <p>
          It makes the history of its first markets and trains a model for each. This takes a minute or two;
          the page fills by itself.
        </p>
      </Card>
    );
  return (
    <Card title="There is no market yet">
      <p>This tenant publishes nothing and follows no shared feed. To begin, do one of these:</p>
      <ul class="steps">
        <li>
          Start with invented markets: <code>suho start</code> without <code>--no-simulator</code>.
        </li>
        <li>
          Play a file of yours:{' '}
          <code>suho replay EURUSD_h1.csv.gz --symbol EURUSD --timeframe 1h --data eurusd</code>, then{' '}
          <code>suho start --data eurusd</code>.
        </li>
        <li>
          Publish bars or quotes over gRPC with <code>PublishBars</code>; a symbol gets its first model by
          itself once it has 799 bars of an hour.
        </li>
      </ul>
    </Card>
  );
}

const ARROWS: Readonly<Record<string, string>> = { LONG: '▲', SHORT: '▼', FLAT: '●' };

/** A direction by shape, word and colour. */
export function Direction({ of }: { readonly of: string }) {
  return (
    <span class={`direction ${of.toLowerCase()}`}>
      <span aria-hidden="true">{ARROWS[of]}</span> {of}
    </span>
  );
}

interface BarProps {
  /** Down, flat, up. */
  readonly shares: readonly number[];
  readonly thin?: boolean;
  readonly label: string;
}

const KINDS = ['down', 'flat', 'up'];

/** Three probabilities as one bar. */
export function ShareBar({ shares, thin = false, label }: BarProps) {
  const text = shares.map((share, i) => `${KINDS[i]} ${(share * 100).toFixed(1)} %`).join(', ');
  return (
    <div class={`shares ${thin ? 'thin' : ''}`} role="img" aria-label={`${label}: ${text}`}>
      {shares.map((share, i) => (
        <span key={KINDS[i]} class={KINDS[i]} style={{ flexGrow: Math.max(share, 0.0001) }}>
          {!thin && share >= 0.14 ? `${(share * 100).toFixed(1)} %` : ''}
        </span>
      ))}
    </div>
  );
}

interface MeterProps {
  readonly share: number;
  readonly label: string;
  readonly kind?: string;
}

/** A share of a whole as a bar. */
export function Meter({ share, label, kind = 'accent' }: MeterProps) {
  const width = Math.max(0, Math.min(1, share));
  return (
    <div class="meter" role="img" aria-label={label}>
      <span class={kind} style={{ width: `${width * 100}%` }} />
    </div>
  );
}
