import { HORIZONS, HORIZON_MS, type Label } from './features/labels.js';
import { StateLayout } from './indicators/state.js';
import { BarGrid } from './market/bar-grid.js';
import type { Calendar } from './market/calendar.js';
import type { Timeframe } from './market/timeframe.js';
import type { Effect, FeatureRow, Message } from './messages.js';
import type { Actor, ActorContext } from './runtime/actor.js';
import { decodeSnapshot, encodeSnapshot } from './runtime/snapshot.js';
import { tenantActorId } from './tenant-actor.js';
import { likeliest, makeSignal } from './signals/aggregation.js';
import { Calibration, uncorrected } from './signals/calibration.js';
import type { Evidence } from './signals/evidence.js';
import { isValidModelEvidence } from './signals/evidence-validity.js';
import type { Gates } from './signals/gates.js';
import { predictionId } from './signals/prediction-id.js';
import { isOfCurrentFeatures, type Route } from './signals/route.js';
import { armsBeside, servingArm, type RoutePlan } from './signals/route-plan.js';
import type { Signal, WithheldReason } from './signals/signal.js';

/** Bars before the models are asked: the longest warm-up of a feature. */
export const WARM_UP_BARS = 200;
/** Messages that may wait for the evidence of an earlier row. */
const STASH_MAX = 4096;

const ROWS = 0;
const SIGNALS = 1;
const META = 2;
/** Close time, stated direction and probability of each horizon, index of the model version. */
const STRIDE = 2 + HORIZONS.length * 2;

/** What all signal actors of one timeframe share: code, no state. */
export class SignalKernels {
  readonly timeframe: Timeframe;
  readonly stateSize: number;
  readonly metaAt: number;
  readonly ringAt: number;
  /** Signals remembered until their longest horizon is over. */
  readonly capacity: number;
  readonly calibration: Calibration;
  readonly layout: string;

  constructor(timeframe: Timeframe, calendar?: Calendar) {
    const layout = new StateLayout();
    this.timeframe = timeframe;
    this.metaAt = layout.reserve(META);
    this.calibration = new Calibration(layout);
    this.capacity = Math.ceil(HORIZON_MS[2] / BarGrid.of(timeframe, calendar).shortestMs) + 2;
    this.ringAt = layout.reserve(this.capacity * STRIDE);
    this.stateSize = layout.size;
    this.layout = `signal/${timeframe}/${layout.size}`;
  }
}

export interface SignalActorOptions {
  readonly id: string;
  readonly tenantId: string;
  /** User whose own signals it makes; without one they are for the whole tenant. */
  readonly userId?: string | undefined;
  readonly symbol: string;
  readonly kernels: SignalKernels;
  readonly gates: Gates;
}

/**
 * Makes one tenant's, or one of its users', signals for one series. Strictly in order: while a row waits for its evidence, what
 * comes after it waits too, so the signal of a bar never depends on how fast an answer came.
 */
export class SignalActor implements Actor<Message, Effect> {
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string | undefined;
  readonly symbol: string;
  readonly #kernels: SignalKernels;
  readonly #gates: Gates;
  #state: Float64Array;
  #plan: RoutePlan | undefined;
  #waiting: FeatureRow | undefined;
  #stash: Message[] = [];
  /** Versions of the models that made signals here, oldest first. */
  #versions: string[] = [];

  constructor(options: SignalActorOptions) {
    this.id = options.id;
    this.tenantId = options.tenantId;
    this.userId = options.userId;
    this.symbol = options.symbol;
    this.#kernels = options.kernels;
    this.#gates = options.gates;
    this.#state = new Float64Array(options.kernels.stateSize);
  }

  /** What it asks with. */
  get route(): RoutePlan | undefined {
    return this.#plan;
  }

  /** Begins with models; for an actor without state. */
  use(plan: RoutePlan | undefined): void {
    this.#plan = plan;
  }

  /** Whether a row waits for its evidence. */
  get waiting(): boolean {
    return this.#waiting !== undefined;
  }

  get stateBytes(): number {
    return this.#state.byteLength;
  }

  restore(bytes: Uint8Array): void {
    const { header, numbers } = decodeSnapshot(bytes, this.#kernels.layout);
    this.#state = numbers;
    this.#plan = header.extra?.['route'] as RoutePlan | undefined;
    this.#versions = [...((header.extra?.['versions'] as readonly string[] | undefined) ?? [])];
  }

  snapshot(): Uint8Array {
    const extra = { versions: this.#versions, ...(this.#plan === undefined ? {} : { route: this.#plan }) };
    return encodeSnapshot({ actorId: this.id, layout: this.#kernels.layout, extra }, this.#state);
  }

  receive(message: Message, context: ActorContext<Message, Effect>): void {
    if (message.kind === 'evidence') {
      this.#conclude(message.evidence, context);
      while (this.#waiting === undefined && this.#stash.length > 0)
        this.#handle(this.#stash.shift()!, context);
      return;
    }
    if (this.#waiting !== undefined) {
      if (this.#stash.length >= STASH_MAX)
        throw new Error(`${this.id} has ${STASH_MAX} messages waiting for evidence.`);
      this.#stash.push(message);
      return;
    }
    this.#handle(message, context);
  }

  #handle(message: Message, context: ActorContext<Message, Effect>): void {
    switch (message.kind) {
      case 'row':
        this.#takeRow(message.row, context);
        return;
      case 'route':
        // What another model's statements were worth says nothing of this one's.
        if (message.route?.modelId !== this.#plan?.modelId) this.#kernels.calibration.forget(this.#state);
        this.#plan = message.route;
        return;
      case 'unsubscribe':
        context.emit({ kind: 'ended', actorId: this.id });
        return;
      case 'barrier':
        context.emit({ kind: 'snapshot', actorId: this.id, epoch: message.epoch, bytes: this.snapshot() });
        return;
      default:
        throw new Error(`A signal actor takes no "${message.kind}" message.`);
    }
  }

  #takeRow(row: FeatureRow, context: ActorContext<Message, Effect>): void {
    const state = this.#state;
    const { metaAt } = this.#kernels;
    state[metaAt + ROWS] = state[metaAt + ROWS]! + 1;
    for (const label of row.labels) this.#resolve(label, row, context);
    const plan = this.#plan;
    // A user's own begin with models and end with them.
    if (plan === undefined && this.userId !== undefined) return context.emit({ kind: 'passed' });
    if (plan === undefined) return this.#withhold('no_model', row.closeTime, undefined, context);
    if (!isOfCurrentFeatures(plan)) {
      return this.#withhold('feature_set_mismatch', row.closeTime, undefined, context);
    }
    if (row.bars < WARM_UP_BARS) return this.#withhold('warming_up', row.closeTime, undefined, context);
    this.#waiting = row;
    const route = this.#armOf(plan, row);
    const beside = armsBeside(plan, route);
    const { id: actorId, tenantId, userId } = this;
    context.emit({ kind: 'evidence_request', actorId, tenantId, userId, route, beside, row });
  }

  #armOf(plan: RoutePlan, row: FeatureRow): Route {
    return servingArm(plan, this.tenantId, row.symbol, row.timeframe, row.closeTime);
  }

  #withhold(
    reason: WithheldReason,
    closeTime: number,
    evidence: Evidence | undefined,
    context: ActorContext<Message, Effect>,
  ): void {
    context.emit({
      kind: 'withheld',
      actorId: this.id,
      tenantId: this.tenantId,
      reason,
      closeTime,
      evidence,
    });
    context.tell(tenantActorId(this.tenantId), { kind: 'tally', outcome: reason, abstained: [] });
  }

  #conclude(evidence: Evidence, context: ActorContext<Message, Effect>): void {
    const row = this.#waiting;
    // An answer for a row that no longer waits (its deadline passed and it was told so) changes nothing.
    if (row === undefined || row.closeTime !== evidence.closeTime) return;
    this.#waiting = undefined;
    const { model } = evidence;
    if (model === undefined || !isValidModelEvidence(model)) {
      this.#withhold(
        evidence.modelFailure === 'deadline' ? 'model_deadline' : 'model_error',
        row.closeTime,
        evidence,
        context,
      );
      return;
    }
    const plan = this.#plan!;
    const route = this.#armOf(plan, row);
    const signal = makeSignal({
      tenantId: this.tenantId,
      userId: this.userId,
      row,
      route,
      gates: this.#gates,
      evidence,
      model,
      // The record is of the model in production; a canary is taken at its word.
      calibrate: (horizon, probability) =>
        route.modelId === plan.modelId
          ? this.#kernels.calibration.calibrate(this.#state, horizon, probability)
          : uncorrected(probability),
    });
    this.#remember(signal);
    context.emit({ kind: 'signal', actorId: this.id, signal, evidence });
    context.tell(tenantActorId(this.tenantId), {
      kind: 'tally',
      outcome: signal.direction,
      abstained: signal.abstained,
    });
  }

  /** Keeps the stated direction and probability of each horizon until its outcome is known. */
  #remember(signal: Signal): void {
    const { metaAt, ringAt, capacity } = this.#kernels;
    const state = this.#state;
    const n = state[metaAt + SIGNALS]!;
    state[metaAt + SIGNALS] = n + 1;
    let at = ringAt + (n % capacity) * STRIDE;
    state[at++] = signal.barCloseTime;
    for (const forecast of signal.forecasts) {
      const { direction, probability } = likeliest(forecast);
      state[at++] = direction;
      state[at++] = probability;
    }
    state[at] = this.#versionIndex(signal.model.version);
  }

  #versionIndex(version: string): number {
    const known = this.#versions.lastIndexOf(version);
    return known >= 0 ? known : this.#versions.push(version) - 1;
  }

  #resolve(label: Readonly<Label>, row: FeatureRow, context: ActorContext<Message, Effect>): void {
    const { id: actorId, tenantId, userId } = this;
    context.emit({
      kind: 'pattern_outcome',
      actorId,
      tenantId,
      userId,
      symbol: row.symbol,
      timeframe: row.timeframe,
      label,
    });
    const { metaAt, ringAt, capacity, calibration } = this.#kernels;
    const state = this.#state;
    const n = state[metaAt + SIGNALS]!;
    for (let i = Math.max(0, n - capacity); i < n; i++) {
      const at = ringAt + (i % capacity) * STRIDE;
      if (state[at] !== label.closeTime) continue;
      const direction = state[at + 1 + label.horizon * 2]!;
      const probability = state[at + 2 + label.horizon * 2]!;
      const version = this.#versions[state[at + STRIDE - 1]!]!;
      if (version === this.#plan?.version)
        calibration.record(state, label.horizon, probability, direction === label.direction);
      context.emit({
        kind: 'outcome',
        actorId,
        tenantId,
        userId,
        predictionId: predictionId(tenantId, row.symbol, row.timeframe, label.closeTime, version, userId),
        label,
      });
      return;
    }
  }
}
