import type { Author, Experiment, ListedModel, ModelAct, ModelEvent, ModelSeries } from './model-registry.js';

/** One version of a series' models. */
export interface ModelTarget {
  readonly series: ModelSeries;
  readonly version: string;
}

/** Whose models: the platform's, or those that a tenant's caller sees (the platform's, the tenant's, one user's). */
export interface ModelReader {
  /** Undefined: the platform's alone. */
  readonly tenantId: string | undefined;
  readonly userId?: string | undefined;
}

/** What must still hold when an act is done: looked at in its own transaction, so that of two engines one acts. */
export interface Expected {
  /** How far the model is, and the share it serves. */
  readonly model?: Pick<ListedModel, 'status' | 'traffic'>;
  /** `modelId` of what is in production, `none` where the series itself has nothing there; not looked at without it. */
  readonly production?: string;
}

/** Which models are in use, and what is done about that. All throw `STORE_UNAVAILABLE` while the store is away. */
export interface Deployments {
  /** Changes with everything that is done to any model. */
  revision(): Promise<number>;
  /** Users of a tenant for whom models of their own were registered. */
  users(tenantId: string): Promise<string[]>;
  /** The models a reader sees, of whatever status or of those given. */
  visible(reader: ModelReader, statuses?: readonly ListedModel['status'][]): Promise<ListedModel[]>;
  /**
   * Does something to a model, in one transaction with its record. Returns the model as it is then; undefined when it is
   * no longer as `expected`, and nothing was done then. Throws `NOT_FOUND`, `BAD_INPUT` for what its status does not allow,
   * `QUOTA_EXCEEDED` when four shadows run already.
   */
  act(
    target: ModelTarget,
    act: ModelAct,
    author: Author,
    expected?: Expected,
  ): Promise<ListedModel | undefined>;
  /** All that was done to the models of a series, or to one of them, newest first, `limit` at most. */
  history(series: ModelSeries, version: string | undefined, limit: number): Promise<ModelEvent[]>;
  /** Experiments that a reader sees, newest first, `limit` at most: A/B tests, and searches for a model. */
  experiments(reader: ModelReader, limit: number): Promise<Experiment[]>;
}
