import type { Engine } from '../engine.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import { isFor } from '../instruments/audience.js';
import type { Instrument } from '../instruments/instrument.js';
import type { Journal } from '../journal/journal.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { HealthSource } from '../ops/health.js';
import type { TenantFigures } from '../ops/metrics/source.js';
import type { TenantQuotas } from './quotas.js';
import type { PublishedSignal } from '../publication/subscription.js';
import type { RetainedSignals } from '../publication/subscription.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { WaitingSeries } from '../learning/first-models.js';
import { toProtoTimeframe } from './fields.js';
import type { WaitingSeries__Output as ProtoWaitingSeries } from './generated/suho/v1/WaitingSeries.js';
import type { InstrumentDirectory, InstrumentView, SeriesOfTenants, SeriesPlace } from './ports.js';
import { ModelDesk } from '../rollout/model-desk.js';

/** {@link InstrumentDirectory} of an engine. */
export function instrumentsOf({ instruments, journal }: Engine): InstrumentDirectory {
  const view = (instrument: Instrument): InstrumentView => {
    const { id, definition, state, error, base } = instrument;
    const { feed, owner, symbol, signals } = definition;
    const last = instruments.lastClosedBar(base);
    return {
      id,
      feed,
      owner,
      symbol,
      base: definition.base,
      calendar: instrument.calendar.name,
      signalTimeframes: [...new Set(signals.map(({ timeframe }) => timeframe))],
      state: state === 'removed' ? 'failed' : state,
      error,
      bars: instruments.barsOf(base),
      lastBarTime: Number.isNaN(last) ? undefined : last,
      retainedInputs: journal.inputs.retained(id).records,
    };
  };
  return {
    list: (tenantId, { after, limit } = { after: '', limit: Infinity }) =>
      [...instruments.all()]
        .filter(
          ({ id, definition }) => id > after && (tenantId === undefined || definition.owner === tenantId),
        )
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(view),
    remove: async (id, { tenantId, all }) => {
      const owner = instruments.get(id)?.definition.owner;
      return owner !== undefined && (all || owner === tenantId) ? await instruments.remove(id) : false;
    },
  };
}

/** {@link SeriesOfTenants} of an engine. */
export function seriesOfTenants({ instruments }: Engine): SeriesOfTenants {
  return {
    visible: (tenantId, timeframe) => {
      const places: SeriesPlace[] = [];
      for (const instrument of instruments.all()) {
        if (!instrument.isVisibleTo(tenantId)) continue;
        const seriesId = instrument.seriesId(timeframe);
        const { id: instrumentId, definition } = instrument;
        if (instrument.series.includes(seriesId))
          places.push({ seriesId, instrumentId, symbol: definition.symbol });
      }
      return places;
    },
  };
}

/** {@link ModelDesk} of an engine. */
export function modelDeskOf(engine: Engine): ModelDesk {
  const { config, deployments, rollouts, instruments, predictions } = engine;
  return new ModelDesk({
    deployments,
    rollouts,
    instruments,
    outcomes: predictions.history,
    tenants: function* () {
      for (const { id } of config.tenants) yield id;
      for (const { definition } of instruments.all())
        for (const { tenantId } of definition.signals) yield tenantId;
    },
    worthHaving: config.rollout.worthHaving,
  });
}

/** The newest signal of a caller's symbol and timeframe, from whichever feed, that the journal keeps. */
export function latestSignalOf(
  { instruments, publication }: Engine,
  caller: SignalOwner,
  symbol: string,
  timeframe: Timeframe,
): PublishedSignal | undefined {
  const { tenantId, userId } = caller;
  const latest: PublishedSignal[] = [];
  for (const instrument of instruments.all()) {
    if (instrument.definition.symbol !== symbol || !instrument.follows(tenantId, timeframe)) continue;
    const owners = userId === undefined ? [{ tenantId }] : [{ tenantId, userId }, { tenantId }];
    for (const owner of owners) {
      const newest = publication.latest(instrument.signalActorId({ ...owner, timeframe }));
      if (newest !== undefined && isFor(instruments, caller, newest)) latest.push(newest);
    }
  }
  return latest.sort((a, b) => b.sequence - a.sequence)[0];
}

/** What each tenant that is configured, or has an instrument or signals, has and got. */
export function tenantFigures(
  { config, instruments }: Engine,
  quotas: Pick<TenantQuotas, 'openStreams'>,
): readonly TenantFigures[] {
  const own = new Map(config.tenants.map(({ id }) => [id, 0]));
  for (const { definition } of instruments.all()) {
    const { owner, signals } = definition;
    for (const { tenantId } of signals) own.set(tenantId, own.get(tenantId) ?? 0);
    if (owner !== PLATFORM) own.set(owner, (own.get(owner) ?? 0) + 1);
  }
  return [...own].map(([tenantId, count]) => ({
    tenantId,
    outcomes: instruments.tenantCounts(tenantId),
    streams: quotas.openStreams(tenantId),
    instruments: count,
  }));
}

/** {@link HealthSource} of an engine. */
export function healthSourceOf(engine: Engine): HealthSource {
  const { status } = engine;
  return {
    state: () => engine.state,
    counts: () => status.counts(),
    actors: () => {
      const { actors, parked } = status.counts();
      return { ...actors, parked };
    },
    journal: () => engine.journal.stats(),
    sinks: () => status.sinks(),
    sources: () => status.sources(),
    learning: (tenantId) => {
      const { alerts, drift, retraining } = status.learning(tenantId);
      return {
        alerts_open: alerts.open,
        alerts_acknowledged: alerts.acknowledged,
        models_watched: drift.watching,
        models_without_reference: drift.withoutReference,
        trainings_queued: retraining.queued,
        trainings_running: retraining.running,
        training_cpu_seconds: retraining.cpuSeconds,
        training_budget_seconds: retraining.budgetSeconds,
      };
    },
    latencies: () =>
      engine.latencies.recent().map(({ stage, count, p50Ms, p99Ms, maxMs }) => ({
        stage,
        count,
        p50_ms: p50Ms,
        p99_ms: p99Ms,
        max_ms: maxMs,
      })),
    door: () => {
      const { waiting, waited, refused, rowsMax } = engine.intake.door;
      return { waiting, waited, refused, rows_max: rowsMax };
    },
    tenantCounts: (tenantId) => engine.instruments.tenantCounts(tenantId),
    troubledInstruments: () => status.troubled().map(({ id, state, error }) => ({ name: id, state, error })),
    withheldModels: () =>
      status.withheldModels().map(({ modelId, place, state }) => ({
        model_id: modelId,
        version: `${place.model} ${place.version}`,
        reason: state.kind === 'withheld' ? state.reason : '',
      })),
    firstModels: (tenantId) => {
      const { series, ...report } = engine.firstModels.report(tenantId);
      return { ...report, series: series.map((one) => waitingSeries(one, tenantId === undefined)) };
    },
  };
}

/** A series without a model in the words of the API. Not everyone may read what a store said (`all`). */
export function waitingSeries(series: WaitingSeries, all: boolean): ProtoWaitingSeries {
  const { seriesId: name, symbol, timeframe, state, bars, barsNeeded, reason = '', isOfData } = series;
  return {
    name,
    symbol,
    timeframe: toProtoTimeframe(timeframe),
    state,
    bars,
    bars_needed: barsNeeded,
    bars_missing: Math.max(0, barsNeeded - bars),
    reason: all || isOfData || reason === '' ? reason : 'its operator finds the reason in suho status',
  };
}

/** {@link RetainedSignals} of a journal. */
export function retainedSignalsOf({ predictions }: Journal): RetainedSignals {
  const { conclusions } = predictions;
  return {
    after: (sequence, limit) => conclusions.after(sequence, limit),
    purgedThrough: () => conclusions.purgedThrough,
    lastSequence: () => conclusions.newest,
  };
}
