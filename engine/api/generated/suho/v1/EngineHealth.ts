// Original file: proto/suho/v1/suho.proto

import type { SinkHealth as _suho_v1_SinkHealth, SinkHealth__Output as _suho_v1_SinkHealth__Output } from '../../suho/v1/SinkHealth.js';
import type { SourceHealth as _suho_v1_SourceHealth, SourceHealth__Output as _suho_v1_SourceHealth__Output } from '../../suho/v1/SourceHealth.js';
import type { InstrumentHealth as _suho_v1_InstrumentHealth, InstrumentHealth__Output as _suho_v1_InstrumentHealth__Output } from '../../suho/v1/InstrumentHealth.js';
import type { WithheldModel as _suho_v1_WithheldModel, WithheldModel__Output as _suho_v1_WithheldModel__Output } from '../../suho/v1/WithheldModel.js';
import type { FirstModels as _suho_v1_FirstModels, FirstModels__Output as _suho_v1_FirstModels__Output } from '../../suho/v1/FirstModels.js';
import type { LearningHealth as _suho_v1_LearningHealth, LearningHealth__Output as _suho_v1_LearningHealth__Output } from '../../suho/v1/LearningHealth.js';
import type { StageLatency as _suho_v1_StageLatency, StageLatency__Output as _suho_v1_StageLatency__Output } from '../../suho/v1/StageLatency.js';
import type { DoorHealth as _suho_v1_DoorHealth, DoorHealth__Output as _suho_v1_DoorHealth__Output } from '../../suho/v1/DoorHealth.js';
import type { Long } from '@grpc/proto-loader';

/**
 * How the engine is. Counts are since its start.
 */
export interface EngineHealth {
  /**
   * `starting`, `preparing` (history and first models are being made), `serving`, `draining` (it takes no input),
   * `stopping` or `stopped`.
   */
  'state'?: (string);
  /**
   * Whether anything is not as it should be: a store, a source, an instrument, an actor, a model.
   */
  'degraded'?: (boolean);
  /**
   * Version of the engine, e.g. 0.1.0.
   */
  'version'?: (string);
  /**
   * Time since its start, seconds.
   */
  'uptime_seconds'?: (number | string);
  /**
   * Actors in memory.
   */
  'actors'?: (number);
  /**
   * Messages queued in actors.
   */
  'queued'?: (number | string | Long);
  /**
   * Bars taken.
   */
  'bars'?: (number | string | Long);
  /**
   * Quotes taken.
   */
  'quotes'?: (number | string | Long);
  /**
   * Feature rows computed.
   */
  'feature_rows'?: (number | string | Long);
  /**
   * Signals made.
   */
  'signals'?: (number | string | Long);
  /**
   * Rows rejected as not valid.
   */
  'rejected'?: (number | string | Long);
  /**
   * Rows the engine had already.
   */
  'duplicates'?: (number | string | Long);
  /**
   * Rows older than the newest one taken.
   */
  'late'?: (number | string | Long);
  /**
   * Bars without a signal, by reason: `no_model`, `warming_up`, `model_deadline`, `model_error`, `feature_set_mismatch`.
   */
  'withheld'?: ({[key: string]: number | string | Long});
  /**
   * Dead letters kept.
   */
  'dead_letters'?: (number | string | Long);
  /**
   * Parked actors and failed instruments.
   */
  'parked_actors'?: (number);
  /**
   * Size of the journal, bytes.
   */
  'journal_bytes'?: (number | string | Long);
  /**
   * Size above which the journal refuses input, bytes.
   */
  'journal_bytes_max'?: (number | string | Long);
  /**
   * Open signal streams.
   */
  'subscribers'?: (number);
  /**
   * Stores that read the journal.
   */
  'sinks'?: (_suho_v1_SinkHealth)[];
  /**
   * Whether the market data is simulated.
   */
  'simulated'?: (boolean);
  /**
   * Live feature rows computed again from stored bars.
   */
  'features_checked'?: (number | string | Long);
  /**
   * Those of them that came out different; it must stay 0.
   */
  'features_differing'?: (number | string | Long);
  /**
   * Trade results taken.
   */
  'trades'?: (number | string | Long);
  /**
   * What the engine takes from servers: input beside gRPC, model files.
   */
  'sources'?: (_suho_v1_SourceHealth)[];
  /**
   * Instruments that are not live, for operators.
   */
  'instruments'?: (_suho_v1_InstrumentHealth)[];
  /**
   * Models that may not serve, with the reason, for operators.
   */
  'withheld_models'?: (_suho_v1_WithheldModel)[];
  /**
   * Rows of a time the engine has with other values; the first stands.
   */
  'conflicts'?: (number | string | Long);
  /**
   * Feature rows that left the journal before their labels were known, because it was full.
   */
  'rows_shed'?: (number | string | Long);
  /**
   * Series without a model. Callers other than operators see their tenant's.
   */
  'first_models'?: (_suho_v1_FirstModels | null);
  /**
   * Alerts about models, their monitors, and trainings. Callers other than operators see their tenant's alerts alone.
   */
  'learning'?: (_suho_v1_LearningHealth | null);
  /**
   * How long bars took in the last one to two minutes, by stage, for operators.
   */
  'latencies'?: (_suho_v1_StageLatency)[];
  /**
   * How it is at the door, for operators.
   */
  'door'?: (_suho_v1_DoorHealth | null);
  /**
   * Whether it is as one tenant may see it: signals, withheld and subscribers are that tenant's; counts of the whole engine and of
   * its stores are 0, and their errors empty.
   */
  'of_tenant'?: (boolean);
}

/**
 * How the engine is. Counts are since its start.
 */
export interface EngineHealth__Output {
  /**
   * `starting`, `preparing` (history and first models are being made), `serving`, `draining` (it takes no input),
   * `stopping` or `stopped`.
   */
  'state': (string);
  /**
   * Whether anything is not as it should be: a store, a source, an instrument, an actor, a model.
   */
  'degraded': (boolean);
  /**
   * Version of the engine, e.g. 0.1.0.
   */
  'version': (string);
  /**
   * Time since its start, seconds.
   */
  'uptime_seconds': (number);
  /**
   * Actors in memory.
   */
  'actors': (number);
  /**
   * Messages queued in actors.
   */
  'queued': (string);
  /**
   * Bars taken.
   */
  'bars': (string);
  /**
   * Quotes taken.
   */
  'quotes': (string);
  /**
   * Feature rows computed.
   */
  'feature_rows': (string);
  /**
   * Signals made.
   */
  'signals': (string);
  /**
   * Rows rejected as not valid.
   */
  'rejected': (string);
  /**
   * Rows the engine had already.
   */
  'duplicates': (string);
  /**
   * Rows older than the newest one taken.
   */
  'late': (string);
  /**
   * Bars without a signal, by reason: `no_model`, `warming_up`, `model_deadline`, `model_error`, `feature_set_mismatch`.
   */
  'withheld': ({[key: string]: string});
  /**
   * Dead letters kept.
   */
  'dead_letters': (string);
  /**
   * Parked actors and failed instruments.
   */
  'parked_actors': (number);
  /**
   * Size of the journal, bytes.
   */
  'journal_bytes': (string);
  /**
   * Size above which the journal refuses input, bytes.
   */
  'journal_bytes_max': (string);
  /**
   * Open signal streams.
   */
  'subscribers': (number);
  /**
   * Stores that read the journal.
   */
  'sinks': (_suho_v1_SinkHealth__Output)[];
  /**
   * Whether the market data is simulated.
   */
  'simulated': (boolean);
  /**
   * Live feature rows computed again from stored bars.
   */
  'features_checked': (string);
  /**
   * Those of them that came out different; it must stay 0.
   */
  'features_differing': (string);
  /**
   * Trade results taken.
   */
  'trades': (string);
  /**
   * What the engine takes from servers: input beside gRPC, model files.
   */
  'sources': (_suho_v1_SourceHealth__Output)[];
  /**
   * Instruments that are not live, for operators.
   */
  'instruments': (_suho_v1_InstrumentHealth__Output)[];
  /**
   * Models that may not serve, with the reason, for operators.
   */
  'withheld_models': (_suho_v1_WithheldModel__Output)[];
  /**
   * Rows of a time the engine has with other values; the first stands.
   */
  'conflicts': (string);
  /**
   * Feature rows that left the journal before their labels were known, because it was full.
   */
  'rows_shed': (string);
  /**
   * Series without a model. Callers other than operators see their tenant's.
   */
  'first_models': (_suho_v1_FirstModels__Output | null);
  /**
   * Alerts about models, their monitors, and trainings. Callers other than operators see their tenant's alerts alone.
   */
  'learning': (_suho_v1_LearningHealth__Output | null);
  /**
   * How long bars took in the last one to two minutes, by stage, for operators.
   */
  'latencies': (_suho_v1_StageLatency__Output)[];
  /**
   * How it is at the door, for operators.
   */
  'door': (_suho_v1_DoorHealth__Output | null);
  /**
   * Whether it is as one tenant may see it: signals, withheld and subscribers are that tenant's; counts of the whole engine and of
   * its stores are 0, and their errors empty.
   */
  'of_tenant': (boolean);
}
