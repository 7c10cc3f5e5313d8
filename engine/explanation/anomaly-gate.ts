import type { Gates } from '../../actors/signals/gates.js';
import { wilsonInterval } from '../../actors/signals/wilson.js';
import type {
  AnomalyFigures,
  PredictionHistory,
  PredictionQuery,
  StoredPrediction,
} from '../prediction-store/prediction-store.js';

/** How some signals did, those that were withheld by what they leaned to. */
export interface SignalGroup {
  readonly signals: number;
  readonly withheld: number;
  /** Those whose outcome over their primary horizon is known, and the share of them whose likeliest direction came. */
  readonly known: number;
  readonly right: number;
  /** Its 95 % Wilson interval. */
  readonly rightLow: number;
  readonly rightHigh: number;
  /** Mean return in the likeliest direction; NaN without any. */
  readonly meanReturn: number;
}

/** What the anomaly gate of a symbol and timeframe is worth: anomalous moments beside usual ones. */
export interface AnomalyGateFigures {
  readonly symbol: string;
  readonly timeframe: string;
  /** Scores above it are anomalous. */
  readonly limit: number;
  readonly anomalous: SignalGroup;
  readonly usual: SignalGroup;
  /** By how much a smaller share of the anomalous signals was right, with its 95 % interval. */
  readonly shortfall: number;
  readonly shortfallLow: number;
  readonly shortfallHigh: number;
}

type Span = Pick<PredictionQuery, 'symbols' | 'timeframes' | 'from' | 'to' | 'user'>;

/** What the gate against anomalous moments let pass and withheld, and how those signals did. */
export class AnomalyGate {
  readonly #history: Pick<PredictionHistory, 'page' | 'anomalies'>;
  readonly #gatesOf: (tenantId: string) => Gates;

  constructor(history: Pick<PredictionHistory, 'page' | 'anomalies'>, gatesOf: (tenantId: string) => Gates) {
    this.#history = history;
    this.#gatesOf = gatesOf;
  }

  /** The tenant's limit now, and what becomes of a signal above it. */
  of(tenantId: string): Pick<Gates, 'maxAnomaly' | 'onAnomaly'> {
    return this.#gatesOf(tenantId);
  }

  /** A tenant's signals of moments above a score, newest first. Throws `STORE_UNAVAILABLE`. */
  async list(
    tenantId: string,
    query: Span & Pick<PredictionQuery, 'after' | 'limit'>,
    above: number,
  ): Promise<readonly StoredPrediction[]> {
    return await this.#history.page(tenantId, { ...query, onlyActionable: false, anomalyAbove: above });
  }

  /** The figures of each symbol and timeframe with signals. Throws `STORE_UNAVAILABLE`. */
  async figures(tenantId: string, query: Span, above: number): Promise<AnomalyGateFigures[]> {
    const rows = await this.#history.anomalies(tenantId, query, above);
    const series = new Map<string, AnomalyFigures[]>();
    for (const row of rows) {
      const name = `${row.symbol}/${row.timeframe}`;
      series.set(name, [...(series.get(name) ?? []), row]);
    }
    return [...series.values()].map((of) => compared(of, above));
  }
}

function compared(rows: readonly AnomalyFigures[], limit: number): AnomalyGateFigures {
  const { symbol, timeframe } = rows[0]!;
  const anomalous = groupOf(rows.find(({ isAnomalous }) => isAnomalous));
  const usual = groupOf(rows.find(({ isAnomalous }) => !isAnomalous));
  return { symbol, timeframe, limit, anomalous, usual, ...shortfallOf(usual, anomalous) };
}

function groupOf(figures: AnomalyFigures | undefined): SignalGroup {
  if (figures === undefined)
    return { signals: 0, withheld: 0, known: 0, right: NaN, rightLow: 0, rightHigh: 1, meanReturn: NaN };
  const { signals, withheld, known, meanReturn } = figures;
  const right = figures.right / known;
  const [rightLow, rightHigh] = wilsonInterval(right, known);
  return { signals, withheld, known, right, rightLow, rightHigh, meanReturn };
}

/**
 * The difference of two shares with its 95 % interval: Newcombe's hybrid of their Wilson intervals (1998, method 10).
 * Outcomes that overlap make it narrower than it should be.
 */
function shortfallOf(
  usual: SignalGroup,
  anomalous: SignalGroup,
): Pick<AnomalyGateFigures, 'shortfall' | 'shortfallLow' | 'shortfallHigh'> {
  if (usual.known === 0 || anomalous.known === 0)
    return { shortfall: NaN, shortfallLow: -1, shortfallHigh: 1 };
  const shortfall = usual.right - anomalous.right;
  return {
    shortfall,
    shortfallLow: shortfall - Math.hypot(usual.right - usual.rightLow, anomalous.rightHigh - anomalous.right),
    shortfallHigh:
      shortfall + Math.hypot(usual.rightHigh - usual.right, anomalous.right - anomalous.rightLow),
  };
}
