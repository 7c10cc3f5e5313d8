import type { HorizonScore } from '../learning/evaluation.js';

/** A trained pair of models for one series, as the registry keeps it. */
export interface ModelRecord {
  /** SHA-256 of the predictor's file. */
  readonly modelId: string;
  /** SHA-256 of the encoder's file. */
  readonly encoderId: string;
  readonly version: string;
  readonly tenantId: string;
  readonly feed: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly embeddingVersion: string;
  readonly featureSetVersion: string;
  readonly anomalyScale: number;
  readonly primaryHorizon: number;
  readonly edge: readonly boolean[];
  readonly scores: readonly HorizonScore[];
  readonly trainedFrom: number;
  readonly trainedThrough: number;
  readonly rows: number;
  /** Whether its rows come out bit for bit the same at every batch size. */
  readonly batchInvariant: boolean;
}

/** Keeps models and their files. Files are named by their SHA-256 and never change. */
export interface ModelRegistry {
  /** Stores a file; returns its SHA-256. */
  putArtifact(bytes: Uint8Array): Promise<string>;
  /** Path of a stored file. Throws `NOT_FOUND`. */
  artifactPath(sha256: string): string;
  /** Registers a model; the same version of the same series again changes nothing. */
  put(record: ModelRecord): Promise<void>;
  /** Models of a series, oldest version first. */
  list(series?: {
    readonly feed: string;
    readonly symbol: string;
    readonly timeframe: string;
  }): ModelRecord[];
}
