import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { ModelSeries } from '../registry/model-registry.js';

export type AlertKind = 'input_drift' | 'anomaly_drift' | 'performance';
type AlertState = 'open' | 'acknowledged' | 'closed';
export type AlertSeverity = 'info' | 'warning' | 'critical';

/** What is to be told of a model on a series. */
export interface NewAlert {
  /** Whose model it is; of the platform's on a tenant's own series that tenant, and `platform` on a shared one. */
  readonly tenantId: string;
  /** User whose own model it is: the alert is for that user alone. */
  readonly userId?: string | undefined;
  readonly seriesId: string;
  /** Series whose model it is: of a model that serves another series too, the one it was trained on. */
  readonly home: ModelSeries;
  /** SHA-256 of the predictor's file. */
  readonly modelId: string;
  readonly version: string;
  readonly kind: AlertKind;
  readonly severity: AlertSeverity;
  /** One sentence with its figures. */
  readonly summary: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Epoch milliseconds. */
  readonly raisedAt: number;
}

/** An alert as it is kept. */
export interface Alert extends Omit<NewAlert, 'home'> {
  readonly alertId: string;
  /** Name of the model's series: feed, symbol and timeframe. */
  readonly model: string;
  readonly state: AlertState;
  readonly acknowledgedAt: number | undefined;
  readonly acknowledgedBy: string | undefined;
  readonly closedAt: number | undefined;
  readonly closedBy: string | undefined;
}

/** Who changes an alert, and when. */
export interface AlertAct {
  readonly by: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Keeps alerts, and knows what a training left for the monitors of its model. All methods throw `STORE_UNAVAILABLE`. */
export interface AlertStore {
  /** The facts of a model; undefined for one that was registered without. */
  facts(home: ModelSeries, modelId: string): Promise<Uint8Array | undefined>;
  /** Keeps an alert. Undefined when one of its kind, about this model on this series, is not closed yet. */
  raise(alert: NewAlert): Promise<Alert | undefined>;
  /**
   * Alerts of one tenant (`platform` for shared series), a user's own among them when he asks, newest first, 1,000 at most: those
   * not closed, or with `all` every one.
   */
  list(reader: SignalOwner, all: boolean): Promise<Alert[]>;
  /** Takes an alert as seen; undefined when the reader has none of this id that is open. */
  acknowledge(reader: SignalOwner, alertId: string, act: AlertAct): Promise<Alert | undefined>;
  /** Closes an alert: the next of its kind is a new one. Undefined when the reader has none of this id that is not closed. */
  close(reader: SignalOwner, alertId: string, act: AlertAct): Promise<Alert | undefined>;
}
