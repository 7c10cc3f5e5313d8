import type { Logger } from 'pino';
import type { Background } from '../background.js';
import { messageOf } from '../errors.js';
import type { NatsMessaging } from '../messaging/nats.js';
import type { ArtifactStore } from '../registry/artifact-store.js';

/** Time between two looks at whether the server of model files is there: nothing else would notice for days. */
const ARTIFACTS_EVERY_MS = 3_000;

/** Something the engine takes from a server, and what is wrong with it. */
export interface SourceStatus {
  readonly name: string;
  readonly error: string | undefined;
}

export interface SourcesParts {
  readonly messaging: Pick<NatsMessaging, 'error'> | undefined;
  /** Undefined when model files are in a folder. */
  readonly artifacts: Pick<ArtifactStore, 'probe'> | undefined;
  readonly log: Logger;
}

/** The servers that the engine takes input and model files from. */
export class Sources {
  readonly #parts: SourcesParts;
  readonly #feeds: (() => readonly SourceStatus[])[] = [];
  #artifactsError: string | undefined;

  constructor(parts: SourcesParts) {
    this.#parts = parts;
  }

  /** Begins to look at those that would not be missed by themselves. */
  watch(background: Background): void {
    if (this.#parts.artifacts !== undefined)
      void background.repeat(ARTIFACTS_EVERY_MS, async () => await this.#probeArtifacts());
  }

  /** Adds what feeds say of theirs. */
  add(feed: () => readonly SourceStatus[]): void {
    this.#feeds.push(feed);
  }

  status(): readonly SourceStatus[] {
    const { messaging, artifacts } = this.#parts;
    return [
      ...(messaging === undefined ? [] : [{ name: 'nats', error: messaging.error }]),
      ...(artifacts === undefined ? [] : [{ name: 's3', error: this.#artifactsError }]),
      ...this.#feeds.flatMap((feed) => feed()),
    ];
  }

  async #probeArtifacts(): Promise<void> {
    const error = await this.#parts.artifacts?.probe().then(() => undefined, messageOf);
    if (error !== undefined && this.#artifactsError === undefined)
      this.#parts.log.warn({ error }, 'the server of model files is away');
    this.#artifactsError = error;
  }
}
