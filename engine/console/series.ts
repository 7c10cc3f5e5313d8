import { gridName } from '../../actors/market/bar-grid.js';
import { timeframeMs, type Timeframe } from '../../actors/market/timeframe.js';
import type { Caller } from '../credentials/caller.js';
import type { Engine } from '../engine.js';
import { SuhoError, quoted } from '../errors.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { SeriesIdentity } from '../feature-store/feature-store.js';
import { SIMULATED_FEED } from '../feeds/simulated-feed.js';
import { ownerOfSignals } from '../instruments/audience.js';
import { instrumentOfSeries, seriesIdentity } from '../instruments/ids.js';
import type { Instrument } from '../instruments/instrument.js';
import type { SeriesView } from './wire.js';

/** Series of one answer at most. */
const SERIES_MAX = 2_000;

/** A series that a caller may see. */
export interface VisibleSeries {
  readonly id: string;
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  readonly identity: SeriesIdentity;
  /** The caller's signal actor on it; undefined where the tenant has no signals. */
  readonly actorId: string | undefined;
}

/** The series a caller may see: those of its tenant's own instruments, and of shared ones that the tenant follows. */
export class SeriesDirectory {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** All that a caller may see, 2,000 at most. */
  list(caller: Caller): readonly SeriesView[] {
    const views: SeriesView[] = [];
    for (const instrument of this.#engine.instruments.all()) {
      if (!instrument.isVisibleTo(caller.tenantId)) continue;
      const { base, longer } = instrument.definition;
      for (const timeframe of [base, ...longer.map((series) => series.timeframe)]) {
        if (views.length >= SERIES_MAX) return views;
        views.push(this.#view(instrument, timeframe, caller));
      }
    }
    return views;
  }

  /** A series by its id. Throws `NOT_FOUND`, in the same words, when there is none and when it is another tenant's. */
  find(caller: Caller, id: string): VisibleSeries {
    const { tenantId } = caller;
    const instrument = this.#engine.instruments.get(instrumentOfSeries(id));
    const grid = id.slice(id.lastIndexOf('/') + 1);
    if (instrument !== undefined && instrument.isVisibleTo(tenantId)) {
      const { base, longer } = instrument.definition;
      const timeframes = [base, ...longer.map((series) => series.timeframe)];
      const timeframe = timeframes.find(
        (one) => gridName({ timeframe: one, calendar: instrument.calendar.name }) === grid,
      );
      if (timeframe !== undefined)
        return {
          id,
          instrument,
          timeframe,
          identity: seriesIdentity(id),
          actorId: instrument.follows(tenantId, timeframe)
            ? instrument.signalActorId({ ...ownerOfSignals(instrument, caller, timeframe), timeframe })
            : undefined,
        };
    }
    throw new SuhoError('NOT_FOUND', `There is no series ${quoted(id)}; choose one from the list of series.`);
  }

  #view(instrument: Instrument, timeframe: Timeframe, caller: Caller): SeriesView {
    const { tenantId, userId } = ownerOfSignals(instrument, caller, timeframe);
    const { instruments } = this.#engine;
    const id = instrument.seriesId(timeframe);
    const last = instruments.lastClosedBar(id);
    const { feed, owner, symbol } = instrument.definition;
    return {
      id,
      instrument: instrument.id,
      feed,
      symbol,
      timeframe,
      barMs: timeframeMs(timeframe),
      calendar: instrument.calendar.name,
      simulated: feed === SIMULATED_FEED && owner === PLATFORM,
      signals: instrument.follows(tenantId, timeframe),
      modelVersion: instruments.routeOf(tenantId, id, userId)?.version ?? null,
      state: instrument.state,
      // What went wrong inside is for the owner of the feed.
      error: owner === tenantId ? (instrument.error ?? '') : '',
      bars: instruments.barsOf(id),
      lastBarTime: Number.isNaN(last) ? null : last,
    };
  }
}
