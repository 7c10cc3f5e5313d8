import { randomUUID } from 'node:crypto';
import { armsOf } from '../actors/signals/route-plan.js';
import type { Logger } from 'pino';
import type { Background } from './background.js';
import type { Config } from './config.js';
import { Alerts } from './drift/alerts.js';
import { DriftWatch } from './drift/drift-watch.js';
import { FolderMonitorStates } from './drift/folder-monitor-states.js';
import { readSignalActorId, seriesIdentity } from './instruments/ids.js';
import type { Instruments } from './instruments/instruments.js';
import { isInUse, ownerOfModel, ownersOf, servedSeries, trainedSeries } from './instruments/served-series.js';
import { Retraining } from './learning/retraining/retraining.js';
import { RetrainingTriggers } from './learning/retraining/triggers.js';
import type { Challengers } from './rollout/challengers.js';
import type { SignalTaps } from './signal-taps.js';
import type { LearningRooms, Stores } from './wiring.js';

/** What watches models. */
export interface DriftRooms {
  readonly alerts: Alerts;
  readonly watch: DriftWatch;
  readonly taps: Pick<SignalTaps, 'onConclusion' | 'onOutcome'>;
}

export function wireDrift(
  config: Config,
  { folder, alertStore, messaging }: Stores,
  instruments: () => Instruments,
  background: Background,
  log: Logger,
): DriftRooms {
  const { clock } = background;
  const alerts = new Alerts({
    store: alertStore,
    background,
    clock,
    isInUse: (alert) => isInUse(instruments().graph, alert),
    owners: () =>
      ownersOf(
        instruments(),
        config.tenants.map(({ id }) => id),
      ),
    publish: (alert) => {
      // All of a tenant read its subject.
      if (messaging === undefined || alert.userId !== undefined) return;
      const id = `${alert.alertId}:${alert.state}`;
      void background.untilDone(`alert ${id} to NATS`, async () => {
        await messaging.publishAlert(alert.tenantId, id, alert);
      });
    },
    log,
  });
  const watch = new DriftWatch({
    store: alertStore,
    states: new FolderMonitorStates(folder.at('drift')),
    alerts,
    modelOf: (actorId, { modelId, arm }) => {
      const { seriesId, userId } = readSignalActorId(actorId);
      const plan = instruments().graph.signal(actorId)?.route;
      const route =
        plan === undefined
          ? undefined
          : armsOf(plan).find((each) => each.modelId === modelId && each.arm === arm);
      // Of a model of his tenant, which a user's own is tried beside, the tenant's signals tell.
      if (route === undefined || route.level?.userId !== userId) return undefined;
      const home = { ...seriesIdentity(route.trainedOn ?? seriesId), ...route.level };
      return { home, owner: ownerOfModel(route, seriesId) };
    },
    background,
    clock,
    log,
  });
  return {
    alerts,
    watch,
    taps: {
      onConclusion: ({ actorId, closeTime, result }) => {
        if (result.kind === 'signal') watch.answered(actorId, closeTime, result.signal.model);
      },
      onOutcome: ({ actorId, label }) => watch.resolved(actorId, label),
    },
  };
}

export interface RetrainingParts {
  readonly alerts: Alerts;
  readonly instruments: Instruments;
  readonly training: LearningRooms['training'];
  readonly propose: Challengers['propose'];
  /** Settles when the feature store holds what the journal does. */
  readonly featuresStored: () => Promise<void>;
  readonly background: Background;
  readonly log: Logger;
}

/** The queue of trainings, and what asks for them once it is open. */
export function wireRetraining(
  config: Config,
  { jobs, journal, registry }: Stores,
  parts: RetrainingParts,
): { readonly retraining: Retraining; readonly open: () => void } {
  const { instruments, alerts, background } = parts;
  const { clock } = background;
  const { retraining: settings } = config.training;
  let engine = journal.fact('engine');
  if (typeof engine !== 'string') journal.putFact('engine', (engine = randomUUID()));
  const retraining = new Retraining({
    ...parts,
    clock,
    jobs,
    closedThrough: (seriesId) =>
      servedSeries(instruments).has(seriesId) ? instruments.closedThrough(seriesId) : NaN,
    owners: () =>
      ownersOf(
        instruments,
        config.tenants.map(({ id }) => id),
      ),
    engine: engine as string,
    settings: {
      budgetMsAnHour: settings.budgetMinutesPerHour * 60_000,
      cooldownMs: settings.cooldownHours * 3_600_000,
    },
  });
  const triggers = new RetrainingTriggers({
    ...parts,
    clock,
    retraining,
    registry,
    served: () =>
      trainedSeries(instruments).map((trained) => ({
        ...trained,
        closedThrough: instruments.closedThrough(trained.seriesId),
      })),
    settings,
  });
  return {
    retraining,
    open: () => {
      retraining.open();
      if (!settings.automatic) return;
      alerts.onRaised((alert) => triggers.raised(alert));
      triggers.open();
    },
  };
}
