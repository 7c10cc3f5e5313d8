import { FEATURE_COUNT } from './features/catalogue.js';
import type { Label } from './features/labels.js';
import { SEQUENCE_SIZE } from './features/sequence-channels.js';
import type { Bar } from './market/bar.js';
import type { Effect, FeatureRow, Message } from './messages.js';
import type { Actor, ActorContext } from './runtime/actor.js';
import { decodeSnapshot, encodeSnapshot } from './runtime/snapshot.js';
import type { SeriesMachine } from './series-machine.js';
import { asksForSequences } from './signals/route-plan.js';

/** Where a series' bars go. No part of the state: it follows from the instrument's definition. */
export interface SeriesTopology {
  /** Longer series built from this one, each from bars that open at `since` or later. */
  readonly longer: { readonly id: string; readonly since: number }[];
  /** Signal actors. */
  readonly subscribers: string[];
  /** Those of them whose models take sequences: without any, none is copied. */
  readonly sequenceReaders: Set<string>;
}

/**
 * The rolling state of one series (feed, symbol, timeframe): builds its bars, turns each closed one into a
 * feature row, resolves labels, and hands the row to whoever subscribes.
 */
export class SeriesActor implements Actor<Message, Effect> {
  readonly id: string;
  readonly symbol: string;
  readonly topology: SeriesTopology;
  readonly #machine: SeriesMachine;
  #state: Float64Array;

  constructor(id: string, symbol: string, machine: SeriesMachine, topology: SeriesTopology) {
    this.id = id;
    this.symbol = symbol;
    this.topology = topology;
    this.#machine = machine;
    this.#state = new Float64Array(machine.stateSize);
  }

  /** Restores the state a snapshot holds; throws `SnapshotError` when it is not one of this layout. */
  restore(bytes: Uint8Array): void {
    this.#state = decodeSnapshot(bytes, this.#machine.layout).numbers;
  }

  snapshot(): Uint8Array {
    return encodeSnapshot({ actorId: this.id, layout: this.#machine.layout }, this.#state);
  }

  /** Bytes of rolling state. */
  get stateBytes(): number {
    return this.#state.byteLength;
  }

  /** The last bars' sequence channels, copied: see `SequenceChannels.write`. */
  get sequence(): Float32Array {
    const sequence = new Float32Array(SEQUENCE_SIZE);
    this.#machine.sequence.write(this.#state, sequence, 0);
    return sequence;
  }

  /** Bars taken so far. */
  get bars(): number {
    return this.#machine.bars(this.#state);
  }

  /** Open time of the last closed bar, NaN before the first. */
  get lastBarTime(): number {
    return this.#machine.lastBarTime(this.#state);
  }

  /** Close time of the last closed bar, NaN before the first. */
  get closedThrough(): number {
    return this.#machine.closedThrough(this.#state);
  }

  /** The bar under construction, undefined when there is none. */
  get openBar(): Bar | undefined {
    return this.#machine.builder.openBar(this.#state);
  }

  /** Time of the last quote or shorter bar taken, 0 before the first. */
  get lastInputTime(): number {
    return this.#machine.builder.lastInputTime(this.#state);
  }

  receive(message: Message, context: ActorContext<Message, Effect>): void {
    const { builder } = this.#machine;
    switch (message.kind) {
      case 'quote':
        this.#close(builder.addQuote(this.#state, message.quote), context);
        return;
      case 'bar':
        // What quotes had begun before it is over with it.
        this.#close(builder.closeDue(this.#state, message.bar.openTime), context);
        this.#close(message.bar, context);
        return;
      case 'open_bar':
        builder.restore(this.#state, message.bar, message.lastInputTime);
        return;
      case 'base_bar':
        this.#close(builder.addBar(this.#state, message.bar), context);
        this.#close(builder.closeDue(this.#state, message.closeTime), context);
        return;
      case 'clock':
        this.#close(builder.closeDue(this.#state, message.now), context);
        for (const { id } of this.topology.longer) context.tell(id, message);
        return;
      case 'barrier':
        context.emit({ kind: 'snapshot', actorId: this.id, epoch: message.epoch, bytes: this.snapshot() });
        for (const { id } of this.topology.longer) context.tell(id, message);
        for (const id of this.topology.subscribers) context.tell(id, message);
        return;
      case 'route':
        for (const { id } of this.topology.longer) context.tell(id, message);
        this.#route(message, context);
        return;
      case 'subscribe':
        this.#subscribe(message, context);
        return;
      case 'unsubscribe':
        for (const { id } of this.topology.longer) context.tell(id, message);
        this.#unsubscribe(message, context);
        return;
      case 'row':
      case 'evidence':
      case 'tally':
        throw new Error(`A series takes no "${message.kind}" message.`);
    }
  }

  /** Passes new models on; from the next bar on their actor gets sequences if they take them. */
  #route(message: Extract<Message, { kind: 'route' }>, context: ActorContext<Message, Effect>): void {
    const { subscribers, sequenceReaders } = this.topology;
    const { target, route } = message;
    if (!subscribers.includes(target)) return;
    if (asksForSequences(route)) sequenceReaders.add(target);
    else sequenceReaders.delete(target);
    context.tell(target, message);
  }

  #subscribe(message: Extract<Message, { kind: 'subscribe' }>, context: ActorContext<Message, Effect>): void {
    const { longer, subscribers } = this.topology;
    if (message.seriesId === this.id) {
      if (!subscribers.includes(message.actorId)) subscribers.push(message.actorId);
      return;
    }
    if (!longer.some(({ id }) => id === message.seriesId))
      longer.push({ id: message.seriesId, since: message.since });
    context.tell(message.seriesId, message);
  }

  #unsubscribe(
    message: Extract<Message, { kind: 'unsubscribe' }>,
    context: ActorContext<Message, Effect>,
  ): void {
    const { subscribers, sequenceReaders } = this.topology;
    const at = subscribers.indexOf(message.actorId);
    if (at < 0) return;
    subscribers.splice(at, 1);
    sequenceReaders.delete(message.actorId);
    context.tell(message.actorId, message);
  }

  #close(bar: Bar | undefined, context: ActorContext<Message, Effect>): void {
    if (bar === undefined) return;
    const row = this.#step(bar);
    context.emit({ kind: 'row', row });
    for (const id of this.topology.subscribers) context.tell(id, { kind: 'row', row });
    for (const { id, since } of this.topology.longer)
      if (bar.openTime >= since) context.tell(id, { kind: 'base_bar', bar, closeTime: row.closeTime });
  }

  #step(bar: Bar): FeatureRow {
    const machine = this.#machine;
    const { features, timeframe } = machine;
    const labels: Label[] = [];
    machine.close(this.#state, bar, (label) => void labels.push({ ...label }));
    const values = new Float32Array(FEATURE_COUNT);
    values.set(features.row.subarray(0, FEATURE_COUNT));
    const model = new Float32Array(FEATURE_COUNT);
    features.writeModelForm(model, 0);
    const sequence = this.topology.sequenceReaders.size > 0 ? this.sequence : undefined;
    return {
      seriesId: this.id,
      symbol: this.symbol,
      timeframe,
      bar,
      closeTime: features.market.closeTime,
      values,
      model,
      bars: this.bars,
      qualityScore: features.quality.score,
      qualityFlags: features.quality.flags,
      labels,
      ...(sequence === undefined ? {} : { sequence }),
    };
  }
}
