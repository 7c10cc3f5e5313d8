import type { Logger } from 'pino';
import { Turns } from './api/turns.js';
import type { Config } from './config.js';
import { AnomalyGate } from './explanation/anomaly-gate.js';
import { Explanations } from './explanation/explanations.js';
import { GatesInForce } from './explanation/gates-in-force.js';
import { Recomputation } from './explanation/recomputation.js';
import { partitionName } from './patterns/pattern-index.js';
import { gatesBy } from './tenant-gates.js';
import type { SignalRooms, Stores } from './wiring.js';

/** Signals that are made again at once, and that wait. */
const EXPLAINED_AT_ONCE = 1;
const WAITING_MAX = 50;

/** What explains signals, and the memory of the gates they met. */
export interface ExplanationRooms {
  readonly explanations: Explanations;
  readonly gates: GatesInForce;
  readonly anomalies: AnomalyGate;
}

export function wireExplanations(
  config: Config,
  stores: Stores,
  { index, recorder, inference, instruments, calendars, relatedTo }: SignalRooms,
  log: Logger,
): ExplanationRooms {
  const { journal, features, deployments, artifacts, alertStore } = stores;
  const gatesOf = gatesBy(config);
  const gates = new GatesInForce(journal, gatesOf);
  const anomalies = new AnomalyGate(stores.predictions.history, gatesOf);
  const explanations = new Explanations({
    journal,
    instruments,
    features,
    history: stores.predictions.history,
    deployments,
    artifacts,
    facts: alertStore,
    inference,
    moments: {
      index,
      isIndexed: (partition) => recorder.isUsed(partitionName(partition)),
      neighbours: config.patterns.neighbours,
      relatedTo,
    },
    recomputation: new Recomputation({ features, journal, calendars, basis: config.bars.basis }),
    gates,
    anomalies,
    turns: new Turns(EXPLAINED_AT_ONCE, WAITING_MAX),
    log,
  });
  return { explanations, gates, anomalies };
}
