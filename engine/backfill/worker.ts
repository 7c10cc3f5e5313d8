import { createHash, type Hash } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { HORIZONS, type Label } from '../../actors/features/labels.js';
import type { Bar } from '../../actors/market/bar.js';
import type { Quote } from '../../actors/market/quote.js';
import { decodeSnapshot, encodeSnapshot } from '../../actors/runtime/snapshot.js';
import { SeriesMachine, type Admission, type SeriesCursor } from '../../actors/series-machine.js';
import { calendarOfRule } from '../calendars.js';
import { SuhoError } from '../errors.js';
import { ExtraIndicators } from '../feature-store/extra-indicators.js';
import { RowEncoder } from '../feature-store/table.js';
import { MarketFile, type FileReport, type MarketChunk } from '../files/market-file.js';
import { packBars, unpackBars } from '../journal/records.js';
import type {
  BackfillAnswer,
  BackfillCounts,
  BackfillTask,
  Checkpoint,
  FromBackfillWorker,
  ToBackfillWorker,
} from './protocol.js';

const CHUNK = 1024;
/** Segments posted and not stored yet, at most. */
const UNSTORED_MAX = 2;

/** Rows of one segment while their labels are pending. */
interface OpenSegment {
  readonly features: Buffer;
  readonly bars: Buffer;
  rows: number;
  checkpoint: Checkpoint | undefined;
}

/**
 * The worker's end of the message channel to the thread that stores: posts segments, at most
 * `UNSTORED_MAX` of them unacknowledged, and receives posted bars.
 */
class BackfillChannel {
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

  async *bars(): AsyncGenerator<MarketChunk> {
    for (;;) {
      this.post({ kind: 'more' });
      while (this.#inbox.length === 0) await this.#change();
      const message = this.#inbox.shift()!;
      if (message.kind !== 'bars') return;
      yield { kind: 'bars', lines: [], bars: unpackBars(message.numbers) };
    }
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

/**
 * Turns the inputs of one series, oldest first, into RowBinary rows with their labels. Uses the live
 * code: the same builder, feature engine and labeler on the same state layout.
 */
class SeriesBackfill {
  readonly #task: BackfillTask;
  readonly #machine: SeriesMachine;
  readonly #encoder: RowEncoder;
  readonly #channel: BackfillChannel;
  readonly #extras: ((bar: Bar) => Float32Array) | undefined;
  readonly #segments: OpenSegment[] = [];
  readonly #onLabel = (label: Readonly<Label>): void => this.#label(label);
  #state: Float64Array;
  #cursor: SeriesCursor;
  #digest: Hash = createHash('sha256');
  /** Rows written to segments before the first in `#segments`. */
  #handedOut = 0;
  /** Rows written, and how many of them have their label of each horizon. */
  #written = 0;
  readonly #labelled: number[] = HORIZONS.map(() => 0);
  /** Close time of the first row written: labels of earlier rows are ignored. */
  #firstClose = Infinity;
  #resumed = 0;
  #inputs = 0;
  #rejected = 0;
  #late = 0;

  constructor(task: BackfillTask, channel: BackfillChannel) {
    this.#task = task;
    this.#channel = channel;
    this.#machine = new SeriesMachine(task.series.timeframe, task.basis, calendarOfRule(task.calendar));
    const extras =
      task.extras.length === 0 ? undefined : new ExtraIndicators(task.series.tenantId, task.extras);
    this.#extras = extras?.start();
    this.#encoder = new RowEncoder(task.series, extras);
    this.#state = new Float64Array(this.#machine.stateSize);
    this.#cursor = this.#machine.cursor(this.#state);
  }

  counts(): BackfillCounts {
    return {
      inputs: this.#inputs,
      bars: this.#machine.bars(this.#state),
      rejected: this.#rejected,
      late: this.#late,
      rows: this.#written,
      resumed: this.#resumed,
    };
  }

  /** Reads the source up to the checkpoint and returns the rest of that chunk; false if the source has changed. */
  async resume(checkpoint: Checkpoint, chunks: AsyncIterator<MarketChunk>): Promise<MarketChunk | false> {
    for (;;) {
      const next = await chunks.next();
      if (next.done === true) return false;
      const inputs = next.value.kind === 'bars' ? next.value.bars : next.value.quotes;
      const share = inputs.slice(0, checkpoint.inputs - this.#inputs);
      this.#inputs += share.length;
      this.#digest.update(digestible(next.value, share.length));
      if (this.#inputs < checkpoint.inputs) continue;
      if (this.#digest.copy().digest('hex') !== checkpoint.digest) return false;
      this.#state = decodeSnapshot(checkpoint.state, this.#machine.layout).numbers;
      this.#cursor = this.#machine.cursor(this.#state);
      this.#resumed = checkpoint.stored;
      return next.value.kind === 'bars'
        ? { ...next.value, bars: next.value.bars.slice(share.length) }
        : { ...next.value, quotes: next.value.quotes.slice(share.length) };
    }
  }

  async take(chunk: MarketChunk): Promise<void> {
    const from = this.#inputs;
    const count = chunk.kind === 'bars' ? chunk.bars.length : chunk.quotes.length;
    const bytes = digestible(chunk, count);
    let digested = 0;
    for (let i = 0; i < count; i++) {
      this.#inputs = from + i + 1;
      const bar = chunk.kind === 'bars' ? this.#acceptable(chunk.bars[i]!) : this.#quote(chunk.quotes[i]!);
      if (bar === undefined || !this.#close(bar)) continue;
      // The segment is full: its checkpoint covers the inputs up to here.
      const through = (bytes.length / count) * (i + 1);
      this.#digest.update(bytes.subarray(digested, through));
      digested = through;
      this.#segments.at(-1)!.checkpoint = {
        state: encodeSnapshot({ actorId: 'backfill', layout: this.#machine.layout }, this.#state),
        inputs: this.#inputs,
        digest: this.#digest.copy().digest('hex'),
        stored: this.#resumed + this.#written,
      };
    }
    this.#digest.update(bytes.subarray(digested));
    await this.#handOut();
    this.#channel.post({ kind: 'progress', inputs: this.#inputs });
  }

  /** Closes the last bar, posts the remaining segments, and waits until they are stored. */
  async finish(): Promise<void> {
    const last = this.#machine.builder.closeDue(this.#state, Infinity);
    // Quotes end in the middle of a bar; one that is not over is not closed.
    if (last !== undefined && this.#machine.grid.closeOf(last.openTime) <= Date.now()) this.#close(last);
    for (const segment of this.#segments) {
      segment.checkpoint = undefined;
      if (segment.rows > 0) await this.#channel.segment(segment, this.#encoder);
    }
    await this.#channel.allStored();
  }

  #acceptable(bar: Bar): Bar | undefined {
    return this.#isAccepted(this.#cursor.admitBar(bar)) ? bar : undefined;
  }

  #quote(quote: Quote): Bar | undefined {
    if (!this.#isAccepted(this.#cursor.admitQuote(quote, false))) return undefined;
    return this.#machine.builder.addQuote(this.#state, quote);
  }

  #isAccepted(admission: Admission): boolean {
    if (admission === 'behind') this.#late++;
    else if (admission !== 'accepted') this.#rejected++;
    return admission === 'accepted';
  }

  /** Takes a closed bar; true when it filled a segment. */
  #close(bar: Bar): boolean {
    this.#machine.close(this.#state, bar, this.#onLabel);
    const inRange = bar.openTime >= this.#task.from && bar.openTime < this.#task.to;
    const extras = this.#extras?.(bar);
    if (inRange) this.#write(bar, this.#machine.features.market.closeTime, extras);
    return inRange && this.#segments.at(-1)!.rows === this.#task.segmentRows;
  }

  #write(bar: Bar, closeTime: number, extras: Float32Array | undefined): void {
    const { segmentRows } = this.#task;
    let segment = this.#segments.at(-1);
    if (segment === undefined || segment.rows === segmentRows) {
      segment = this.#channel.used.pop() ?? {
        features: Buffer.allocUnsafeSlow(segmentRows * this.#encoder.featureBytes),
        bars: Buffer.allocUnsafeSlow(segmentRows * this.#encoder.barBytes),
        rows: 0,
        checkpoint: undefined,
      };
      this.#segments.push(segment);
    }
    if (this.#written === 0) this.#firstClose = closeTime;
    const { features } = this.#machine;
    this.#encoder.writeBar(segment.bars, segment.rows * this.#encoder.barBytes, bar, closeTime);
    const row = { bar, closeTime, qualityFlags: features.quality.flags, values: features.row };
    this.#encoder.writeFeatures(segment.features, segment.rows * this.#encoder.featureBytes, row, extras);
    segment.rows++;
    this.#written++;
  }

  #label(label: Readonly<Label>): void {
    if (label.closeTime < this.#firstClose) return;
    const row = this.#labelled[label.horizon]!;
    if (row >= this.#written) return;
    this.#labelled[label.horizon] = row + 1;
    const { segmentRows } = this.#task;
    const segment = this.#segments[Math.floor((row - this.#handedOut) / segmentRows)]!;
    const at = ((row - this.#handedOut) % segmentRows) * this.#encoder.featureBytes;
    this.#encoder.writeLabel(segment.features, at, label.horizon, label);
  }

  /** Posts the full segments whose rows have all their labels. */
  async #handOut(): Promise<void> {
    const { segmentRows } = this.#task;
    while (Math.min(...this.#labelled) >= this.#handedOut + segmentRows) {
      await this.#channel.segment(this.#segments.shift()!, this.#encoder);
      this.#handedOut += segmentRows;
    }
  }
}

/** The first inputs of a chunk as bytes, to fingerprint the source. */
function digestible(chunk: MarketChunk, count: number): Uint8Array {
  const numbers =
    chunk.kind === 'bars'
      ? packBars(chunk.bars.slice(0, count))
      : Float64Array.from(chunk.quotes.slice(0, count).flatMap(({ ts, bid, ask }) => [ts, bid, ask]));
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

async function backfill(task: BackfillTask, channel: BackfillChannel): Promise<BackfillAnswer> {
  const run = new SeriesBackfill(task, channel);
  const file = task.source.kind === 'file' ? await openFile(task, task.source, channel) : undefined;
  const chunks = file?.chunks(CHUNK) ?? channel.bars();
  if (task.checkpoint !== undefined) {
    const rest = await run.resume(task.checkpoint, chunks);
    if (rest === false) {
      await chunks.return(undefined);
      return { kind: 'other_source' };
    }
    await run.take(rest);
  }
  for await (const chunk of chunks) await run.take(chunk);
  await run.finish();
  return { kind: 'done', counts: withFile(run.counts(), file?.report()) };
}

async function openFile(
  { series, calendar }: BackfillTask,
  { path, reading }: BackfillTask['source'] & { readonly kind: 'file' },
  channel: BackfillChannel,
): Promise<MarketFile> {
  const { symbol, timeframe } = series;
  const file = await MarketFile.open(path, { ...reading, symbol, timeframe, calendar });
  channel.post({ kind: 'recognised', description: file.description });
  return file;
}

/** The counts with the rows that the file's reader refused. */
function withFile(counts: BackfillCounts, file: FileReport | undefined): BackfillCounts {
  if (file === undefined) return counts;
  const rejected = counts.rejected + file.refused - file.late;
  return { ...counts, inputs: file.rows, rejected, late: counts.late + file.late, reading: file };
}

export default async function work(
  task: BackfillTask & { readonly port: MessagePort },
): Promise<BackfillAnswer> {
  try {
    return await backfill(task, new BackfillChannel(task.port));
  } catch (error) {
    if (error instanceof SuhoError) return { kind: 'failed', code: error.code, message: error.message };
    throw error;
  } finally {
    task.port.close();
  }
}
