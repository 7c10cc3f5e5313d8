import { parentPort, workerData } from 'node:worker_threads';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import type { Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { calendarOfRule, type CalendarRule } from '../calendars.js';
import { driftMapOf, type DriftStretch } from '../drift/drift-map.js';
import { decodeFacts } from '../drift/training-facts.js';
import { buildDataset, newest } from '../learning/dataset.js';
import { relationsOf, type RelationOptions, type RelationReport } from '../relations/relations.js';

interface MarketBars {
  readonly symbol: string;
  readonly calendar: CalendarRule;
  readonly bars: readonly Bar[];
}

/** What a thread of its own works out, so that no signal waits for it. */
export type Analysis =
  | {
      readonly kind: 'relations';
      readonly timeframe: Timeframe;
      readonly markets: readonly MarketBars[];
      readonly options: RelationOptions;
    }
  | {
      readonly kind: 'drift';
      readonly timeframe: Timeframe;
      readonly calendar: CalendarRule;
      readonly bars: readonly Bar[];
      /** What the training of a model left for its monitors. */
      readonly facts: Uint8Array;
      readonly rowsMax: number;
      readonly stretchRows: number;
    };

/** What comes of each kind; undefined where the facts are of another feature set. */
export interface AnalysisResults {
  readonly relations: RelationReport;
  readonly drift: readonly DriftStretch[] | undefined;
}

function run(analysis: Analysis): AnalysisResults[keyof AnalysisResults] {
  const gridOf = (calendar: CalendarRule): BarGrid =>
    BarGrid.of(analysis.timeframe, calendarOfRule(calendar));
  switch (analysis.kind) {
    case 'relations':
      return relationsOf(
        analysis.markets.map(({ symbol, calendar, bars }) => {
          const grid = gridOf(calendar);
          return { symbol, bars, closeOf: (openTime) => grid.closeOf(openTime) };
        }),
        analysis.options,
      );
    case 'drift': {
      const facts = decodeFacts(analysis.facts, FEATURE_COUNT);
      if (facts === undefined) return undefined;
      const { features, closeTimes } = newest(
        buildDataset(analysis.bars, gridOf(analysis.calendar)),
        analysis.rowsMax,
      );
      return driftMapOf(facts.inputs, { rows: features, closeTimes }, analysis.stretchRows);
    }
  }
}

parentPort?.postMessage(run(workerData as Analysis));
