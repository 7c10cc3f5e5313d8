import type { EngineHealth__Output as ProtoHealth } from '../api/generated/suho/v1/EngineHealth.js';
import type { FirstModels__Output as FirstModels } from '../api/generated/suho/v1/FirstModels.js';
import type { LearningHealth__Output as LearningHealth } from '../api/generated/suho/v1/LearningHealth.js';
import type { DoorHealth__Output as ProtoDoorHealth } from '../api/generated/suho/v1/DoorHealth.js';
import type { InstrumentHealth__Output as InstrumentHealth } from '../api/generated/suho/v1/InstrumentHealth.js';
import type { SinkHealth__Output as ProtoSinkHealth } from '../api/generated/suho/v1/SinkHealth.js';
import type { StageLatency__Output as StageLatency } from '../api/generated/suho/v1/StageLatency.js';
import { VERSION } from '../version.js';
import type { WithheldModel__Output as WithheldModel } from '../api/generated/suho/v1/WithheldModel.js';

/** Fields of the health message that are 64-bit counts, and so strings on the wire. */
const COUNTS = [
  'queued',
  'bars',
  'quotes',
  'feature_rows',
  'signals',
  'rejected',
  'duplicates',
  'late',
  'conflicts',
  'rows_shed',
  'dead_letters',
  'journal_bytes',
  'journal_bytes_max',
  'features_checked',
  'features_differing',
  'trades',
] as const satisfies readonly (keyof ProtoHealth)[];

type Count = (typeof COUNTS)[number];

type SinkHealth = Omit<ProtoSinkHealth, 'lag_rows' | 'dead_letters'> & {
  readonly lag_rows: number;
  readonly dead_letters: number;
};

type DoorHealth = Omit<ProtoDoorHealth, 'waited' | 'refused'> & {
  readonly waited: number;
  readonly refused: number;
};

/** How an engine is: the API's message, counts as numbers. */
export type HealthSnapshot = Readonly<
  Omit<ProtoHealth, Count | 'withheld' | 'sinks' | 'first_models' | 'learning' | 'door'> &
    Record<Count, number> & {
      first_models: FirstModels;
      learning: LearningHealth;
      door: DoorHealth;
      withheld: Readonly<Record<string, number>>;
      sinks: readonly SinkHealth[];
    }
>;

const NO_LEARNING: LearningHealth = {
  alerts_open: 0,
  alerts_acknowledged: 0,
  models_watched: 0,
  models_without_reference: 0,
  trainings_queued: 0,
  trainings_running: 0,
  training_cpu_seconds: 0,
  training_budget_seconds: 0,
};

const NO_DOOR: DoorHealth = { waiting: 0, waited: 0, refused: 0, rows_max: 0 };

/** A health message of the API as a snapshot. */
export function readHealth(message: ProtoHealth): HealthSnapshot {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, Number(message[name])])) as Record<
    Count,
    number
  >;
  return {
    ...message,
    ...counts,
    first_models: message.first_models ?? { automatic: false, waiting: 0, series: [] },
    learning: message.learning ?? NO_LEARNING,
    door:
      message.door === null
        ? NO_DOOR
        : {
            ...message.door,
            waited: Number(message.door.waited),
            refused: Number(message.door.refused),
          },
    withheld: Object.fromEntries(Object.entries(message.withheld).map(([reason, n]) => [reason, Number(n)])),
    sinks: message.sinks.map((sink) => ({
      ...sink,
      lag_rows: Number(sink.lag_rows),
      dead_letters: Number(sink.dead_letters),
    })),
  };
}

/** What the health of an engine is read from. */
export interface HealthSource {
  state(): 'starting' | 'serving' | 'stopping' | 'stopped';
  counts(): {
    readonly bars: number;
    readonly quotes: number;
    readonly rows: number;
    readonly signals: number;
    readonly rejected: number;
    readonly duplicates: number;
    readonly late: number;
    readonly conflicts: number;
    /** Rows that left a full journal before their labels were known. */
    readonly rowsShed: number;
    readonly trades: number;
    readonly deadLetters: number;
    readonly withheld: Readonly<Record<string, number>>;
    readonly skew: { readonly checked: number; readonly differing: number };
  };
  actors(): { readonly actors: number; readonly queued: number; readonly parked: number };
  journal(): { readonly bytes: number; readonly bytesMax: number; readonly refused: number };
  sinks(): readonly {
    readonly name: string;
    readonly healthy: boolean;
    readonly lagRows: number;
    readonly lagSeconds: number;
    readonly error: string | undefined;
    readonly deadLetters: number;
  }[];
  sources(): readonly { readonly name: string; readonly error: string | undefined }[];
  tenantCounts(tenantId: string): Readonly<Record<string, number>>;
  /** Instruments that are recovering or failed. */
  troubledInstruments(): readonly InstrumentHealth[];
  /** Models that may not serve. */
  withheldModels(): readonly WithheldModel[];
  /** Series without a model, of all tenants or, without words of a store, of one. */
  firstModels(tenantId?: string): FirstModels;
  /** Alerts about models, those of all tenants or of one; monitors and trainings of all. */
  learning(tenantId?: string): LearningHealth;
  /** How long bars took lately, by stage. */
  latencies(): readonly StageLatency[];
  door(): DoorHealth;
}

/** Open signal streams, of all tenants and of one. */
export interface Subscribers {
  readonly size: number;
  sizeOf(tenantId: string): number;
}

/** The one account of how the engine is, for the API, the metrics and the terminal. */
export class Health {
  readonly #source: HealthSource;
  readonly #subscribers: Subscribers;
  readonly #simulated: boolean;
  readonly #startedAt = performance.now();
  #preparing = false;
  #draining = false;
  #onChange: () => void = () => undefined;

  constructor(
    source: HealthSource,
    options: { readonly simulated: boolean; readonly subscribers: Subscribers },
  ) {
    this.#source = source;
    this.#simulated = options.simulated;
    this.#subscribers = options.subscribers;
  }

  /** Whether history and first models are still being made: until then the engine does not serve. */
  set preparing(preparing: boolean) {
    this.#preparing = preparing;
    this.#onChange();
  }

  /** Whether input is refused so that the engine can be stopped. */
  set draining(draining: boolean) {
    this.#draining = draining;
    this.#onChange();
  }

  get state(): 'starting' | 'preparing' | 'serving' | 'draining' | 'stopping' | 'stopped' {
    const state = this.#source.state();
    if (state === 'serving' && this.#draining) return 'draining';
    return state === 'serving' && this.#preparing ? 'preparing' : state;
  }

  /** Sets who is told when the engine begins or ends preparing. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** How the whole engine is, as an operator sees it. */
  snapshot(): HealthSnapshot {
    const source = this.#source;
    const counts = source.counts();
    const actors = source.actors();
    const journal = source.journal();
    const sinks = source.sinks().map((sink) => ({
      name: sink.name,
      healthy: sink.healthy,
      lag_rows: sink.lagRows,
      lag_seconds: sink.lagSeconds,
      error: sink.error ?? '',
      dead_letters: sink.deadLetters,
    }));
    const sources = source
      .sources()
      .map(({ name, error }) => ({ name, healthy: error === undefined, error: error ?? '' }));
    const instruments = [...source.troubledInstruments()];
    const withheldModels = [...source.withheldModels()];
    const firstModels = source.firstModels();
    const learning = source.learning();
    const degraded =
      sources.some(({ healthy }) => !healthy) ||
      sinks.some(({ healthy, dead_letters: refused }) => !healthy || refused > 0) ||
      instruments.length > 0 ||
      withheldModels.length > 0 ||
      learning.alerts_open > 0 ||
      firstModels.series.some(({ state }) => state === 'failed') ||
      actors.parked > 0 ||
      journal.refused > 0 ||
      counts.skew.differing > 0 ||
      counts.rowsShed > 0;
    return {
      state: this.state,
      degraded,
      version: VERSION,
      uptime_seconds: (performance.now() - this.#startedAt) / 1000,
      actors: actors.actors,
      queued: actors.queued,
      bars: counts.bars,
      quotes: counts.quotes,
      feature_rows: counts.rows,
      signals: counts.signals,
      rejected: counts.rejected,
      duplicates: counts.duplicates,
      late: counts.late,
      conflicts: counts.conflicts,
      rows_shed: counts.rowsShed,
      withheld: counts.withheld,
      dead_letters: counts.deadLetters,
      parked_actors: actors.parked,
      journal_bytes: journal.bytes,
      journal_bytes_max: journal.bytesMax,
      subscribers: this.#subscribers.size,
      sinks,
      simulated: this.#simulated,
      features_checked: counts.skew.checked,
      features_differing: counts.skew.differing,
      trades: counts.trades,
      sources,
      instruments,
      withheld_models: withheldModels,
      first_models: firstModels,
      learning,
      latencies: [...source.latencies()],
      door: source.door(),
      of_tenant: false,
    };
  }

  /**
   * How the engine is as one tenant may see it: its own counts, and no words of a store, which may tell where it is.
   */
  snapshotFor(tenantId: string): HealthSnapshot {
    const whole = this.snapshot();
    const silent = <T extends object>(stores: readonly T[]): T[] =>
      stores.map((store) => ({ ...store, error: '' }));
    const tallies = this.#source.tenantCounts(tenantId);
    const directions = ['LONG', 'SHORT', 'FLAT'];
    const withheld = Object.entries(tallies).filter(
      ([outcome]) => !directions.includes(outcome) && !outcome.startsWith('abstained:'),
    );
    const own = this.#source.learning(tenantId);
    const nothing = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<Count, number>;
    return {
      ...whole,
      ...nothing,
      journal_bytes_max: whole.journal_bytes_max,
      actors: 0,
      parked_actors: 0,
      signals: directions.reduce((sum, direction) => sum + (tallies[direction] ?? 0), 0),
      withheld: Object.fromEntries(withheld),
      subscribers: this.#subscribers.sizeOf(tenantId),
      sinks: silent(whole.sinks).map((sink) => ({ ...sink, lag_rows: 0, dead_letters: 0 })),
      sources: silent(whole.sources),
      instruments: [],
      withheld_models: [],
      first_models: this.#source.firstModels(tenantId),
      latencies: [],
      door: NO_DOOR,
      of_tenant: true,
      learning: {
        ...NO_LEARNING,
        alerts_open: own.alerts_open,
        alerts_acknowledged: own.alerts_acknowledged,
      },
    };
  }
}
