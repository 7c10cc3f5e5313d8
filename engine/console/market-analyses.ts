import { CATALOGUE } from '../../actors/features/catalogue.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';
import { ruleOf } from '../calendars.js';
import type { Caller } from '../credentials/caller.js';
import type { Engine } from '../engine.js';
import { LAST_TIME } from '../feature-store/row-blocks.js';
import { ownerOfSignals } from '../instruments/audience.js';
import { seriesIdentity } from '../instruments/ids.js';
import { DEFAULT_RELATIONS, RELATION_BARS } from '../relations/relations.js';
import type { Analyses } from './analyses.js';
import type { SeriesDirectory, VisibleSeries } from './series.js';
import type { SeriesView } from './wire.js';
import type { DriftView, RelationsView } from './wire-analyses.js';

/** Markets that are compared with each other: every pair of them at every lag. */
const MARKETS_MAX = 16;
const RELATIONS_MAX = 200;
/** Stretches of a drift map, and rows in each. */
const STRETCHES = 16;
const STRETCH_ROWS = 192;

/** What is worked out from many bars: how markets are related, and how a market left what its model was trained on. */
export class MarketAnalyses {
  readonly #engine: Engine;
  readonly #series: SeriesDirectory;
  readonly #analyses: Analyses;

  constructor(engine: Engine, series: SeriesDirectory, analyses: Analyses) {
    this.#engine = engine;
    this.#series = series;
    this.#analyses = analyses;
  }

  /** Relations of the markets that a caller sees on the timeframe of a series. Throws `NOT_FOUND`, `STORE_UNAVAILABLE`. */
  async relations(caller: Caller, id: string): Promise<RelationsView> {
    const { timeframe, identity: asked } = this.#series.find(caller, id);
    const { features, instruments } = this.#engine;
    const rank = (view: SeriesView): number =>
      view.id === id ? 0 : seriesIdentity(view.id).feed === asked.feed ? 1 : 2;
    const all = this.#series
      .list(caller)
      .filter((view) => view.timeframe === timeframe)
      // The one that is looked at is among them, whatever is left out; of a symbol that two feeds have, that of its feed.
      .sort((a, b) => rank(a) - rank(b));
    const bySymbol = new Map(all.toReversed().map((view) => [view.symbol, view]));
    const chosen = all.filter((view) => bySymbol.get(view.symbol) === view).slice(0, MARKETS_MAX);
    const at = Math.max(...chosen.map((view) => instruments.closedThrough(view.id) || 0));
    const shown = {
      timeframe,
      at,
      ...DEFAULT_RELATIONS,
      markets: chosen.map(({ symbol, bars }) => ({ symbol, bars })),
      left: bySymbol.size - chosen.length,
    };
    if (chosen.length < 2) return { ...shown, tested: 0, shrinkage: 0, relations: [] };
    const key = chosen.map((view) => view.id).join(' ');
    const { tested, shrinkage, relations } = await this.#analyses.get('relations', key, async () => {
      const markets = [];
      for (const view of chosen) {
        const { identity, instrument } = this.#series.find(caller, view.id);
        const bars = await features.bars(identity, LAST_TIME, RELATION_BARS);
        markets.push({ symbol: view.symbol, calendar: ruleOf(instrument.calendar), bars });
      }
      const options = { at, ...DEFAULT_RELATIONS };
      return { kind: 'relations' as const, timeframe, markets, options };
    });
    return {
      ...shown,
      tested,
      shrinkage,
      relations: relations
        .slice(0, RELATIONS_MAX)
        .map(({ from, to, lag, correlation, shrunk, qValue, before, effective }) => ({
          from,
          to,
          lag,
          correlation,
          shrunk,
          qValue,
          effective,
          before: before ?? null,
        })),
    };
  }

  /** How the newest bars of a series differ from what its production model was trained on. Throws `NOT_FOUND`, `STORE_UNAVAILABLE`. */
  async drift(caller: Caller, id: string): Promise<DriftView> {
    const series = this.#series.find(caller, id);
    const { instruments, alerts } = this.#engine;
    const { tenantId, userId } = ownerOfSignals(series.instrument, caller, series.timeframe);
    const route = instruments.routeOf(tenantId, id, userId);
    if (route === undefined)
      return nothing('This series has no model yet, so there is nothing to compare with.');
    const { modelId, version } = route;
    const home = { ...seriesIdentity(route.trainedOn ?? id), ...route.level };
    const facts = await alerts.trainingFacts(home, modelId);
    if (facts === undefined) return nothing(`${version} was registered without a reference of its training.`);
    const stretches = await this.#analyses.get('drift', `${id} ${modelId}`, async () => ({
      kind: 'drift' as const,
      timeframe: series.timeframe,
      calendar: ruleOf(series.instrument.calendar),
      bars: await this.#newestBars(series),
      facts,
      rowsMax: STRETCHES * STRETCH_ROWS,
      stretchRows: STRETCH_ROWS,
    }));
    if (stretches === undefined) return nothing(`${version} was trained on another feature set.`);
    if (stretches.length === 0)
      return nothing(`A stretch of the map takes ${STRETCH_ROWS} bars after the first ${WARM_UP_BARS}.`);
    return {
      note: null,
      version,
      trainedThrough: await this.#trainedThrough(caller, home.tenantId, modelId),
      stretches: stretches.map(({ from, through, rows }) => ({ from, through, rows })),
      features: CATALOGUE.map(({ name, group }, column) => ({
        name,
        group,
        psi: stretches.map(({ psi }) => round(psi[column]!)),
        ks: stretches.map(({ ks }) => round(ks[column]!)),
        significant: stretches.map(({ significant }) => significant[column]!),
      })),
    };
  }

  async #newestBars({ identity }: VisibleSeries) {
    const limit = WARM_UP_BARS + STRETCHES * STRETCH_ROWS;
    return await this.#engine.features.bars(identity, LAST_TIME, limit);
  }

  /** Close time of the last bar a model was trained on; null where its record is not there. */
  async #trainedThrough(caller: Caller, owner: string, modelId: string): Promise<number | null> {
    const models = await this.#engine.deployments.visible({ tenantId: caller.tenantId });
    const model = models.find((each) => each.modelId === modelId && each.tenantId === owner);
    return model?.trainedThrough ?? null;
  }
}

function nothing(note: string): DriftView {
  return { note, version: null, trainedThrough: null, stretches: [], features: [] };
}

function round(x: number): number {
  return Number(x.toFixed(4));
}
