import { TIMEFRAMES } from '../../actors/market/timeframe.js';
import { waitingSeries } from '../api/engine-adapter.js';
import type { Engine } from '../engine.js';
import type { FirstModelsEvent } from '../learning/first-models.js';
import { barsNeeded } from '../learning/history-needed.js';
import type { ModelRecord } from '../registry/model-registry.js';
import { waitingLine } from './waiting.js';

/** Series named one by one when the engine starts; the others are counted. */
const NAMED_AT_START = 10;

/** What a training found, in a few words. */
export function skillFound(record: ModelRecord): string {
  return record.edge.some(Boolean) ? 'skill found' : 'no skill found, it will abstain';
}

/** Begins to give series their first model, and says what they wait for and what becomes of them. */
export function watchFirstModels(engine: Engine, simulated: boolean, say: (text: string) => void): void {
  const { firstModels, instruments } = engine;
  const { automatic, waiting, series } = firstModels.report();
  if (!simulated && [...instruments.all()].every(({ base }) => instruments.barsOf(base) === 0))
    say(`no data yet: publish bars or quotes over gRPC${engine.messaging === undefined ? '' : ' or NATS'}`);
  if (!automatic) say('training.firstModels is off: no series gets a model by itself');
  else if (!simulated || waiting > 0) say(`a series gets its first model by itself: ${needs()}`);
  for (const one of series.slice(0, NAMED_AT_START)) say(waitingLine(waitingSeries(one, true)));
  if (waiting > NAMED_AT_START) say(`${waiting - NAMED_AT_START} more series have no model yet`);
  firstModels.onEvent((event) => say(eventLine(event)));
  firstModels.open();
}

function eventLine(event: FirstModelsEvent): string {
  switch (event.kind) {
    case 'collecting':
    case 'training':
    case 'failed':
      return waitingLine(waitingSeries(event.series, true));
    case 'trained': {
      const { seriesId, record } = event;
      return `${seriesId}: trained ${record.version} on ${record.rows} bars: ${skillFound(record)}; signals from the next bar on`;
    }
    case 'adopted': {
      const { seriesId, record } = event;
      return `${seriesId}: takes ${record.version}, trained on feed ${record.feed}; signals from the next bar on`;
    }
  }
}

/** Bars of a first model, by timeframe: those that need the same number together. */
function needs(): string {
  const byBars = new Map<number, string[]>();
  for (const timeframe of TIMEFRAMES)
    byBars.set(barsNeeded(timeframe), [...(byBars.get(barsNeeded(timeframe)) ?? []), timeframe]);
  return [...byBars].map(([bars, timeframes]) => `${bars} bars of ${timeframes.join(', ')}`).join('; ');
}
