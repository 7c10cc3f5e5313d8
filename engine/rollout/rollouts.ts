import type { Logger } from 'pino';
import type { Evidence } from '../../actors/signals/evidence.js';
import type { Route } from '../../actors/signals/route.js';
import { SHADOWS_MAX } from '../../actors/signals/route-plan.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import { SuhoError, messageOf } from '../errors.js';
import type { ArmAnswer } from '../instruments/arm-answer.js';
import type { EvidenceRequest } from '../instruments/effects.js';
import { FILE_FEED, seriesIdentity } from '../instruments/ids.js';
import type { PredictionHistory } from '../prediction-store/prediction-store.js';
import type { Deployments, ModelTarget } from '../registry/deployments.js';
import { modelName, type Author, type ListedModel, type ModelAct } from '../registry/model-registry.js';
import type { Challenger, Challengers } from './challengers.js';
import { Comparison, type ComparisonFigures } from './comparison.js';
import { decide, evidence as told, type DecisionRules, type TrialStage } from './decision.js';
import { evidenceForProduction } from './false-promotions.js';
import { Guardrails } from './guardrails.js';
import { readOutcomes } from './outcomes.js';
import { trialKey, type RoutePlans, type RunningTrial } from './route-plans.js';
import { whatDecides, type Deciding } from './what-decides.js';

/** How often a model is proposed while other engines change the models of its series at the same time. */
const PROPOSE_TRIES = 5;

export interface RolloutsParts {
  readonly deployments: Pick<Deployments, 'act' | 'visible'>;
  readonly plans: RoutePlans;
  readonly outcomes: Pick<PredictionHistory, 'pairs'>;
  readonly rules: DecisionRules;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
}

/** What the outcomes of one trial say so far. */
interface Watched {
  readonly productionId: string;
  readonly comparison: Comparison;
  /** Close time of the newest bar compared. */
  through: number;
}

/**
 * The life of models that are tried beside production: lets challengers in, moves them on or out by what came of their
 * forecasts, takes them out at once when they are broken. What it knows of a trial follows from the registry and from the
 * stored outcomes, so a restart needs nothing of its own.
 */
export class Rollouts implements Challengers {
  readonly #parts: RolloutsParts;
  /** By the model that is tried. */
  readonly #watched = new Map<string, Watched>();
  readonly #guardrails = new Map<string, Guardrails>();
  /** Trials that a guardrail ended, until the registry knows. */
  readonly #broken = new Map<string, string>();
  /** One trial's outcomes are read at a time, so that none is counted twice. */
  #reading: Promise<unknown> = Promise.resolve();
  #ended = 0;

  constructor(parts: RolloutsParts) {
    this.#parts = parts;
  }

  /** Trials that guardrails ended since start. */
  get ended(): number {
    return this.#ended;
  }

  async propose({ series, version, by, reason, isDue = false }: Challenger): Promise<void> {
    const author: Author = { who: by, role: 'engine', reason };
    const enters = async (mayPass: boolean): Promise<boolean> =>
      await this.#enter({ series, version }, isDue, author, mayPass);
    for (let tries = 1; !(await enters(tries < PROPOSE_TRIES)); tries++)
      if (tries === PROPOSE_TRIES)
        throw new SuhoError('STORE_UNAVAILABLE', `The models of ${modelName(series)} change all the time.`);
    await this.#parts.plans.check(true);
  }

  /** Lets a model in as the registry is now; false when another engine changed that meanwhile, if that `mayPass`. */
  async #enter(
    { series, version }: ModelTarget,
    isDue: boolean,
    author: Author,
    mayPass: boolean,
  ): Promise<boolean> {
    const { deployments } = this.#parts;
    const models = await this.#modelsOf(series);
    const model = models.find((each) => each.version === version);
    if (model === undefined)
      throw new SuhoError('NOT_FOUND', `${version} of ${modelName(series)} is not registered.`);
    const { status } = model;
    if (status === 'shadow' || status === 'canary' || status === 'production') return true;
    const target: ModelTarget = { series, version };
    if (!(await this.#hasProduction(series))) {
      const first = { model, production: 'none' };
      return (await deployments.act(target, { kind: 'promote' }, author, first)) !== undefined;
    }
    await this.#makeRoom(models, version);
    const evidence = evidenceForProduction(isDue ? marketTimeSince(models, model) : undefined);
    const act: ModelAct = { kind: 'shadow', trial: { kind: 'challenger', evidence } };
    try {
      return (await deployments.act(target, act, author, { model })) !== undefined;
    } catch (error) {
      // Another's shadow took the room that was made.
      if (mayPass && error instanceof SuhoError && error.code === 'QUOTA_EXCEEDED') return false;
      throw error;
    }
  }

  /** Does something to a model for a person; it takes effect with the next bar. Throws as {@link Deployments.act} does. */
  async act(target: ModelTarget, act: ModelAct, author: Author): Promise<ListedModel> {
    const test = { isDecided: false, figures: this.#figuresOf(target) };
    const model = await this.#parts.deployments.act(target, act, { ...author, test });
    await this.#parts.plans.check(true);
    return model!;
  }

  /** Takes what the arms of a plan made of a bar; one that is broken is out of the plan before the next. */
  seeArms(request: EvidenceRequest, served: Evidence, answers: readonly ArmAnswer[]): void {
    // Of what is tried for a whole tenant the tenant's own bars tell.
    const isTriedHere = ({ level }: Route): boolean => level?.userId === request.userId;
    const production = [request.route, ...request.beside].find(({ arm }) => arm === 'production');
    const own = answers.find(({ route }) => route === production);
    const productionInTime =
      production === request.route
        ? served.model !== undefined
        : own !== undefined && own.failure === undefined;
    for (const { route, failure } of answers)
      if (route !== production && isTriedHere(route))
        this.#guard(route.modelId, { failure, withheld: false, productionInTime });
    if (production === request.route || !isTriedHere(request.route)) return;
    const { modelFailure } = served;
    this.#guard(request.route.modelId, {
      failure: modelFailure,
      withheld: modelFailure === 'error',
      productionInTime,
    });
  }

  /** Looks at the outcomes of all trials and does what they say. Errors are logged; the next look comes. */
  async decideAll(): Promise<void> {
    try {
      await this.#endBroken();
      const trials = this.#parts.plans.trials();
      const watched = new Set(trials.map(({ model }) => trialKey(model)));
      for (const key of this.#watched.keys()) if (!watched.has(key)) this.#watched.delete(key);
      const running = new Set(trials.map(({ model }) => model.modelId));
      for (const modelId of this.#guardrails.keys())
        if (!running.has(modelId)) this.#guardrails.delete(modelId);
      let changed = false;
      for (const trial of trials) if (await this.#decide(trial)) changed = true;
      if (changed) await this.#parts.plans.check();
    } catch (error) {
      this.#parts.log.warn({ error: messageOf(error) }, 'trials of models could not be looked at');
    }
  }

  /** What the outcomes of a trial say so far. Throws `STORE_UNAVAILABLE`. */
  async figures(trial: RunningTrial): Promise<ComparisonFigures> {
    const before = this.#reading;
    const reading = before.catch(() => undefined).then(async () => await this.#figures(trial));
    this.#reading = reading;
    return await reading;
  }

  async #figures(trial: RunningTrial): Promise<ComparisonFigures> {
    const { production, model, seriesId, tenantId, userId } = trial;
    const key = trialKey(model);
    let watched = this.#watched.get(key);
    if (watched?.productionId !== production.modelId) {
      const comparison = new Comparison(this.#parts.rules.worthHaving);
      watched = { productionId: production.modelId, comparison, through: 0 };
      this.#watched.set(key, watched);
    }
    const { symbol, timeframe } = seriesIdentity(seriesId);
    const of = {
      tenantId,
      userId,
      symbol,
      timeframe,
      horizon: production.primaryHorizon,
      productionId: production.modelId,
      challengerId: model.modelId,
    };
    watched.through = await readOutcomes(this.#parts.outcomes, of, watched.comparison, watched.through);
    return watched.comparison.figures();
  }

  /** What would move a trial on or end it, of whose outcomes these are the figures. */
  deciding(trial: RunningTrial, figures: ComparisonFigures): readonly Deciding[] {
    const { rules, now } = this.#parts;
    return whatDecides(stageOf(trial, now()), figures, rules);
  }

  /** The trial of a model that runs. */
  trialOf(model: ListedModel): RunningTrial | undefined {
    const key = trialKey(model);
    return this.#parts.plans.trials().find((trial) => trialKey(trial.model) === key);
  }

  async #decide(trial: RunningTrial): Promise<boolean> {
    const { deployments, rules, now, log } = this.#parts;
    const { model, production } = trial;
    const figures = await this.figures(trial);
    const decision = decide(stageOf(trial, now()), figures, rules);
    if (decision.act === 'wait') return false;
    const act: ModelAct =
      decision.act === 'canary'
        ? { kind: 'canary', share: decision.share, trial: model.trial ?? { kind: 'challenger' } }
        : { kind: decision.act };
    const winner = 'winner' in decision ? decision.winner : undefined;
    const test = { isDecided: true, winner, figures };
    const author: Author = { who: 'rollout', role: 'engine', reason: decision.sentence, test };
    // What was compared must still be what serves.
    const expected = { model, production: production.modelId };
    const target: ModelTarget = { series: model, version: model.version };
    let done: ListedModel | undefined;
    try {
      done = await deployments.act(target, act, author, expected);
    } catch (error) {
      // The series has another canary: this one waits for it, and keeps no other from being decided.
      if (error instanceof SuhoError && error.code === 'BAD_INPUT') return false;
      throw error;
    }
    if (done !== undefined) log.info({ model: modelName(model) }, decision.sentence);
    return true;
  }

  /** What the outcomes said of a model that is tried when they were looked at last. */
  #figuresOf({ series, version }: ModelTarget): ComparisonFigures | undefined {
    const isTarget = (model: ListedModel): boolean =>
      model.version === version &&
      model.tenantId === series.tenantId &&
      model.userId === series.userId &&
      modelName(model) === modelName(series);
    const trial = this.#parts.plans.trials().find(({ model }) => isTarget(model));
    return trial === undefined ? undefined : this.#watched.get(trialKey(trial.model))?.comparison.figures();
  }

  #guard(modelId: string, bar: Parameters<Guardrails['observe']>[0]): void {
    if (this.#broken.has(modelId)) return;
    let guardrails = this.#guardrails.get(modelId);
    if (guardrails === undefined) this.#guardrails.set(modelId, (guardrails = new Guardrails()));
    const fault = guardrails.observe(bar);
    if (fault === undefined) return;
    this.#ended++;
    this.#broken.set(modelId, fault);
    void this.#takeOut(modelId);
  }

  async #takeOut(modelId: string): Promise<void> {
    const { plans } = this.#parts;
    const trial = plans.trials().find(({ model }) => model.modelId === modelId);
    await plans.leaveOut(modelId);
    if (trial !== undefined) await this.#endTrial(trial.model).catch(() => undefined);
  }

  /** Tells the registry of trials that guardrails ended while it was away. */
  async #endBroken(): Promise<void> {
    if (this.#broken.size === 0) return;
    for (const model of this.#parts.plans.deployed())
      if (this.#broken.has(model.modelId) && model.status !== 'production') await this.#endTrial(model);
  }

  async #endTrial(model: ListedModel): Promise<void> {
    const { deployments, plans, log } = this.#parts;
    const fault = this.#broken.get(model.modelId);
    if (fault === undefined) return;
    const sentence = `${model.version} is rolled back at once: ${fault}.`;
    const figures = this.#watched.get(trialKey(model))?.comparison.figures();
    const test = { isDecided: false, figures };
    const author: Author = { who: 'rollout', role: 'engine', reason: sentence, test };
    const target: ModelTarget = { series: model, version: model.version };
    const done = await deployments.act(target, { kind: 'withdraw' }, author, { model });
    if (done !== undefined) log.warn({ model: modelName(model) }, sentence);
    await plans.check();
    // Somebody else has given it another share; it is ended with that at the next look.
    const isTried = (each: ListedModel): boolean =>
      trialKey(each) === trialKey(model) && each.status !== 'production';
    if (done === undefined && [...plans.deployed()].some(isTried)) return;
    plans.leftOut(model.modelId);
    this.#broken.delete(model.modelId);
    this.#guardrails.delete(model.modelId);
  }

  async #modelsOf(series: ModelTarget['series']): Promise<ListedModel[]> {
    const { tenantId, userId } = series;
    const reader = { tenantId: tenantId === PLATFORM ? undefined : tenantId, userId };
    const name = modelName(series);
    return (await this.#parts.deployments.visible(reader)).filter(
      (model) => model.tenantId === tenantId && model.userId === userId && modelName(model) === name,
    );
  }

  /** Whether signals on a series have a model already, of this level or of one behind it. */
  async #hasProduction(series: ModelTarget['series']): Promise<boolean> {
    const { tenantId, userId } = series;
    const reader = { tenantId: tenantId === PLATFORM ? undefined : tenantId, userId };
    const names = [modelName(series), modelName({ ...series, feed: FILE_FEED })];
    const found = await this.#parts.deployments.visible(reader, ['production']);
    return found.some((model) => names.includes(modelName(model)));
  }

  /** Retires the challenger that has the least evidence left when there are as many shadows as there can be. */
  async #makeRoom(models: readonly ListedModel[], version: string): Promise<void> {
    const shadows = models.filter(({ status }) => status === 'shadow');
    if (shadows.length < SHADOWS_MAX) return;
    const rivals: { readonly model: ListedModel; readonly evidence: number }[] = [];
    for (const model of shadows)
      if (model.trial?.kind === 'challenger')
        rivals.push({ model, evidence: await this.#evidenceLeft(model) });
    const [least] = rivals.sort(
      (a, b) => a.evidence - b.evidence || a.model.registeredAt - b.model.registeredAt,
    );
    if (least === undefined) return;
    const { model, evidence } = least;
    const reason = `${model.version} is retired undecided: it makes room for ${version}, ${SHADOWS_MAX} shadows are tried at once at most, and of theirs its evidence of being better is the least: ${told(evidence)}.`;
    const author: Author = { who: 'rollout', role: 'engine', reason };
    await this.#parts.deployments.act(
      { series: model, version: model.version },
      { kind: 'archive' },
      author,
      { model },
    );
  }

  /** The evidence of being better that is left of a trial; 1, that of a new one, where it does not run here. */
  async #evidenceLeft(model: ListedModel): Promise<number> {
    const trial = this.trialOf(model);
    if (trial === undefined) return 1;
    await this.figures(trial);
    return this.#watched.get(trialKey(model))?.comparison.betterNow ?? 1;
  }
}

/** Market time between the newest bars that a model and the newest one before it were trained on, milliseconds. */
function marketTimeSince(
  models: readonly ListedModel[],
  { version, trainedThrough }: ListedModel,
): number | undefined {
  const before = models.filter((other) => other.version !== version).map((other) => other.trainedThrough);
  return before.length === 0 ? undefined : trainedThrough - Math.max(...before);
}

/** Where a trial stands. `now`: epoch milliseconds. */
function stageOf({ model, production }: RunningTrial, now: number): TrialStage {
  const { version, trial, status, traffic = 0 } = model;
  return {
    version,
    against: production.version,
    kind: trial?.kind ?? 'manual',
    share: status === 'canary' ? traffic : 0,
    isOver: trial?.until !== undefined && now >= trial.until,
    evidence: trial?.evidence,
  };
}
