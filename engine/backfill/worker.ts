import { createHash, type Hash } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { HORIZONS, type Label } from '../../actors/features/labels.js';
import { isSameBar, type Bar } from '../../actors/market/bar.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Quote } from '../../actors/market/quote.js';
import { decodeSnapshot, encodeSnapshot } from '../../actors/runtime/snapshot.js';
import { SeriesMachine, type Admission, type SeriesCursor } from '../../actors/series-machine.js';
import { calendarOfRule } from '../calendars.js';
import { SuhoError } from '../errors.js';
import { ExtraIndicators } from '../feature-store/extra-indicators.js';
import { RowEncoder } from '../feature-store/table.js';
import { MarketFile, type FileReport, type MarketChunk } from '../files/market-file.js';
import { packBars } from '../journal/records.js';
import { BackfillChannel, type OpenSegment } from './channel.js';
import { DifferenceCount, compareWithStored } from './comparison.js';
import type { BackfillAnswer, BackfillCounts, BackfillTask, Checkpoint } from './protocol.js';
import { StoredBars } from './stored-bars.js';

const CHUNK = 1024;

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
  readonly #stored: StoredBars;
  readonly #conflicts = new DifferenceCount();
  readonly #missing = new DifferenceCount();
  readonly #onLabel = (label: Readonly<Label>): void => this.#label(label);
  #state: Float64Array;
  #cursor: SeriesCursor;
  readonly #digest: Hash = createHash('sha256');
  /** Closed bars that are not digested yet. */
  #undigested: Bar[] = [];
  /** While an earlier run's inputs are read again, nothing is computed. */
  #isComputing = true;
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
  #added = 0;
  #known = 0;

  /** `stored` are the bars that stand beside those of a file; none where they are the source themselves. */
  constructor(task: BackfillTask, channel: BackfillChannel, stored: StoredBars) {
    this.#task = task;
    this.#channel = channel;
    this.#stored = stored;
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
      added: this.#added,
      known: this.#known,
      ...(this.#conflicts.result === undefined ? {} : { conflicts: this.#conflicts.result }),
      ...(this.#missing.result === undefined ? {} : { missing: this.#missing.result }),
    };
  }

  /** Reads the source up to the checkpoint and returns the rest of that chunk; false if the source has changed. */
  async resume(checkpoint: Checkpoint, chunks: AsyncIterator<MarketChunk>): Promise<MarketChunk | false> {
    this.#isComputing = false;
    for (;;) {
      const next = await chunks.next();
      if (next.done === true) return false;
      const [share, rest] = splitChunk(next.value, checkpoint.inputs - this.#inputs);
      await this.#takeInputs(share);
      if (this.#inputs < checkpoint.inputs) continue;
      if (this.#fingerprint() !== checkpoint.digest) return false;
      this.#isComputing = true;
      this.#state = decodeSnapshot(checkpoint.state, this.#machine.layout).numbers;
      this.#cursor = this.#machine.cursor(this.#state);
      this.#resumed = checkpoint.stored;
      return rest;
    }
  }

  async take(chunk: MarketChunk): Promise<void> {
    await this.#takeInputs(chunk);
    await this.#handOut();
    this.#channel.post({ kind: 'progress', inputs: this.#inputs });
  }

  async #takeInputs(chunk: MarketChunk): Promise<void> {
    const count = chunk.kind === 'bars' ? chunk.bars.length : chunk.quotes.length;
    for (let i = 0; i < count; i++) {
      this.#inputs++;
      const bar = chunk.kind === 'bars' ? this.#acceptable(chunk.bars[i]!) : this.#quote(chunk.quotes[i]!);
      if (bar === undefined || !(await this.#place(bar))) continue;
      // The segment is full: its checkpoint covers the inputs up to here.
      this.#segments.at(-1)!.checkpoint = {
        state: encodeSnapshot({ actorId: 'backfill', layout: this.#machine.layout }, this.#state),
        inputs: this.#inputs,
        digest: this.#fingerprint(),
        stored: this.#resumed + this.#written,
      };
    }
    this.#digestBars();
  }

  /** Closes the last bar and those stored after it, posts the remaining segments, and waits until they are stored. */
  async finish(): Promise<void> {
    const last = this.#machine.builder.closeDue(this.#state, Infinity);
    // Quotes end in the middle of a bar; one that is not over is not closed.
    if (last !== undefined && this.#machine.grid.closeOf(last.openTime) <= Date.now())
      await this.#place(last);
    for (;;) {
      if (this.#stored.isExhausted) await this.#stored.read();
      const bar = this.#stored.next(Infinity);
      if (bar === undefined) break;
      if (this.#close(bar)) await this.#handOut();
    }
    for (const segment of this.#segments) {
      segment.checkpoint = undefined;
      if (segment.rows > 0) await this.#channel.segment(segment, this.#encoder);
    }
    await this.#channel.allStored();
  }

  /** Takes a closed bar in its place among the stored ones; true when it filled a segment. A stored bar stands. */
  async #place(bar: Bar): Promise<boolean> {
    for (;;) {
      if (this.#stored.isExhausted) await this.#stored.read();
      const stored = this.#stored.next(bar.openTime);
      if (stored === undefined) {
        this.#added++;
        return this.#close(bar);
      }
      if (stored.openTime === bar.openTime) {
        if (isSameBar(stored, bar)) this.#known++;
        else this.#conflicts.add(stored, bar);
        return this.#close(stored);
      }
      if (this.#added + this.#known + this.#conflicts.count > 0) this.#missing.add(stored, undefined);
      if (this.#close(stored)) await this.#handOut();
    }
  }

  /** SHA-256 of the bars closed so far, stored ones among them, and of the one that is open. */
  #fingerprint(): string {
    this.#digestBars();
    const open = this.#machine.builder.openBar(this.#state);
    const digest = this.#digest.copy();
    if (open !== undefined) digest.update(packBars([open]));
    return digest.digest('hex');
  }

  #digestBars(): void {
    if (this.#undigested.length === 0) return;
    this.#digest.update(packBars(this.#undigested));
    this.#undigested = [];
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
    if (this.#undigested.push(bar) === CHUNK) this.#digestBars();
    if (!this.#isComputing) return false;
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

/** The first inputs of a chunk, and the rest. */
function splitChunk(chunk: MarketChunk, count: number): [MarketChunk, MarketChunk] {
  return chunk.kind === 'bars'
    ? [
        { ...chunk, bars: chunk.bars.slice(0, count) },
        { ...chunk, bars: chunk.bars.slice(count) },
      ]
    : [
        { ...chunk, quotes: chunk.quotes.slice(0, count) },
        { ...chunk, quotes: chunk.quotes.slice(count) },
      ];
}

async function backfill(task: BackfillTask, channel: BackfillChannel): Promise<BackfillAnswer> {
  const file = task.source.kind === 'file' ? await openFile(task, task.source, channel) : undefined;
  const stored = new StoredBars(file === undefined ? none() : channel.storedBars());
  const chunks = file?.chunks(CHUNK) ?? asChunks(channel.storedBars());
  const { compare: span, basis } = task;
  if (span !== undefined) {
    const grid = BarGrid.of(task.series.timeframe, calendarOfRule(task.calendar));
    return {
      kind: 'compared',
      comparison: await compareWithStored(chunks, stored, { grid, basis, span }),
    };
  }
  const run = new SeriesBackfill(task, channel, stored);
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

async function* asChunks(pages: AsyncGenerator<readonly Bar[]>): AsyncGenerator<MarketChunk> {
  for await (const bars of pages) yield { kind: 'bars', lines: [], bars };
}

async function* none(): AsyncGenerator<readonly Bar[]> {}

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
