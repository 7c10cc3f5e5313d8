/** Keeps the live states of monitors over a restart. */
export interface MonitorStates {
  /** The bytes kept under a key; undefined where there are none, or none that can be read. */
  load(key: string): Promise<Uint8Array | undefined>;
  save(key: string, bytes: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}
