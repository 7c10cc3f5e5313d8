import type { SystemCounts } from '../../actors/runtime/actor-system.js';
import type { SkewCounts } from '../backfill/skew-monitor.js';
import type { AlertCounts } from '../drift/alerts.js';
import type { DriftCounts } from '../drift/drift-watch.js';
import type { IntakeCounts } from '../intake/intake.js';
import type { RetrainingCounts } from '../learning/retraining/retraining.js';
import type { Instruments } from '../instruments/instruments.js';
import type { InstrumentState } from '../instruments/instrument.js';
import type { Journal } from '../journal/journal.js';
import type { ModelStatus } from '../registry/model-files.js';
import type { Sink, SinkStatus } from '../sinks/sink.js';
import type { SourceStatus } from './sources.js';

export interface EngineCounts extends IntakeCounts {
  readonly rows: number;
  readonly signals: number;
  readonly withheld: Readonly<Record<string, number>>;
  /** Trade results taken. */
  readonly trades: number;
  readonly deadLetters: number;
  /** Rows that left a full journal before their labels were known. */
  readonly rowsShed: number;
  /** Parked signal actors and failed instruments. */
  readonly parked: number;
  /** Live rows computed again from stored bars, and those that came out different. */
  readonly skew: SkewCounts;
  readonly actors: SystemCounts;
}

/** Alerts, monitors and trainings. */
export interface LearningStatus {
  readonly alerts: AlertCounts;
  readonly drift: DriftCounts;
  readonly retraining: RetrainingCounts;
}

/** An instrument that is not live, and why. */
export interface TroubledInstrument {
  readonly id: string;
  readonly state: InstrumentState;
  readonly error: string;
}

export interface EngineStatusParts {
  readonly journal: Journal;
  readonly instruments: Instruments;
  readonly intake: { counts(): IntakeCounts };
  readonly sinks: readonly Sink[];
  readonly trades: () => number;
  readonly rowsShed: () => number;
  readonly skew: () => SkewCounts;
  readonly sources: () => readonly SourceStatus[];
  readonly models: () => readonly ModelStatus[];
  readonly alerts: (tenantId?: string) => AlertCounts;
  readonly drift: () => DriftCounts;
  readonly retraining: () => RetrainingCounts;
}

/** How the engine is, read from its rooms when asked. Nothing here costs more the further a store lags. */
export class EngineStatus {
  readonly #parts: EngineStatusParts;

  constructor(parts: EngineStatusParts) {
    this.#parts = parts;
  }

  counts(): EngineCounts {
    const { journal, instruments, intake, trades, skew, rowsShed } = this.#parts;
    const { rows, signals, withheld, system } = instruments.counts();
    return {
      ...intake.counts(),
      rows,
      signals,
      withheld,
      trades: trades(),
      deadLetters: journal.deadLetters.size,
      rowsShed: rowsShed(),
      parked: instruments.parked,
      skew: skew(),
      actors: system,
    };
  }

  sinks(): readonly SinkStatus[] {
    return this.#parts.sinks.map((sink) => sink.status());
  }

  /** What watches models found, and what is trained again. */
  learning(tenantId?: string): LearningStatus {
    const { alerts, drift, retraining } = this.#parts;
    return { alerts: alerts(tenantId), drift: drift(), retraining: retraining() };
  }

  sources(): readonly SourceStatus[] {
    return this.#parts.sources();
  }

  /** Instruments that are recovering or have failed. */
  troubled(): readonly TroubledInstrument[] {
    const troubled: TroubledInstrument[] = [];
    for (const { id, state, error = '' } of this.#parts.instruments.all())
      if (state !== 'live') troubled.push({ id, state, error });
    return troubled;
  }

  /** Models that are not served, with the reason of each. */
  withheldModels(): readonly ModelStatus[] {
    return this.#parts.models().filter(({ state }) => state.kind === 'withheld');
  }
}
