/** Where a model's file belongs. */
export interface ArtifactPlace {
  /** Tenant of the model, `platform` for everyone's. */
  readonly tenantId: string;
  /** User whose own it is; of all users of the tenant without. */
  readonly userId?: string | undefined;
  /** Name of the model, as the registry has it. */
  readonly model: string;
  readonly version: string;
}

/**
 * Keeps model files, named by their SHA-256, which never change. Those that are served lie in a local folder
 * too, so that a running engine needs nothing else.
 */
export interface ArtifactStore {
  /** Stores a file; returns its SHA-256 and where it is. Throws `STORE_UNAVAILABLE`. */
  put(place: ArtifactPlace, bytes: Uint8Array): Promise<{ readonly sha256: string; readonly uri: string }>;
  /** Makes sure that a file is in the local folder, whole. Throws `NOT_FOUND`, `STORE_UNAVAILABLE`. */
  fetch(place: ArtifactPlace, sha256: string): Promise<void>;
  /** Path of a file in the local folder. Throws `NOT_FOUND`. */
  path(sha256: string): string;
  /** Throws `STORE_UNAVAILABLE` when files can be neither stored nor fetched now. */
  probe(): Promise<void>;
  close(): void;
}
