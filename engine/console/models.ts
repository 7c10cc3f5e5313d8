import { HORIZONS } from '../../actors/features/labels.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import { armsOf } from '../../actors/signals/route-plan.js';
import { modelDeskOf } from '../api/engine-adapter.js';
import type { Caller } from '../credentials/caller.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { Engine } from '../engine.js';
import { SuhoError, quoted } from '../errors.js';
import { LAST_TIME } from '../feature-store/row-blocks.js';
import { FILE_FEED } from '../instruments/ids.js';
import { modelName, type ListedModel } from '../registry/model-registry.js';
import { ASKED_CHANGES, modelActOf, type AskedAct } from '../rollout/asked-act.js';
import { equityOfModel } from '../rollout/equity.js';
import { levelOf, type ModelDesk } from '../rollout/model-desk.js';
import type { RunningTrial } from '../rollout/route-plans.js';
import { detailOf, modelView, trialView } from './model-views.js';
import { ownerOfSignals } from '../instruments/audience.js';
import type { SeriesDirectory, VisibleSeries } from './series.js';
import type {
  EquityView,
  ModelDetail,
  ModelsView,
  OutlookView,
  ReliabilityView,
  TrialView,
} from './wire-models.js';

/** Versions of one answer at most, the newest. */
const MODELS_MAX = 200;
/** Bars that equity is over, the newest. */
const TRADED_BARS_MAX = 10_000;
/** Points of a curve at most: more than pixels. */
const POINTS_MAX = 800;

/** An act as the page asks for it. */
export interface AskedChange extends AskedAct {
  readonly series: string;
  /** As {@link modelView} names it. */
  readonly model: string;
}

/** The models of series that the caller may see, and what callers do to them. */
export class ModelCatalogue {
  readonly #engine: Engine;
  readonly #series: SeriesDirectory;
  readonly #desk: ModelDesk;

  constructor(engine: Engine, series: SeriesDirectory) {
    this.#engine = engine;
    this.#series = series;
    this.#desk = modelDeskOf(engine);
  }

  async list(caller: Caller, id: string): Promise<ModelsView> {
    const series = this.#series.find(caller, id);
    const { tenantId, userId } = ownerOfSignals(series.instrument, caller, series.timeframe);
    const route = this.#engine.instruments.routeOf(tenantId, id, userId);
    const arms = new Map(
      (route === undefined ? [] : armsOf(route)).map(({ modelId, arm }) => [modelId, arm]),
    );
    const models = await this.#modelsOf(caller, series);
    const owner = route?.trainedOn?.slice(0, route.trainedOn.indexOf('@'));
    return {
      models: models
        .toSorted((a, b) => a.registeredAt - b.registeredAt)
        .slice(-MODELS_MAX)
        .map((model) => modelView(model, arms.get(model.modelId) ?? null)),
      // Models of a file are the platform's or the tenant's own.
      trainedOn: owner === PLATFORM || owner === caller.tenantId ? (route?.trainedOn ?? null) : null,
    };
  }

  /** All that is known of a version, and what may be done to it. Throws `NOT_FOUND`, `STORE_UNAVAILABLE`. */
  async detail(caller: Caller, id: string, key: string): Promise<ModelDetail> {
    const models = await this.#modelsOf(caller, this.#series.find(caller, id));
    const model = modelOfKey(models, key);
    const desk = this.#desk;
    const forbidden = desk.forbids(caller, model);
    const acts = ASKED_CHANGES.map((change) => modelActOf({ change, automatic: true }, Date.now()));
    const outlooks = await desk.outlooks(caller, model, acts, this.#firstBar(id));
    return {
      ...detailOf(model, await desk.history(model), desk.uses(caller, model)),
      acts: ASKED_CHANGES.map((change, i) => ({
        change,
        refusal: forbidden ?? outlooks[i]!.refusal ?? null,
      })),
      trials: await this.#trials(caller, models, model),
    };
  }

  /** What an act would do, in the words that a person confirms. */
  async outlook(caller: Caller, asked: AskedChange): Promise<OutlookView> {
    const model = await this.#find(caller, asked.series, asked.model);
    const acts = [modelActOf(asked, Date.now())];
    const [outlook] = await this.#desk.outlooks(caller, model, acts, this.#firstBar(asked.series));
    return {
      sentence: outlook!.sentence,
      refusal: this.#desk.forbids(caller, model) ?? outlook!.refusal ?? null,
    };
  }

  /** Does something to a model, as `ChangeModel` does. */
  async change(caller: Caller, asked: AskedChange, reason: string): Promise<{ readonly status: string }> {
    const model = await this.#find(caller, asked.series, asked.model);
    const reference = {
      level: levelOf(model),
      name: modelName(model),
      version: model.version,
      tenantId: undefined,
    };
    const { status } = await this.#desk.change(caller, reference, modelActOf(asked, Date.now()), reason);
    return { status };
  }

  /** How stated probabilities of a version compare with what came. */
  async reliability(caller: Caller, id: string, version: string): Promise<ReliabilityView> {
    const { identity, timeframe } = this.#series.find(caller, id);
    const of = { symbol: identity.symbol, timeframe, version };
    return { bins: await this.#engine.predictions.history.reliability(caller.tenantId, of) };
  }

  /** What a version's forecasts came to after costs: those of its walk-forward, and the caller's live ones. */
  async equity(caller: Caller, id: string, key: string): Promise<EquityView> {
    const series = this.#series.find(caller, id);
    const model = await this.#find(caller, id, key);
    const walkForward = await this.#engine.registry.equity(model, model.version);
    return { walkForward: walkForward ?? null, live: await this.#liveEquity(caller, series, model) };
  }

  async #liveEquity(
    caller: Caller,
    { identity, timeframe, instrument }: VisibleSeries,
    { modelId, primaryHorizon, userId }: ListedModel,
  ): Promise<EquityView['live']> {
    const { features, predictions } = this.#engine;
    // What a bar cost is known from its closing quotes.
    const grid = BarGrid.of(timeframe, instrument.calendar);
    const bars = await features.bars(identity, LAST_TIME, TRADED_BARS_MAX);
    const spreads = new Map(
      bars.map(({ openTime, ask, bid, close }) => [grid.closeOf(openTime), (ask - bid) / close]),
    );
    const { points, ...rest } = await equityOfModel(
      predictions.history,
      caller.tenantId,
      {
        symbol: identity.symbol,
        timeframe,
        horizon: primaryHorizon,
        userId,
        modelId,
        after: bars[0]?.openTime ?? 0,
      },
      (closeTime) => spreads.get(closeTime) ?? NaN,
    );
    const step = Math.max(1, Math.ceil(points.length / POINTS_MAX));
    return {
      ...rest,
      horizon: HORIZONS[primaryHorizon] ?? '',
      points: points.filter((_, i) => (points.length - 1 - i) % step === 0),
    };
  }

  async #modelsOf(caller: Caller, { identity }: VisibleSeries): Promise<ListedModel[]> {
    const names = [modelName(identity), modelName({ ...identity, feed: FILE_FEED })];
    const models: ListedModel[] = [];
    for (const name of new Set(names)) models.push(...(await this.#desk.list(caller, name, caller.tenantId)));
    return models;
  }

  async #find(caller: Caller, id: string, key: string): Promise<ListedModel> {
    return modelOfKey(await this.#modelsOf(caller, this.#series.find(caller, id)), key);
  }

  /** The trial a model is in, or those that run beside it. */
  async #trials(
    caller: Caller,
    models: readonly ListedModel[],
    model: ListedModel,
  ): Promise<readonly TrialView[]> {
    const running = models.flatMap((each) => {
      const trial = this.#desk.runningTrial(caller, each);
      const isOfIt =
        trial !== undefined &&
        (trial.model.modelId === model.modelId || trial.production.modelId === model.modelId);
      return isOfIt ? [trial] : [];
    });
    const views: TrialView[] = [];
    for (const trial of running) views.push(await this.#trialOf(trial));
    return views;
  }

  async #trialOf(trial: RunningTrial): Promise<TrialView> {
    const { rollouts } = this.#engine;
    const figures = await rollouts.figures(trial);
    return trialView(trial, figures, rollouts.deciding(trial, figures));
  }

  /** The bar from which a change shows, as a clause. */
  #firstBar(id: string): string {
    const through = this.#engine.instruments.closedThrough(id);
    if (Number.isNaN(through)) return 'the first bar';
    const time = new Date(through).toISOString().slice(0, 16).replace('T', ' ');
    return `the first bar that closes after ${time} UTC`;
  }
}

function modelOfKey(models: readonly ListedModel[], key: string): ListedModel {
  const model = models.find((each) => modelView(each, null).key === key);
  if (model === undefined)
    throw new SuhoError('NOT_FOUND', `There is no model ${quoted(key)}; choose one from the versions.`);
  return model;
}
