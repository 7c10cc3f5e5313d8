import assert from 'node:assert/strict';
import { status, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import type { Reach } from './market-client.js';
import type { SignalUpdate } from './served.js';

const RETRY_MS = 50;

/** A subscriber of all signals of a tenant, which resumes where it was whenever its stream breaks. */
export class SignalReader {
  readonly #key: string;
  readonly #reach: Reach;
  /** Sequence numbers of the signals that came, by prediction. */
  readonly seen = new Map<string, number>();
  #cursor = 0;
  #stopped = false;
  #stream: ClientReadableStream<SignalUpdate> | undefined;

  constructor(key: string, reach: Reach) {
    this.#key = key;
    this.#reach = reach;
  }

  stop(): void {
    this.#stopped = true;
    this.#stream?.cancel();
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const client = this.#reach();
      if (client !== undefined) {
        const stream = client.stream({ resume_after: String(this.#cursor) }, this.#key);
        this.#stream = stream;
        await new Promise<void>((resolve, reject) => {
          stream.on('error', (error: ServiceError) =>
            error.code === status.UNAVAILABLE || this.#stopped ? resolve() : reject(error),
          );
          stream.on('end', resolve);
          stream.on('data', (update: SignalUpdate) => {
            try {
              this.#take(update);
            } catch (error) {
              reject(error as Error);
              stream.cancel();
            }
          });
        });
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #take({ signal, skipped }: SignalUpdate): void {
    const sequence = Number(signal.sequence);
    assert.equal(Number(skipped), 0);
    assert.ok(sequence > this.#cursor, `${sequence} came after ${this.#cursor}`);
    assert.ok(!this.seen.has(signal.prediction_id), `${signal.prediction_id} came twice`);
    this.#cursor = sequence;
    this.seen.set(signal.prediction_id, sequence);
  }
}
