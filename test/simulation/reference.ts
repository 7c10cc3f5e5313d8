import { strict as assert } from 'node:assert';
import { HORIZONS } from '../../actors/features/labels.js';
import { BarGrid, gridName } from '../../actors/market/bar-grid.js';
import { FX_CALENDAR, UTC_CALENDAR, type Calendar } from '../../actors/market/calendar.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { Effect, FeatureRow, Message } from '../../actors/messages.js';
import type { Actor } from '../../actors/runtime/actor.js';
import { SeriesActor } from '../../actors/series-actor.js';
import { SeriesCursor, SeriesMachine } from '../../actors/series-machine.js';
import { SignalActor, SignalKernels } from '../../actors/signal-actor.js';
import type { Evidence } from '../../actors/signals/evidence.js';
import { DEFAULT_GATES } from '../../actors/signals/gates.js';
import type { Signal } from '../../actors/signals/signal.js';
import { seriesId, signalActorId } from '../../engine/instruments/ids.js';
import {
  packRow,
  unpackBars,
  unpackQuotes,
  unpackRow,
  withLabels,
  type StoredRow,
  type InputRecord,
  type InstrumentDefinition,
} from '../../engine/journal/records.js';

const machines = new Map<string, SeriesMachine>();
const kernels = new Map<string, SignalKernels>();

function calendarOf({ calendar }: InstrumentDefinition): Calendar {
  return calendar === FX_CALENDAR.name ? FX_CALENDAR : UTC_CALENDAR;
}

function machineOf(timeframe: Timeframe, calendar: Calendar): SeriesMachine {
  const grid = gridName({ timeframe, calendar: calendar.name });
  const known = machines.get(grid) ?? new SeriesMachine(timeframe, 'bid', calendar);
  machines.set(grid, known);
  return known;
}

function kernelsOf(timeframe: Timeframe, calendar: Calendar): SignalKernels {
  const grid = gridName({ timeframe, calendar: calendar.name });
  const known = kernels.get(grid) ?? new SignalKernels(timeframe, calendar);
  kernels.set(grid, known);
  return known;
}

/** What the actors of the unbroken run made, to be compared with what the stores got. */
export interface Expected {
  /** Packed rows by `series|close time`. */
  readonly rows: Map<string, StoredRow>;
  readonly signals: Map<string, Signal>;
  /** Directions by `prediction|horizon`. */
  readonly outcomes: Map<string, number>;
}

/**
 * An instrument that never broke: its actors without system, journal or engine, fed the durable inputs in their order,
 * each evidence as it was journalled.
 */
export class ReferenceInstrument {
  readonly #id: string;
  readonly #definition: InstrumentDefinition;
  readonly #evidence: (actorId: string, closeTime: number) => Evidence | undefined;
  readonly #expected: Expected;
  readonly #cursor: SeriesCursor;
  readonly #series = new Map<string, SeriesActor>();
  readonly #signals = new Map<string, SignalActor>();
  readonly #pending: InputRecord[] = [];
  #queue: [string, Message][] = [];

  constructor(
    id: string,
    definition: InstrumentDefinition,
    evidence: (actorId: string, closeTime: number) => Evidence | undefined,
    expected: Expected,
  ) {
    this.#id = id;
    this.#definition = definition;
    this.#evidence = evidence;
    this.#expected = expected;
    this.#cursor = new SeriesCursor(BarGrid.of(definition.base, calendarOf(definition)));
    this.#addSeries(definition.base);
  }

  push(input: InputRecord): void {
    this.#pending.push(input);
  }

  /** Takes all inputs so far to their end. Throws when the engine made no conclusion that they ask for. */
  advance(): void {
    for (const input of this.#pending.splice(0)) this.#take(input);
  }

  /** States of all actors by id. */
  states(): Map<string, Uint8Array> {
    const actors: [string, { snapshot(): Uint8Array }][] = [...this.#series, ...this.#signals];
    return new Map(actors.map(([id, actor]) => [id, actor.snapshot()]));
  }

  #take(input: InputRecord): void {
    const base = this.#seriesId(this.#definition.base);
    switch (input.kind) {
      case 'bars':
        for (const bar of unpackBars(input.numbers)) {
          assert.equal(
            this.#cursor.admitBar(bar),
            'accepted',
            `${this.#id}: an accepted bar cannot be applied`,
          );
          this.#run(base, { kind: 'bar', bar });
        }
        return;
      case 'quotes':
        for (const quote of unpackQuotes(input.numbers)) {
          const admission = this.#cursor.admitQuote(quote, false);
          assert.equal(admission, 'accepted', `${this.#id}: an accepted quote cannot be applied`);
          this.#run(base, { kind: 'quote', quote });
        }
        return;
      case 'clock':
        this.#cursor.admitClock(input.now);
        this.#run(base, { kind: 'clock', now: input.now });
        return;
      case 'route':
        this.#run(base, { kind: 'route', target: input.target, route: input.route });
        return;
      case 'follow': {
        const { tenantId, timeframe } = input;
        const series = this.#seriesId(timeframe);
        const actorId = signalActorId(tenantId, series);
        this.#addSeries(timeframe);
        this.#signals.set(
          actorId,
          new SignalActor({
            id: actorId,
            tenantId,
            symbol: this.#definition.symbol,
            kernels: kernelsOf(timeframe, calendarOf(this.#definition)),
            gates: DEFAULT_GATES,
          }),
        );
        const since = this.#cursor.closedThrough;
        this.#run(base, { kind: 'subscribe', seriesId: series, actorId, since });
      }
    }
  }

  #addSeries(timeframe: Timeframe): void {
    const id = this.#seriesId(timeframe);
    if (this.#series.has(id)) return;
    const topology = { longer: [], subscribers: [], sequenceReaders: new Set<string>() };
    const machine = machineOf(timeframe, calendarOf(this.#definition));
    this.#series.set(id, new SeriesActor(id, this.#definition.symbol, machine, topology));
  }

  #seriesId(timeframe: Timeframe): string {
    return seriesId(this.#id, { timeframe, calendar: calendarOf(this.#definition).name });
  }

  #run(target: string, message: Message): void {
    this.#queue.push([target, message]);
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const [id, given] = next;
      const actor: Actor<Message, Effect> | undefined = this.#series.get(id) ?? this.#signals.get(id);
      actor?.receive(given, {
        tell: (to, told) => void this.#queue.push([to, told]),
        emit: (effect) => this.#effect(effect),
      });
    }
  }

  #effect(effect: Effect): void {
    const { rows, signals, outcomes } = this.#expected;
    switch (effect.kind) {
      case 'row':
        this.#keepRow(effect.row, rows);
        return;
      case 'evidence_request': {
        const { actorId, row } = effect;
        const evidence = this.#evidence(actorId, row.closeTime);
        assert.ok(evidence, `${actorId} has no conclusion for ${row.closeTime}: a bar was lost`);
        this.#queue.unshift([actorId, { kind: 'evidence', evidence }]);
        return;
      }
      case 'signal':
        signals.set(effect.signal.predictionId, effect.signal);
        return;
      case 'outcome':
        if (!Number.isNaN(effect.label.direction))
          outcomes.set(`${effect.predictionId}|${HORIZONS[effect.label.horizon]!}`, effect.label.direction);
        return;
      case 'withheld':
      case 'pattern_outcome':
      case 'snapshot':
        return;
    }
  }

  #keepRow(row: FeatureRow, rows: Map<string, StoredRow>): void {
    rows.set(`${row.seriesId}|${row.closeTime}`, unpackRow(row.seriesId, row.closeTime, packRow(row)));
    for (const label of row.labels) {
      const key = `${row.seriesId}|${label.closeTime}`;
      const earlier = rows.get(key);
      if (earlier !== undefined) withLabels(earlier.labels, [label]);
    }
  }
}
