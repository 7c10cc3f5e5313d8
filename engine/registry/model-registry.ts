import { gridName, type TimeframeOfCalendar } from '../../actors/market/bar-grid.js';
import type { WalkForwardEquity } from '../backtest/walk-forward-equity.js';
import type { HorizonScore } from '../learning/evaluation.js';
import type { CalibratedBy } from '../learning/families/calibrated.js';
import type { FamilyName } from '../learning/families/names.js';
import type { FeatureImportance } from '../learning/importance.js';
import type { FamilyWorth } from '../learning/verdict.js';
import type { FoldScore } from '../learning/walk-forward.js';
import type { ArtifactPlace } from './artifact-store.js';

/** What a version number counts: see {@link nextVersion}. */
export interface ModelForm {
  readonly architecture: string;
  readonly hyperparameters: Readonly<Record<string, number | string>>;
  readonly featureSetVersion: string;
}

/** A trained pair of models for one series, as the registry keeps it. */
export interface ModelRecord extends ModelForm, ModelSeries {
  /** SHA-256 of the predictor's file. */
  readonly modelId: string;
  /** SHA-256 of the encoder's file. */
  readonly encoderId: string;
  /** Version of the sequence channels the predictor takes; absent when it takes feature rows alone. */
  readonly sequenceVersion?: string;
  /** Where the files are. */
  readonly artifactUri: string;
  readonly encoderUri: string;
  readonly version: string;
  readonly parentVersion: string | undefined;
  readonly embeddingVersion: string;
  readonly anomalyScale: number;
  readonly primaryHorizon: number;
  readonly edge: readonly boolean[];
  readonly scores: readonly HorizonScore[];
  /** The walk-forward scores fold by fold, oldest first; absent for models that were registered without. */
  readonly folds?: readonly FoldScore[];
  /** The kind of model; `imported` for one that was made elsewhere. */
  readonly family: FamilyName | 'imported';
  /** What calibrated its probabilities; absent where that is not known. */
  readonly calibratedBy?: CalibratedBy;
  /** How many kinds of model it was chosen from, the standard errors that counted as skill, and what each was worth. */
  readonly tried: {
    readonly families: number;
    readonly skillZ: number;
    readonly worth: readonly FamilyWorth[];
  };
  /** The features it relies on most, strongest first. */
  readonly importance: readonly FeatureImportance[];
  readonly trainedFrom: number;
  readonly trainedThrough: number;
  readonly rows: number;
  /** Whether its rows come out bit for bit the same at every batch size. */
  readonly batchInvariant: boolean;
  /** Id of the series whose bars it was trained on, where that is not its owner's of the same name. */
  readonly trainedOn?: string;
}

/** Whose models, and for what. `tenantId` is `platform` for everyone's. */
export interface ModelSeries extends TimeframeOfCalendar {
  readonly tenantId: string;
  /** Of one user of the tenant alone. */
  readonly userId?: string | undefined;
  readonly feed: string;
  readonly symbol: string;
}

export const MODEL_STATUSES = [
  'draft',
  'validated',
  'staging',
  'shadow',
  'canary',
  'production',
  'deprecated',
  'archived',
] as const;

type ModelStatusName = (typeof MODEL_STATUSES)[number];

/** How a model is tried beside production. */
interface Trial {
  /** `challenger`: outcomes move it on, or out; `ab`: they decide which of two serves; `manual`: a person does. */
  readonly kind: 'challenger' | 'ab' | 'manual';
  /** Epoch milliseconds, when an A/B test ends without a winner. */
  readonly until?: number;
  /** Evidence of being better that makes a challenger production; that of the rules without it. */
  readonly evidence?: number;
}

/** A model as the registry lists it: how far it is, and since when it is known. */
export interface ListedModel extends ModelRecord {
  readonly status: ModelStatusName;
  /** Share of the bars it serves as a canary. */
  readonly traffic: number | undefined;
  /** How it is tried, as a shadow or canary. */
  readonly trial: Trial | undefined;
  /** Epoch milliseconds. */
  readonly registeredAt: number;
}

/** Who does something to a model, in which role, and why. */
export interface Author {
  readonly who: string;
  readonly role: string;
  readonly reason: string;
  /** What an A/B test that this ends came to. */
  readonly test?: TestOutcome;
}

/** What an A/B test came to. */
interface TestOutcome {
  /** Whether evidence decided it or its time was up; else somebody or a guardrail stopped it. */
  readonly isDecided: boolean;
  /** Version that won; absent where none did. */
  readonly winner?: string | undefined;
  /** Of both variants by the outcomes so far; absent where none was looked at. */
  readonly figures?: object | undefined;
}

/** An experiment on record: an A/B test of two models, or a search for one. */
export interface Experiment {
  readonly tenantId: string;
  readonly userId: string | undefined;
  readonly name: string;
  readonly hypothesis: string;
  readonly status: 'planned' | 'running' | 'stopped' | 'concluded';
  /** What is compared: of an A/B test its variants with their versions and shares. */
  readonly arms: Readonly<Record<string, unknown>>;
  /** What it came to: of an A/B test the decision, who won, the figures, and the reason in a sentence. */
  readonly result: Readonly<Record<string, unknown>>;
  /** Epoch milliseconds. */
  readonly startedAt: number | undefined;
  readonly concludedAt: number | undefined;
}

/** What is done to a registered model. `stage`: on to staging; `withdraw`: from a trial, back to it. */
export type ModelAct =
  | { readonly kind: 'shadow'; readonly trial: Trial }
  | { readonly kind: 'canary'; readonly share: number; readonly trial: Trial }
  | { readonly kind: 'stage' | 'promote' | 'withdraw' | 'rollback' | 'archive' };

/** One entry of a model's history. */
export interface ModelEvent {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly version: string;
  /** Undefined for its registration. */
  readonly from: ModelStatusName | undefined;
  readonly to: ModelStatusName;
  readonly share: number | undefined;
  readonly who: string;
  readonly role: string | undefined;
  readonly reason: string | undefined;
}

/** What is kept of a training beside the record, and is not listed with it. */
export interface TrainingRest {
  /** What its monitors compare with. */
  readonly facts?: Uint8Array | undefined;
  readonly equity?: WalkForwardEquity | undefined;
}

/** Keeps models: who they are for, what they were trained on, how far they are. */
export interface ModelRegistry {
  /**
   * Registers a model that passed its checks; the same version of the same series again changes nothing. False when that version is another model already: another engine registered one meanwhile.
   */
  register(record: ModelRecord, rest?: TrainingRest): Promise<boolean>;
  /** Moves a model on to staging, saying why; one that is further is left as it is. */
  stage(record: ModelRecord, author: Author): Promise<void>;
  /**
   * Makes a model the one production model of its series; the one before is deprecated. A `first` model becomes that only
   * where there is none, as the answer says.
   */
  promote(record: ModelRecord, as?: 'first' | 'replacement'): Promise<boolean>;
  /** Models of a series, oldest training first. */
  list(series: ModelSeries): Promise<ListedModel[]>;
  /** What a version's walk-forward forecasts came to; undefined for one that was registered without. */
  equity(series: ModelSeries, version: string): Promise<WalkForwardEquity | undefined>;
  /** The production model of a series. */
  production(series: ModelSeries): Promise<ModelRecord | undefined>;
  close(): Promise<void>;
}

/** Name of a series' models. */
export function modelName(series: ModelSeries): string {
  return `${series.feed}/${series.symbol}/${gridName(series)}`;
}

/** Where the files of a version of a series' models belong. */
export function artifactPlace(series: ModelSeries, version: string): ArtifactPlace {
  const { tenantId, userId } = series;
  return { tenantId, userId, model: modelName(series), version };
}

/**
 * The version of a model that follows another: another architecture (hyperparameters with it) counts the first
 * number, another feature set the second, retraining alone the third; on from those that are taken.
 */
export function nextVersion(
  form: ModelForm,
  parent: (ModelForm & { readonly version: string }) | undefined,
  taken: ReadonlySet<string> = new Set(),
): string {
  if (parent === undefined) return 'v1.0.0';
  const [major = 0, minor = 0, patch = 0] = parent.version.slice(1).split('.').map(Number);
  const free = (versionOf: (step: number) => string): string => {
    let step = 1;
    while (taken.has(versionOf(step))) step++;
    return versionOf(step);
  };
  const sorted = (o: object): string =>
    JSON.stringify(Object.entries(o).sort(([a], [b]) => (a < b ? -1 : 1)));
  if (
    form.architecture !== parent.architecture ||
    sorted(form.hyperparameters) !== sorted(parent.hyperparameters)
  )
    return free((step) => `v${major + step}.0.0`);
  if (form.featureSetVersion !== parent.featureSetVersion)
    return free((step) => `v${major}.${minor + step}.0`);
  return free((step) => `v${major}.${minor}.${patch + step}`);
}
