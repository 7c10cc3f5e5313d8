import { strict as assert } from 'node:assert';
import { createHash, type Hash } from 'node:crypto';
import { pack } from 'msgpackr';
import type { Evidence } from '../../actors/signals/evidence.js';
import type { Key } from '../../engine/journal/log-store.js';
import {
  unpackBars,
  type ConclusionRecord,
  type InputRecord,
  type InstrumentRecord,
} from '../../engine/journal/records.js';
import { ReferenceInstrument, type Expected } from './reference.js';

/** A durable signal's place and whose it is. */
interface DurableSignal {
  readonly sequence: number;
  readonly tenantId: string;
}

/** Everything that became durable, as the disk saw it, and the unbroken run that follows from it. */
export class DurableRecord {
  readonly expected: Expected = { rows: new Map(), signals: new Map(), outcomes: new Map() };
  readonly instruments = new Map<string, ReferenceInstrument>();
  /** Signals in the order of their sequence numbers. */
  readonly signals: DurableSignal[] = [];
  readonly #hash: Hash = createHash('sha256');
  readonly #evidence = new Map<string, Evidence>();
  readonly #sequenceOf = new Map<string, number>();
  readonly #bars = new Map<string, Set<number>>();

  /** Takes what a transaction wrote. */
  tap(table: string, key: Key, value: unknown): void {
    if (table === 'instruments') this.#instrument(key as string, value as InstrumentRecord);
    else if (table === 'inputs') this.#input(key as [string, number], value as StoredInput);
    else if (table === 'signals') this.#signal(key as number, value as ConclusionRecord);
    else if (table === 'conclusions' && typeof value !== 'number')
      this.#conclusion(value as ConclusionRecord);
    if (table === 'inputs' || table === 'signals') this.note(`${table} ${JSON.stringify(key)}`);
  }

  /** Adds something that happened to the run's fingerprint. */
  note(event: string): void {
    this.#hash.update(event).update('\n');
  }

  /** Fingerprint of all that happened: two runs of a seed have the same. */
  get fingerprint(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }

  hasBar(instrument: string, openTime: number): boolean {
    return this.#bars.get(instrument)?.has(openTime) ?? false;
  }

  /** Forgets evidence and bars from before a time, so that memory does not grow with the hours. */
  forgetBefore(time: number): void {
    for (const key of this.#evidence.keys())
      if (Number(key.slice(key.lastIndexOf('|') + 1)) < time) this.#evidence.delete(key);
    for (const bars of this.#bars.values()) for (const t of bars) if (t < time) bars.delete(t);
  }

  #instrument(id: string, { definition }: InstrumentRecord): void {
    if (this.instruments.has(id)) return;
    const evidence = (actorId: string, closeTime: number): Evidence | undefined =>
      this.#evidence.get(`${actorId}|${closeTime}`);
    this.instruments.set(id, new ReferenceInstrument(id, definition, evidence, this.expected));
    this.#bars.set(id, new Set());
  }

  #input([instrument]: readonly [string, number], { kind, body }: StoredInput): void {
    const input =
      kind === 'bars' || kind === 'quotes'
        ? ({
            kind,
            instrument,
            numbers: new Float64Array(new Uint8Array(body as Uint8Array).buffer),
          } as const)
        : (body as InputRecord);
    this.instruments.get(instrument)!.push(input);
    if (input.kind === 'bars')
      for (const bar of unpackBars(input.numbers)) this.#bars.get(instrument)!.add(bar.openTime);
  }

  #signal(sequence: number, conclusion: ConclusionRecord): void {
    const { result } = conclusion;
    if (result.kind !== 'signal') return;
    const { predictionId, tenantId } = result.signal;
    const before = this.#sequenceOf.get(predictionId);
    assert.equal(before, undefined, `${predictionId} was made twice: ${before} and ${sequence}`);
    assert.ok(sequence > (this.signals.at(-1)?.sequence ?? 0), 'sequence numbers rise');
    this.#sequenceOf.set(predictionId, sequence);
    assertFinite(predictionId, result.signal);
    this.#hash.update(pack(result.signal));
    this.signals.push({ sequence, tenantId });
    this.#conclusion(conclusion);
  }

  #conclusion({ actorId, closeTime, evidence }: ConclusionRecord): void {
    const key = `${actorId}|${closeTime}`;
    const before = this.#evidence.get(key);
    if (before !== undefined)
      assert.ok(Buffer.from(pack(before)).equals(pack(evidence)), `${key} was concluded twice, differently`);
    this.#evidence.set(key, evidence);
  }
}

/** No number of a signal may be anything but finite. */
function assertFinite(name: string, value: unknown): void {
  if (typeof value === 'number') assert.ok(Number.isFinite(value), `${name} is ${value}`);
  else if (typeof value === 'object' && value !== null)
    for (const [key, part] of Object.entries(value)) assertFinite(`${name}.${key}`, part);
}

interface StoredInput {
  readonly kind: InputRecord['kind'];
  readonly body: unknown;
}
