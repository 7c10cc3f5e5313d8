import type { RelationsView } from '../../engine/console/wire-analyses.ts';

type Relation = RelationsView['relations'][number];

interface Props {
  readonly symbols: readonly string[];
  /** Strongest first. */
  readonly relations: readonly Relation[];
  readonly picked: Relation | undefined;
  readonly onPick: (relation: Relation) => void;
}

const SIZE = 520;
const MIDDLE = SIZE / 2;
const RADIUS = 190;
const NODE = 34;
/** Lines that are drawn at most: more hide each other. */
const LINES_MAX = 60;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The strongest relation of each pair without a lag, and the strongest lead each way: more would lie on each other. */
function strongest(relations: readonly Relation[]): readonly Relation[] {
  const seen = new Set<string>();
  return relations
    .filter(({ from, to, lag }) => {
      const pair = lag === 0 ? [from, to].sort().join('–') : `${from}→${to}`;
      if (seen.has(pair)) return false;
      seen.add(pair);
      return true;
    })
    .slice(0, LINES_MAX);
}

/** Places of markets on a circle, the most related ones next to each other. */
function placesOf(symbols: readonly string[], relations: readonly Relation[]): ReadonlyMap<string, Point> {
  const strength = (a: string, b: string): number =>
    Math.max(
      0,
      ...relations
        .filter(({ from, to }) => (from === a && to === b) || (from === b && to === a))
        .map(({ shrunk }) => Math.abs(shrunk)),
    );
  const left = [...symbols];
  const order = left.splice(0, 1);
  while (left.length > 0) {
    const last = order.at(-1)!;
    const next = left.reduce((best, symbol) =>
      strength(last, symbol) > strength(last, best) ? symbol : best,
    );
    order.push(...left.splice(left.indexOf(next), 1));
  }
  return new Map(
    order.map((symbol, i) => {
      const angle = (i / order.length) * 2 * Math.PI - Math.PI / 2;
      return [symbol, { x: MIDDLE + RADIUS * Math.cos(angle), y: MIDDLE + RADIUS * Math.sin(angle) }];
    }),
  );
}

/** A line between two nodes: straight when they move together, bent to the right of its way when one leads. */
function pathOf({ lag }: Relation, from: Point, to: Point): { readonly d: string; readonly label: Point } {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  const bend = lag === 0 ? 0 : 0.17 * length;
  const middle = {
    x: (from.x + to.x) / 2 - (dy / length) * bend,
    y: (from.y + to.y) / 2 + (dx / length) * bend,
  };
  const towards = (end: Point, by: number): Point => {
    const [x, y] = [middle.x - end.x, middle.y - end.y];
    const far = Math.hypot(x, y);
    return { x: end.x + (x / far) * by, y: end.y + (y / far) * by };
  };
  const a = towards(from, NODE);
  const b = towards(to, lag === 0 ? NODE : NODE + 9);
  return {
    d: `M${a.x.toFixed(1)} ${a.y.toFixed(1)} Q${middle.x.toFixed(1)} ${middle.y.toFixed(1)} ${b.x.toFixed(1)} ${b.y.toFixed(1)}`,
    label: {
      x: 0.25 * a.x + 0.5 * middle.x + 0.25 * b.x,
      y: 0.25 * a.y + 0.5 * middle.y + 0.25 * b.y,
    },
  };
}

function wordsOf({ from, to, lag, correlation }: Relation): string {
  const how = lag === 0 ? `${from} with ${to}` : `${from} leads ${to} by ${lag}`;
  return `${how}: ${correlation.toFixed(2)}`;
}

/** Markets on a circle, and what relates them. The table beside it has all of it in words. */
export function RelationGraph({ symbols, relations, picked, onPick }: Props) {
  const shown = strongest(relations);
  const drawn = picked === undefined || shown.includes(picked) ? shown : [...shown, picked];
  const places = placesOf(symbols, relations);
  const isNear = (symbol: string): boolean =>
    picked === undefined || picked.from === symbol || picked.to === symbol;
  const title = `Markets that are related: ${shown.slice(0, 8).map(wordsOf).join('; ')}${shown.length > 8 ? '; and others, as in the table' : ''}`;
  return (
    <svg class="relation-graph" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={title}>
      <defs>
        {['positive', 'negative'].map((kind) => (
          <marker
            key={kind}
            id={`arrow-${kind}`}
            viewBox="0 0 10 10"
            refX="2"
            refY="5"
            markerUnits="userSpaceOnUse"
            markerWidth="13"
            markerHeight="13"
            orient="auto"
          >
            <path class={`arrow ${kind}`} d="M0 0 L10 5 L0 10 z" />
          </marker>
        ))}
      </defs>
      {drawn.map((relation) => {
        const { from, to, lag, shrunk } = relation;
        const [a, b] = [places.get(from), places.get(to)];
        if (a === undefined || b === undefined) return null;
        const kind = shrunk >= 0 ? 'positive' : 'negative';
        const { d, label } = pathOf(relation, a, b);
        const isPicked = relation === picked;
        const state = picked === undefined ? '' : isPicked ? 'picked' : 'faint';
        return (
          <g
            key={`${from} ${to} ${lag}`}
            class={`edge ${kind} ${state}`}
            onMouseEnter={() => onPick(relation)}
          >
            <path
              d={d}
              stroke-width={1 + 9 * Math.abs(shrunk)}
              marker-end={lag === 0 ? undefined : `url(#arrow-${kind})`}
            >
              <title>{wordsOf(relation)}</title>
            </path>
            {(lag > 0 || isPicked) && (
              <text x={label.x} y={label.y}>
                {lag > 0 ? `+${lag}` : ''}
                {isPicked ? ` ${relation.correlation.toFixed(2)}` : ''}
              </text>
            )}
          </g>
        );
      })}
      {[...places].map(([symbol, { x, y }]) => (
        <g key={symbol} class={`market-node ${isNear(symbol) ? '' : 'faint'}`}>
          <circle cx={x} cy={y} r={NODE} />
          <text x={x} y={y} font-size={symbol.length > 7 ? 9.5 : 12}>
            {symbol}
          </text>
        </g>
      ))}
    </svg>
  );
}
