import { FEATURE_COUNT, FEATURE_SET_VERSION, columnOf } from './features/catalogue.js';
import { FEATURE_STATE_REVISION, FeatureEngine } from './features/feature-engine.js';
import { Labeler, type Label } from './features/labels.js';
import { StateLayout } from './indicators/state.js';
import type { Bar } from './market/bar.js';
import { BarBuilder } from './market/bar-builder.js';
import type { PriceBasis } from './market/quote.js';
import { timeframeMs, type Timeframe } from './market/timeframe.js';
import type { Effect, FeatureRow, Message } from './messages.js';
import type { Actor, ActorContext } from './runtime/actor.js';
import { decodeSnapshot, encodeSnapshot } from './runtime/snapshot.js';

const ATR_COLUMN = columnOf('atr_14');

/** What all series of one timeframe and price basis share: code, no state. */
export class SeriesKernels {
  readonly timeframe: Timeframe;
  readonly basis: PriceBasis;
  readonly lengthMs: number;
  readonly builder: BarBuilder;
  readonly features: FeatureEngine;
  readonly labeler: Labeler;
  /** Numbers of state a series has. */
  readonly stateSize: number;
  /** Slot of the number of bars taken, then of the open time of the last. */
  readonly barsAt: number;
  /** Name of the state's layout, for snapshots. */
  readonly layout: string;

  constructor(timeframe: Timeframe, basis: PriceBasis) {
    const layout = new StateLayout();
    this.timeframe = timeframe;
    this.basis = basis;
    this.lengthMs = timeframeMs(timeframe);
    this.barsAt = layout.reserve(2);
    this.builder = new BarBuilder(layout, this.lengthMs, basis);
    this.features = new FeatureEngine(this.lengthMs, layout);
    this.labeler = new Labeler(layout, this.lengthMs);
    this.stateSize = layout.size;
    this.layout = `series/${timeframe}/${basis}/${FEATURE_SET_VERSION}/${FEATURE_STATE_REVISION}/${layout.size}`;
  }
}

/** Where a series' bars go. Owned by the engine, which adds subscribers; no part of the state. */
export interface SeriesTopology {
  /** Longer series built from this one. */
  readonly longer: string[];
  /** Signal actors. */
  readonly subscribers: string[];
}

/**
 * The rolling state of one series (feed, symbol, timeframe): builds its bars, turns each closed one into a
 * feature row, resolves labels, and hands the row to whoever subscribes.
 */
export class SeriesActor implements Actor<Message, Effect> {
  readonly id: string;
  readonly symbol: string;
  readonly topology: SeriesTopology;
  readonly #kernels: SeriesKernels;
  #state: Float64Array;

  constructor(id: string, symbol: string, kernels: SeriesKernels, topology: SeriesTopology) {
    this.id = id;
    this.symbol = symbol;
    this.topology = topology;
    this.#kernels = kernels;
    this.#state = new Float64Array(kernels.stateSize);
  }

  /** Restores the state a snapshot holds; throws `SnapshotError` when it is not one of this layout. */
  restore(bytes: Uint8Array): void {
    this.#state = decodeSnapshot(bytes, this.#kernels.layout).numbers;
  }

  snapshot(): Uint8Array {
    return encodeSnapshot({ actorId: this.id, layout: this.#kernels.layout }, this.#state);
  }

  /** Bytes of rolling state. */
  get stateBytes(): number {
    return this.#state.byteLength;
  }

  /** Bars taken so far. */
  get bars(): number {
    return this.#state[this.#kernels.barsAt]!;
  }

  /** Open time of the last closed bar, NaN before the first. */
  get lastBarTime(): number {
    return this.bars === 0 ? NaN : this.#state[this.#kernels.barsAt + 1]!;
  }

  /** Time of the last quote or shorter bar taken, 0 before the first. */
  get lastInputTime(): number {
    return this.#kernels.builder.lastInputTime(this.#state);
  }

  /** Open time of the bar under construction. */
  get openBarTime(): number | undefined {
    return this.#kernels.builder.openBarTime(this.#state);
  }

  receive(message: Message, context: ActorContext<Message, Effect>): void {
    const { builder } = this.#kernels;
    switch (message.kind) {
      case 'quote':
        this.#close(builder.addQuote(this.#state, message.quote), context);
        return;
      case 'bar':
        this.#close(message.bar, context);
        return;
      case 'base_bar':
        this.#close(builder.addBar(this.#state, message.bar), context);
        this.#close(builder.closeDue(this.#state, message.bar.openTime + message.lengthMs), context);
        return;
      case 'clock':
        this.#close(builder.closeDue(this.#state, message.now), context);
        for (const id of this.topology.longer) context.tell(id, message);
        return;
      case 'barrier':
        context.emit({ kind: 'snapshot', actorId: this.id, epoch: message.epoch, bytes: this.snapshot() });
        for (const id of this.topology.longer) context.tell(id, message);
        for (const id of this.topology.subscribers) context.tell(id, message);
        return;
      case 'route':
        for (const id of this.topology.longer) context.tell(id, message);
        if (this.topology.subscribers.includes(message.target)) context.tell(message.target, message);
        return;
      case 'row':
      case 'evidence':
      case 'tally':
        throw new Error(`A series takes no "${message.kind}" message.`);
    }
  }

  #close(bar: Bar | undefined, context: ActorContext<Message, Effect>): void {
    if (bar === undefined) return;
    const { barsAt, lengthMs } = this.#kernels;
    const state = this.#state;
    if (this.bars > 0 && bar.openTime <= state[barsAt + 1]!) {
      throw new Error(`Bar ${bar.openTime} of ${this.id} is not after ${state[barsAt + 1]!}.`);
    }
    state[barsAt] = state[barsAt]! + 1;
    state[barsAt + 1] = bar.openTime;
    const row = this.#row(bar);
    context.emit({ kind: 'row', row });
    for (const id of this.topology.subscribers) context.tell(id, { kind: 'row', row });
    for (const id of this.topology.longer) context.tell(id, { kind: 'base_bar', bar, lengthMs });
  }

  #row(bar: Bar): FeatureRow {
    const { features, labeler, lengthMs, timeframe } = this.#kernels;
    features.update(this.#state, bar);
    const labels: Label[] = [];
    labeler.update(this.#state, bar, features.row[ATR_COLUMN]!, (label) => void labels.push({ ...label }));
    const values = new Float32Array(FEATURE_COUNT);
    values.set(features.row.subarray(0, FEATURE_COUNT));
    const model = new Float32Array(FEATURE_COUNT);
    features.writeModelForm(model, 0);
    return {
      seriesId: this.id,
      symbol: this.symbol,
      timeframe,
      bar,
      closeTime: bar.openTime + lengthMs,
      values,
      model,
      bars: this.bars,
      qualityScore: features.quality.score,
      qualityFlags: features.quality.flags,
      labels,
    };
  }
}
