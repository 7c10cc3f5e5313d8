// Original file: proto/suho/v1/suho.proto

import type { SinkHealth as _suho_v1_SinkHealth, SinkHealth__Output as _suho_v1_SinkHealth__Output } from '../../suho/v1/SinkHealth.js';
import type { SourceHealth as _suho_v1_SourceHealth, SourceHealth__Output as _suho_v1_SourceHealth__Output } from '../../suho/v1/SourceHealth.js';
import type { InstrumentHealth as _suho_v1_InstrumentHealth, InstrumentHealth__Output as _suho_v1_InstrumentHealth__Output } from '../../suho/v1/InstrumentHealth.js';
import type { WithheldModel as _suho_v1_WithheldModel, WithheldModel__Output as _suho_v1_WithheldModel__Output } from '../../suho/v1/WithheldModel.js';
import type { FirstModels as _suho_v1_FirstModels, FirstModels__Output as _suho_v1_FirstModels__Output } from '../../suho/v1/FirstModels.js';
import type { LearningHealth as _suho_v1_LearningHealth, LearningHealth__Output as _suho_v1_LearningHealth__Output } from '../../suho/v1/LearningHealth.js';
import type { Long } from '@grpc/proto-loader';

export interface EngineHealth {
  /**
   * `starting`, `preparing` (history and first models are being made), `serving`, `stopping` or `stopped`.
   */
  'state'?: (string);
  'degraded'?: (boolean);
  'version'?: (string);
  'uptime_seconds'?: (number | string);
  'actors'?: (number);
  'queued'?: (number | string | Long);
  'bars'?: (number | string | Long);
  'quotes'?: (number | string | Long);
  'feature_rows'?: (number | string | Long);
  'signals'?: (number | string | Long);
  'rejected'?: (number | string | Long);
  'duplicates'?: (number | string | Long);
  'late'?: (number | string | Long);
  'withheld'?: ({[key: string]: number | string | Long});
  'dead_letters'?: (number | string | Long);
  'parked_actors'?: (number);
  'journal_bytes'?: (number | string | Long);
  'journal_bytes_max'?: (number | string | Long);
  'subscribers'?: (number);
  'sinks'?: (_suho_v1_SinkHealth)[];
  /**
   * Whether the market data is simulated.
   */
  'simulated'?: (boolean);
  /**
   * Live feature rows computed again from stored bars, and those of them that came out different (which must
   * stay 0).
   */
  'features_checked'?: (number | string | Long);
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
}

export interface EngineHealth__Output {
  /**
   * `starting`, `preparing` (history and first models are being made), `serving`, `stopping` or `stopped`.
   */
  'state': (string);
  'degraded': (boolean);
  'version': (string);
  'uptime_seconds': (number);
  'actors': (number);
  'queued': (string);
  'bars': (string);
  'quotes': (string);
  'feature_rows': (string);
  'signals': (string);
  'rejected': (string);
  'duplicates': (string);
  'late': (string);
  'withheld': ({[key: string]: string});
  'dead_letters': (string);
  'parked_actors': (number);
  'journal_bytes': (string);
  'journal_bytes_max': (string);
  'subscribers': (number);
  'sinks': (_suho_v1_SinkHealth__Output)[];
  /**
   * Whether the market data is simulated.
   */
  'simulated': (boolean);
  /**
   * Live feature rows computed again from stored bars, and those of them that came out different (which must
   * stay 0).
   */
  'features_checked': (string);
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
}
