import type { Logger } from 'pino';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { FeatureRow } from '../../actors/messages.js';
import { isOfCurrentFeatures } from '../../actors/signals/route.js';
import { Backoff } from '../backoff.js';
import { turnOf, type Clock, type Timer } from '../clock.js';
import { SuhoError, messageOf, type ErrorCode } from '../errors.js';
import { instrumentOfSeries, seriesIdentity } from '../instruments/ids.js';
import type { Instrument } from '../instruments/instrument.js';
import type { Instruments } from '../instruments/instruments.js';
import type { ModelRecord } from '../registry/model-registry.js';
import { barsNeeded } from './history-needed.js';
import type { ModelAdoption } from './model-adoption.js';
import type { SeriesTraining } from './series-training.js';
import { Turns } from './turns.js';

/** What could not be done for a while is looked at again this often: an instrument was recovering, the journal full. */
const SWEEP_MS = 5_000;
/** Series looked at before the event loop has a turn. */
const SWEPT_AT_ONCE = 500;
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 600_000;
/** After a training that its data made fail, the next one has this much more history. */
const GROWTH = 1.25;
/** What the same data would cause again; anything else may pass with time. */
const OF_DATA: ReadonlySet<ErrorCode> = new Set(['BAD_INPUT', 'BAD_MODEL']);
/** Time a stop gives the job under way. */
const STOP_MS = 5_000;
/** Series that a report names at most. */
const NAMED_MAX = 1_000;

/** How far a series without a model is. `off`: it gets none by itself. */
type WaitingState = 'collecting' | 'queued' | 'training' | 'failed' | 'off';

/** A series with signals but without a model. */
export interface WaitingSeries {
  readonly seriesId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly state: WaitingState;
  readonly bars: number;
  /** Bars of the next training. */
  readonly barsNeeded: number;
  /** Why the last training failed, or what it waits for beside bars. */
  readonly reason: string | undefined;
  /** Whether the reason says nothing but what the series' own data are. */
  readonly isOfData: boolean;
}

export interface FirstModelsReport {
  /** Whether series get their first model by themselves. */
  readonly automatic: boolean;
  /** Series with signals but without a model. */
  readonly waiting: number;
  /** 1,000 of them at most, those that do more than wait for bars first. */
  readonly series: readonly WaitingSeries[];
}

/** What there is to tell of a series: each quarter of the bars it needs, then what becomes of it. */
export type FirstModelsEvent =
  | { readonly kind: 'collecting'; readonly series: WaitingSeries }
  | { readonly kind: 'training'; readonly series: WaitingSeries }
  | { readonly kind: 'failed'; readonly series: WaitingSeries }
  | { readonly kind: 'trained' | 'adopted'; readonly seriesId: string; readonly record: ModelRecord };

export interface FirstModelsParts {
  readonly instruments: Instruments;
  readonly training: Pick<SeriesTraining, 'train'>;
  readonly adoption: Pick<ModelAdoption, 'adopt'>;
  /** Whether the journal has room. */
  readonly hasRoom: () => boolean;
  readonly clock: Clock;
  /** In [0, 1), for the delays of retries. */
  readonly random: () => number;
  readonly log: Logger;
  readonly automatic: boolean;
}

interface Entry {
  readonly seriesId: string;
  readonly owner: string;
  state: 'collecting' | 'queued' | 'training' | 'failed';
  reason: string | undefined;
  isOfData: boolean;
  /** Bars from which on it is trained. */
  dueAt: number;
  /** Close time of the bar from which on the registry is asked for a model. */
  lookFrom: number;
  /** Whether a job of it waits or runs, or a failure is being waited out. */
  isBusy: boolean;
  /** Quarters of its bars that were told. */
  quartersTold: number;
  readonly backoff: Backoff;
}

/**
 * Gives series with signals but without a model, or with one of a former feature set, their first one: a registered one where there is one, else one that is
 * trained as soon as there are bars enough. One training at a time over all tenants, who take turns. What it knows of a
 * series follows from the registry and from the series' state, so a restart needs nothing of its own.
 */
export class FirstModels {
  readonly #parts: FirstModelsParts;
  readonly #waiting = new Map<string, Entry>();
  /** Looking into the registry does not wait for a training. */
  readonly #looks = new Turns();
  readonly #trainings = new Turns();
  #state: 'closed' | 'open' | 'stopped' = 'closed';
  #timer: Timer | undefined;
  #onEvent: (event: FirstModelsEvent) => void = () => undefined;

  constructor(parts: FirstModelsParts) {
    this.#parts = parts;
  }

  /** Sets who is told what becomes of series. */
  onEvent(listener: (event: FirstModelsEvent) => void): void {
    this.#onEvent = listener;
  }

  /** Begins, with the series that wait already. Without `automatic` nothing begins. */
  open(): void {
    if (!this.#parts.automatic || this.#state !== 'closed') return;
    this.#state = 'open';
    void this.#enterAll();
  }

  /** Takes note of a new row. */
  see({ seriesId }: Pick<FeatureRow, 'seriesId'>): void {
    if (this.#state !== 'open') return;
    const instrument = this.#parts.instruments.get(instrumentOfSeries(seriesId));
    if (instrument === undefined || !lacksModel(instrument, seriesIdentity(seriesId).timeframe)) return;
    const entry = this.#enter(instrument, seriesId);
    this.#consider(entry);
    this.#tellQuarter(entry);
  }

  /** The series that wait, of all tenants or of one. */
  report(tenantId?: string): FirstModelsReport {
    const busy: WaitingSeries[] = [];
    const collecting: WaitingSeries[] = [];
    let waiting = 0;
    for (const instrument of this.#parts.instruments.all()) {
      for (const timeframe of timeframesWithout(instrument, tenantId)) {
        waiting++;
        const id = instrument.seriesId(timeframe);
        const entry = this.#waiting.get(id);
        const list = entry === undefined || entry.state === 'collecting' ? collecting : busy;
        if (list.length < NAMED_MAX) list.push(this.#describe(id, entry));
      }
    }
    const { automatic } = this.#parts;
    return { automatic, waiting, series: [...busy, ...collecting].slice(0, NAMED_MAX) };
  }

  /** Begins nothing more. */
  stop(): void {
    this.#state = 'stopped';
    this.#timer?.cancel();
    this.#looks.stop();
    this.#trainings.stop();
    for (const { backoff } of this.#waiting.values()) backoff.stop();
  }

  /** Settles when what was under way has ended, or a few seconds after: it may wait for what no longer comes. */
  async ended(): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#parts.clock.setTimeout(resolve, STOP_MS);
    });
    await Promise.race([Promise.all([this.#looks.ended(), this.#trainings.ended()]), late]);
    timer?.cancel();
  }

  async #enterAll(): Promise<void> {
    let looked = 0;
    for (const instrument of this.#parts.instruments.all()) {
      if (++looked % SWEPT_AT_ONCE === 0) await turnOf(this.#parts.clock);
      if (this.#state !== 'open') return;
      for (const timeframe of timeframesWithout(instrument))
        this.#consider(this.#enter(instrument, instrument.seriesId(timeframe)));
    }
    this.#sweepLater();
  }

  #sweepLater(): void {
    if (this.#state === 'open')
      this.#timer = this.#parts.clock.setTimeout(() => void this.#sweep(), SWEEP_MS);
  }

  async #sweep(): Promise<void> {
    let looked = 0;
    for (const entry of this.#waiting.values()) {
      if (++looked % SWEPT_AT_ONCE === 0) await turnOf(this.#parts.clock);
      if (this.#state !== 'open') return;
      this.#consider(entry);
    }
    this.#sweepLater();
  }

  #enter({ definition }: Instrument, seriesId: string): Entry {
    let entry = this.#waiting.get(seriesId);
    if (entry === undefined) {
      const { clock, random } = this.#parts;
      entry = {
        seriesId,
        owner: definition.owner,
        state: 'collecting',
        reason: undefined,
        isOfData: true,
        dueAt: barsNeeded(seriesIdentity(seriesId).timeframe),
        lookFrom: -Infinity,
        isBusy: false,
        quartersTold: -1,
        backoff: new Backoff({ clock, random, initialMs: RETRY_MS, maxMs: RETRY_MS_MAX }),
      };
      this.#waiting.set(seriesId, entry);
    }
    return entry;
  }

  #forget(entry: Entry): void {
    entry.backoff.stop();
    if (this.#waiting.get(entry.seriesId) === entry) this.#waiting.delete(entry.seriesId);
  }

  /** Begins what is due for a series, unless something is under way or now is not the time for it. */
  #consider(entry: Entry): void {
    if (entry.isBusy || !this.#isReady(entry)) return;
    const { seriesId, owner } = entry;
    const isTraining = this.#parts.instruments.barsOf(seriesId) >= entry.dueAt;
    if (!isTraining && !(this.#closedThrough(seriesId) >= entry.lookFrom)) return;
    entry.isBusy = true;
    if (isTraining) entry.state = 'queued';
    (isTraining ? this.#trainings : this.#looks).add(owner, async () => {
      if (this.#state === 'open') await this.#attempt(entry, isTraining);
    });
  }

  /** Whether a series, which is forgotten when it waits no more, can be given a model now. */
  #isReady(entry: Entry): boolean {
    const { instruments, hasRoom } = this.#parts;
    const instrument = instruments.get(instrumentOfSeries(entry.seriesId));
    if (instrument === undefined || !lacksModel(instrument, seriesIdentity(entry.seriesId).timeframe)) {
      this.#forget(entry);
      return false;
    }
    return instrument.state === 'live' && hasRoom();
  }

  /** Takes a registered model into use or, with `trains`, trains one. */
  async #attempt(entry: Entry, trains: boolean): Promise<void> {
    const { training, adoption } = this.#parts;
    const { seriesId } = entry;
    try {
      if (!this.#isReady(entry)) {
        this.#rest(entry);
        return;
      }
      const adopted = await adoption.adopt(seriesId, this.#closedThrough(seriesId));
      if (adopted.kind === 'adopted') {
        this.#done(entry, 'adopted', adopted.record);
        return;
      }
      this.#await(entry, adopted);
      if (trains && entry.dueAt < Infinity && this.#isReady(entry)) {
        entry.state = 'training';
        this.#tell('training', entry);
        const through = this.#closedThrough(seriesId);
        const { record, isInUse } = await training.train(seriesId, through, undefined, 'first');
        if (isInUse) {
          this.#done(entry, 'trained', record);
          return;
        }
        // Another engine was first: its model is adopted at the next look.
      }
      entry.backoff.reset();
      this.#rest(entry);
      // Bars came meanwhile.
      if (!trains) this.#consider(entry);
    } catch (error) {
      this.#failed(entry, error);
    }
  }

  #rest(entry: Entry): void {
    entry.state = 'collecting';
    entry.isBusy = false;
  }

  /** Notes from when on the registry's model may be used. */
  #await(
    entry: Entry,
    found: Exclude<Awaited<ReturnType<ModelAdoption['adopt']>>, { kind: 'adopted' }>,
  ): void {
    entry.reason = undefined;
    entry.isOfData = true;
    entry.lookFrom = Infinity;
    if (found.kind === 'none') return;
    const { version, feed, trainedThrough } = found.record;
    const until = new Date(trainedThrough).toISOString();
    entry.lookFrom = trainedThrough;
    entry.reason = `${version} of feed ${feed} was trained on bars up to ${until} and is used from then on`;
    // Another training on a part of the same history would be another model of the same version.
    if (found.isOwn) entry.dueAt = Infinity;
  }

  #done(entry: Entry, kind: 'trained' | 'adopted', record: ModelRecord): void {
    this.#forget(entry);
    const { seriesId } = entry;
    this.#parts.log.info({ seriesId, version: record.version }, `first model ${kind}`);
    this.#onEvent({ kind, seriesId, record });
  }

  #failed(entry: Entry, error: unknown): void {
    const code = error instanceof SuhoError ? error.code : undefined;
    if (this.#state !== 'open' || code === 'STOPPING') return;
    if (code === 'NOT_FOUND') {
      this.#forget(entry);
      return;
    }
    const { seriesId } = entry;
    entry.state = 'failed';
    entry.reason = messageOf(error);
    entry.isOfData = code !== undefined && OF_DATA.has(code);
    this.#parts.log.warn({ seriesId, error: entry.reason }, 'no first model');
    if (entry.isOfData) {
      const bars = this.#parts.instruments.barsOf(seriesId);
      entry.dueAt = Math.ceil(Math.max(bars, barsNeeded(seriesIdentity(seriesId).timeframe)) * GROWTH);
      if (entry.lookFrom <= this.#closedThrough(seriesId)) entry.lookFrom = Infinity;
      entry.isBusy = false;
    } else void this.#retry(entry);
    this.#tell('failed', entry);
  }

  async #retry(entry: Entry): Promise<void> {
    if (!(await entry.backoff.wait())) return;
    entry.isBusy = false;
    this.#consider(entry);
  }

  #tellQuarter(entry: Entry): void {
    if (entry.state !== 'collecting') return;
    const bars = this.#parts.instruments.barsOf(entry.seriesId);
    const quarters = Math.floor((4 * bars) / entry.dueAt);
    if (quarters <= entry.quartersTold || quarters >= 4) return;
    entry.quartersTold = quarters;
    this.#tell('collecting', entry);
  }

  #tell(kind: 'collecting' | 'training' | 'failed', entry: Entry): void {
    this.#onEvent({ kind, series: this.#describe(entry.seriesId, entry) });
  }

  #describe(seriesId: string, entry: Entry | undefined): WaitingSeries {
    const { symbol, timeframe } = seriesIdentity(seriesId);
    const { automatic, instruments } = this.#parts;
    return {
      seriesId,
      symbol,
      timeframe,
      state: automatic ? (entry?.state ?? 'collecting') : 'off',
      bars: instruments.barsOf(seriesId),
      barsNeeded: entry !== undefined && entry.dueAt < Infinity ? entry.dueAt : barsNeeded(timeframe),
      reason: entry?.reason,
      isOfData: entry?.isOfData ?? true,
    };
  }

  /** Close time of a series' newest bar, NaN before the first. */
  #closedThrough(seriesId: string): number {
    return this.#parts.instruments.closedThrough(seriesId);
  }
}

/** Whether a tenant's signals have no model that may serve them. */
function isWithoutModel({ route }: Instrument['definition']['signals'][number]): boolean {
  return !isOfCurrentFeatures(route);
}

/** Whether some tenant has signals on a series of an instrument, but no model for them. */
function lacksModel({ definition }: Instrument, timeframe: Timeframe): boolean {
  return definition.signals.some((signal) => signal.timeframe === timeframe && isWithoutModel(signal));
}

/** Timeframes on which a tenant, or any, has signals without a model. */
function timeframesWithout({ definition }: Instrument, tenantId?: string): ReadonlySet<Timeframe> {
  const timeframes = new Set<Timeframe>();
  for (const signal of definition.signals)
    if (isWithoutModel(signal) && (tenantId === undefined || signal.tenantId === tenantId))
      timeframes.add(signal.timeframe);
  return timeframes;
}
