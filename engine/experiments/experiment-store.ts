import type { Candidate } from './search-space.js';
import type { FinalScore, TrialScore } from './trial.js';

/** What an experiment is, so that it is found again and goes on as it began. */
export interface ExperimentSettings {
  readonly symbol: string;
  readonly timeframe: string;
  /** Bars, and the open times of the first and the last: another file is another experiment. */
  readonly bars: number;
  readonly from: number;
  readonly through: number;
  readonly families: readonly string[];
  readonly seed: number;
}

/** One fit that ended. */
export interface TrialRecord {
  readonly candidate: number;
  readonly stage: number;
  readonly what: Candidate;
  readonly seconds: number;
  /** Undefined when it failed, with the reason. */
  readonly score: TrialScore | undefined;
  readonly error: string | undefined;
}

/** What an experiment came to. */
export interface Conclusion {
  readonly winner: Candidate;
  /** Number of the winner, and how it did on the rows that trials were compared on. */
  readonly candidate: number;
  readonly validation: TrialScore;
  readonly final: FinalScore;
  /** Fits, and how many different candidates they were of. */
  readonly fits: number;
  readonly candidates: number;
  /** Standard errors that count as skill with so many candidates, and whether it has it, by horizon. */
  readonly skillZ: number;
  readonly edge: readonly boolean[];
}

export interface StoredExperiment {
  readonly settings: ExperimentSettings;
  readonly trials: readonly TrialRecord[];
  /** Undefined until it is concluded. */
  readonly conclusion: Conclusion | undefined;
}

/** Keeps experiments of the platform by name: what is stored survives the process. */
export interface ExperimentStore {
  /** Makes an experiment, or finds it. Jobs that a process which died left running are marked as failed. */
  open(name: string, settings: ExperimentSettings): Promise<StoredExperiment>;
  /** Takes note that a fit begins; returns the id of its training job. */
  begin(name: string, job: Pick<TrialRecord, 'candidate' | 'stage' | 'what'>): Promise<string>;
  /** Keeps a fit that ended, with its job. */
  end(name: string, jobId: string, trial: TrialRecord): Promise<void>;
  conclude(name: string, conclusion: Conclusion): Promise<void>;
  close(): Promise<void>;
}
