import type { MessagePort } from 'node:worker_threads';
import type { Bar } from '../../actors/market/bar.js';
import type { RowEncoder } from '../feature-store/table.js';
import { unpackBars } from '../journal/records.js';
import type { Checkpoint, FromBackfillWorker, ToBackfillWorker } from './protocol.js';

/** Segments posted and not stored yet, at most. */
const UNSTORED_MAX = 2;

/** Rows of one segment while their labels are pending. */
export interface OpenSegment {
  readonly features: Buffer;
  readonly bars: Buffer;
  rows: number;
  checkpoint: Checkpoint | undefined;
}

/**
 * The worker's end of the message channel to the thread that stores: posts segments, at most
 * `UNSTORED_MAX` of them unacknowledged, and receives posted bars.
 */
export class BackfillChannel {
  readonly #port: MessagePort;
  /** Buffers of stored segments, for reuse. */
  readonly used: OpenSegment[] = [];
  readonly #inbox: ToBackfillWorker[] = [];
  #wake: () => void = () => undefined;
  #unstored = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: ToBackfillWorker) => {
      if (message.kind === 'stored') {
        this.#unstored--;
        const [features, bars] = [message.features, message.bars].map((bytes) => Buffer.from(bytes.buffer));
        this.used.push({ features: features!, bars: bars!, rows: 0, checkpoint: undefined });
      } else this.#inbox.push(message);
      this.#wake();
    });
  }

  post(message: FromBackfillWorker): void {
    this.#port.postMessage(message);
  }

  async segment(open: OpenSegment, encoder: RowEncoder): Promise<void> {
    while (this.#unstored >= UNSTORED_MAX) await this.#change();
    this.#unstored++;
    const features = new Uint8Array(open.features.buffer, 0, open.rows * encoder.featureBytes);
    const bars = new Uint8Array(open.bars.buffer, 0, open.rows * encoder.barBytes);
    this.#port.postMessage(
      { kind: 'segment', segment: { features, bars, rows: open.rows, checkpoint: open.checkpoint } },
      [features.buffer, bars.buffer] as ArrayBuffer[],
    );
  }

  /** Settles when all segments are stored. */
  async allStored(): Promise<void> {
    while (this.#unstored > 0) await this.#change();
  }

  /** The bars that the store has of the series, oldest first, a page at a time. */
  async *storedBars(): AsyncGenerator<readonly Bar[]> {
    for (;;) {
      this.post({ kind: 'more' });
      while (this.#inbox.length === 0) await this.#change();
      const message = this.#inbox.shift()!;
      if (message.kind !== 'bars') return;
      yield unpackBars(message.numbers);
    }
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
