// Original file: proto/suho/v1/suho.proto

import type { StoredSignal as _suho_v1_StoredSignal, StoredSignal__Output as _suho_v1_StoredSignal__Output } from '../../suho/v1/StoredSignal.js';
import type { Bar as _suho_v1_Bar, Bar__Output as _suho_v1_Bar__Output } from '../../suho/v1/Bar.js';
import type { FeatureValue as _suho_v1_FeatureValue, FeatureValue__Output as _suho_v1_FeatureValue__Output } from '../../suho/v1/FeatureValue.js';
import type { ArmForecast as _suho_v1_ArmForecast, ArmForecast__Output as _suho_v1_ArmForecast__Output } from '../../suho/v1/ArmForecast.js';
import type { PatternEvidence as _suho_v1_PatternEvidence, PatternEvidence__Output as _suho_v1_PatternEvidence__Output } from '../../suho/v1/PatternEvidence.js';
import type { SimilarMoment as _suho_v1_SimilarMoment, SimilarMoment__Output as _suho_v1_SimilarMoment__Output } from '../../suho/v1/SimilarMoment.js';
import type { GateCheck as _suho_v1_GateCheck, GateCheck__Output as _suho_v1_GateCheck__Output } from '../../suho/v1/GateCheck.js';
import type { ConfidenceRecord as _suho_v1_ConfidenceRecord, ConfidenceRecord__Output as _suho_v1_ConfidenceRecord__Output } from '../../suho/v1/ConfidenceRecord.js';
import type { Timing as _suho_v1_Timing, Timing__Output as _suho_v1_Timing__Output } from '../../suho/v1/Timing.js';
import type { SignalModel as _suho_v1_SignalModel, SignalModel__Output as _suho_v1_SignalModel__Output } from '../../suho/v1/SignalModel.js';
import type { SignalReplay as _suho_v1_SignalReplay, SignalReplay__Output as _suho_v1_SignalReplay__Output } from '../../suho/v1/SignalReplay.js';
import type { MovedForecast as _suho_v1_MovedForecast, MovedForecast__Output as _suho_v1_MovedForecast__Output } from '../../suho/v1/MovedForecast.js';

/**
 * How a signal came to be.
 */
export interface SignalExplanation {
  /**
   * The signal, with what came of it.
   */
  'signal'?: (_suho_v1_StoredSignal | null);
  /**
   * Its bar; absent when it is no longer kept.
   */
  'bar'?: (_suho_v1_Bar | null);
  /**
   * The bar's features in the order of the catalogue; empty when they are no longer kept.
   */
  'features'?: (_suho_v1_FeatureValue)[];
  /**
   * What every arm answered for the bar, the one that served first, as far as it is stored.
   */
  'arms'?: (_suho_v1_ArmForecast)[];
  /**
   * What the model alone said over the primary horizon: down, flat, up; empty when it is no longer kept.
   */
  'model_probabilities'?: (number | string)[];
  /**
   * The vote of similar moments; absent when there was none or it is no longer kept.
   */
  'patterns'?: (_suho_v1_PatternEvidence | null);
  /**
   * The nearest of the similar moments.
   */
  'moments'?: (_suho_v1_SimilarMoment)[];
  /**
   * What each gate asked and got.
   */
  'gates'?: (_suho_v1_GateCheck)[];
  /**
   * What the stated probability was corrected by; absent when it is no longer kept.
   */
  'confidence'?: (_suho_v1_ConfidenceRecord | null);
  /**
   * Where the time went; absent when it is no longer kept.
   */
  'timing'?: (_suho_v1_Timing | null);
  /**
   * Where its model comes from; absent when the registry does not have it or is away.
   */
  'model'?: (_suho_v1_SignalModel | null);
  /**
   * How it came out when it was made again; absent unless asked for.
   */
  'replay'?: (_suho_v1_SignalReplay | null);
  /**
   * What moved the forecast; absent unless asked for.
   */
  'moved'?: (_suho_v1_MovedForecast | null);
}

/**
 * How a signal came to be.
 */
export interface SignalExplanation__Output {
  /**
   * The signal, with what came of it.
   */
  'signal': (_suho_v1_StoredSignal__Output | null);
  /**
   * Its bar; absent when it is no longer kept.
   */
  'bar': (_suho_v1_Bar__Output | null);
  /**
   * The bar's features in the order of the catalogue; empty when they are no longer kept.
   */
  'features': (_suho_v1_FeatureValue__Output)[];
  /**
   * What every arm answered for the bar, the one that served first, as far as it is stored.
   */
  'arms': (_suho_v1_ArmForecast__Output)[];
  /**
   * What the model alone said over the primary horizon: down, flat, up; empty when it is no longer kept.
   */
  'model_probabilities': (number)[];
  /**
   * The vote of similar moments; absent when there was none or it is no longer kept.
   */
  'patterns': (_suho_v1_PatternEvidence__Output | null);
  /**
   * The nearest of the similar moments.
   */
  'moments': (_suho_v1_SimilarMoment__Output)[];
  /**
   * What each gate asked and got.
   */
  'gates': (_suho_v1_GateCheck__Output)[];
  /**
   * What the stated probability was corrected by; absent when it is no longer kept.
   */
  'confidence': (_suho_v1_ConfidenceRecord__Output | null);
  /**
   * Where the time went; absent when it is no longer kept.
   */
  'timing': (_suho_v1_Timing__Output | null);
  /**
   * Where its model comes from; absent when the registry does not have it or is away.
   */
  'model': (_suho_v1_SignalModel__Output | null);
  /**
   * How it came out when it was made again; absent unless asked for.
   */
  'replay': (_suho_v1_SignalReplay__Output | null);
  /**
   * What moved the forecast; absent unless asked for.
   */
  'moved': (_suho_v1_MovedForecast__Output | null);
}
