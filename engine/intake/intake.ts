import { barDefect, type Bar, type RejectReason } from '../../actors/market/bar.js';
import { quoteDefect, type Quote } from '../../actors/market/quote.js';
import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { Admission } from '../../actors/series-machine.js';
import type { Calendars } from '../calendars.js';
import type { Clock } from '../clock.js';
import { SuhoError } from '../errors.js';
import type { FeatureStore } from '../feature-store/feature-store.js';
import { instrumentId } from '../instruments/ids.js';
import type { Instrument } from '../instruments/instrument.js';
import type { Instruments } from '../instruments/instruments.js';
import type { Journal } from '../journal/journal.js';
import { packBars, packQuotes, type InputRecord } from '../journal/records.js';
import type { BarTracing, StageTimes } from '../stage-times.js';
import { calendarOfNew, refuseOtherGrid } from './other-grids.js';
import { timeDefect } from './plausible-time.js';
import type { DoorCounts, Pressure } from './pressure.js';
import { tellRepeats, type SkipReason } from './repeats.js';

/** Feed that what a tenant publishes itself goes to, over gRPC or NATS. */
export const PUBLISHED_FEED = 'published';

/** How long requests are taken together: those of a broker are answered, and told apart from stalled ones, in less than a second. */
const TOGETHER_MS = 200;

/** Closed bars of one timeframe that a tenant publishes, oldest first. */
export interface PublishedBars {
  readonly tenantId: string;
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Timeframes to make signals for; the bars' own when empty. */
  readonly signalTimeframes: readonly Timeframe[];
  readonly bars: readonly Bar[];
}

/** Quotes that a tenant publishes, oldest first. */
export interface PublishedQuotes {
  readonly tenantId: string;
  readonly symbol: string;
  readonly signalTimeframes: readonly Timeframe[];
  readonly quotes: readonly Quote[];
}

/** What became of rows handed in together; indices are places in the request. */
export interface IntakeResult {
  readonly accepted: number;
  readonly duplicates: number;
  readonly late: number;
  readonly conflicts: number;
  /** Valid rows that were not applied. */
  readonly skipped: readonly { readonly index: number; readonly reason: SkipReason }[];
  /** Rows that can never be applied. */
  readonly rejected: readonly { readonly index: number; readonly reason: RejectReason }[];
}

/** Rows that were admitted together. */
export interface Ingestion {
  readonly accepted: number;
  readonly rejected: IntakeResult['rejected'];
  /** When what was accepted of it came in, on the monotonic clock. */
  readonly arrivedAt?: number | undefined;
  /** Settles when the accepted rows are durable, with what became of every row. */
  done(): Promise<IntakeResult>;
}

export interface IntakeCounts {
  readonly bars: number;
  readonly quotes: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly late: number;
  readonly conflicts: number;
}

export interface IntakeParts {
  readonly instruments: Instruments;
  readonly calendars: Calendars;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly storedBars: FeatureStore['barsAfter'];
  /** Timeframe that published quotes are built into. */
  readonly quoteBase: Timeframe;
  readonly pressure: Pressure;
  readonly times?: StageTimes | undefined;
  readonly tracing?: BarTracing | undefined;
}

/** What admission made of rows, before anything is durable. */
interface Admitted<Row> {
  readonly rows: Row[];
  readonly rejected: { index: number; reason: RejectReason }[];
  /** Rows of a time that is over, and repeated ones. */
  readonly skipped: { index: number; admission: 'behind' | 'repeated' }[];
}

/**
 * The one way in. Decides for each bar, quote and tick of the clock whether its instrument can apply it, in one order;
 * what is accepted is one journalled input, and applied. Every source comes through here.
 */
export class Intake {
  readonly #parts: IntakeParts;
  /** The last admission of each published instrument: the next one waits for it, so order is kept. */
  readonly #lanes = new Map<string, Promise<unknown>>();
  readonly #counts = { bars: 0, quotes: 0, rejected: 0, duplicates: 0, late: 0, conflicts: 0 };
  #open = false;
  #draining = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** How it is at the door. */
  get door(): DoorCounts {
    return this.#parts.pressure.counts();
  }

  counts(): IntakeCounts {
    return { ...this.#counts };
  }

  /** Begins to take input. */
  open(): void {
    this.#open = true;
  }

  /** Whether tenants’ own input is refused with `STOPPING` while everything else goes on. */
  set draining(draining: boolean) {
    this.#draining = draining;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Takes no more: every call throws `STOPPING`. */
  close(): void {
    this.#open = false;
  }

  /**
   * Takes a tenant's own bars; settles when the accepted ones are durable. Rejects with `BAD_INPUT` for no bars and for
   * another timeframe than the instrument's, `QUOTA_EXCEEDED`, `JOURNAL_FULL`, `OVERLOADED`, `INSTRUMENT_FAILED`,
   * `STOPPING`.
   */
  async publishBars(request: PublishedBars): Promise<IntakeResult> {
    const start = this.#parts.clock.monotonic();
    const ingestion = await this.#inTurn(publishedId(request), async () => await this.#admitBars(request));
    return await this.#acknowledged(ingestion, start);
  }

  /** Takes a tenant's own quotes; as {@link publishBars}. */
  async publishQuotes(request: PublishedQuotes): Promise<IntakeResult> {
    const start = this.#parts.clock.monotonic();
    const ingestion = await this.#inTurn(publishedId(request), async () => await this.#admitQuotes(request));
    return await this.#acknowledged(ingestion, start);
  }

  /**
   * Takes requests about one instrument, each as {@link publishBars} would, in their order and with one wait until they are
   * durable. Stops before the first that cannot be taken, and after `TOGETHER_MS`; returns what became of those it took.
   * Rejects when the first cannot be taken.
   */
  async publishInOrder(requests: readonly (PublishedBars | PublishedQuotes)[]): Promise<IntakeResult[]> {
    const { clock } = this.#parts;
    const start = clock.monotonic();
    const ingestions = await this.#inTurn(publishedId(requests[0]!), async () => {
      const taken: Ingestion[] = [];
      for (const request of requests) {
        if (taken.length > 0 && clock.monotonic() - start > TOGETHER_MS) break;
        try {
          taken.push('bars' in request ? await this.#admitBars(request) : await this.#admitQuotes(request));
        } catch (error) {
          if (taken.length === 0) throw error;
          break;
        }
      }
      return taken;
    });
    return await Promise.all(ingestions.map(async (each) => await this.#acknowledged(each, start)));
  }

  async #admitBars({
    tenantId,
    symbol,
    timeframe,
    signalTimeframes,
    bars,
  }: PublishedBars): Promise<Ingestion> {
    if (bars.length === 0) throw new SuhoError('BAD_INPUT', 'bars: at least one is needed.');
    this.assertTaking();
    const id = publishedId({ tenantId, symbol });
    const instrument = this.#parts.instruments.get(id);
    const base = instrument?.definition.base ?? timeframe;
    if (base !== timeframe) {
      throw new SuhoError(
        'BAD_INPUT',
        `timeframe: ${symbol} comes as ${base} bars, so ${timeframe} bars of it cannot be taken; longer ones are built from the ${base} bars when signal_timeframes names them.`,
      );
    }
    const now = this.#parts.clock.now();
    const { calendars } = this.#parts;
    const calendar = instrument?.calendar ?? calendarOfNew(calendars, symbol, base, bars, now);
    const grid = instrument?.grid ?? BarGrid.of(base, calendar);
    const defects = bars.map((bar) => timeDefect(bar.openTime, now) ?? barDefect(bar, grid));
    refuseOtherGrid(symbol, base, grid, bars, defects);
    // Nothing that can be taken: nothing is followed for it.
    if (!defects.includes(undefined)) return this.#refuseAll(defects);
    await this.#follow({ tenantId, symbol, base, calendar: calendar.name }, signalTimeframes);
    await this.#room(id);
    return await this.#parts.pressure.enter(tenantId, () => this.ingestBars(id, bars));
  }

  async #admitQuotes({ tenantId, symbol, signalTimeframes, quotes }: PublishedQuotes): Promise<Ingestion> {
    if (quotes.length === 0) throw new SuhoError('BAD_INPUT', 'quotes: at least one is needed.');
    this.assertTaking();
    const id = publishedId({ tenantId, symbol });
    const base = this.#parts.instruments.get(id)?.definition.base ?? this.#parts.quoteBase;
    const now = this.#parts.clock.now();
    const defects = quotes.map((quote) => timeDefect(quote.ts, now) ?? quoteDefect(quote));
    if (!defects.includes(undefined)) return this.#refuseAll(defects);
    await this.#follow({ tenantId, symbol, base }, signalTimeframes);
    await this.#room(id);
    return await this.#parts.pressure.enter(tenantId, () => this.ingestQuotes(id, quotes));
  }

  /**
   * Takes closed bars of an instrument's base timeframe, oldest first. `now` is the time at their source. Throws
   * `NOT_FOUND` for an instrument that is not followed, and what {@link publishBars} rejects with.
   */
  ingestBars(id: string, bars: readonly Bar[], now = this.#parts.clock.now()): Ingestion {
    const instrument = this.#accepting(id);
    const admitted = admit(bars, (bar) => timeDefect(bar.openTime, now) ?? instrument.cursor.admitBar(bar));
    this.#counts.bars += admitted.rows.length;
    const behind = admitted.skipped.map(({ index }) => bars[index]!);
    return this.#ingest(
      instrument,
      { kind: 'bars', instrument: id, numbers: packBars(admitted.rows) },
      admitted,
      async () => (behind.length === 0 ? [] : await tellRepeats(instrument, behind, this.#parts)),
    );
  }

  /** Takes quotes of an instrument, oldest first; equal times are taken in the order they come. */
  ingestQuotes(id: string, quotes: readonly Quote[], now = this.#parts.clock.now()): Ingestion {
    const instrument = this.#accepting(id);
    const before = instrument.cursor.state;
    const admitted = admit(quotes, (quote) => {
      // Only what an earlier request brought can come again; within one request equal quotes are two.
      return (
        timeDefect(quote.ts, now) ?? instrument.cursor.admitQuote(quote, quote.ts === before.lastQuoteTime)
      );
    });
    this.#counts.quotes += admitted.rows.length;
    return this.#ingest(
      instrument,
      { kind: 'quotes', instrument: id, numbers: packQuotes(admitted.rows) },
      admitted,
      async () =>
        await Promise.resolve(
          admitted.skipped.map(({ admission }) => (admission === 'repeated' ? 'duplicate' : 'late')),
        ),
    );
  }

  /**
   * Tells the instruments of a feed what time it is, so that bars close although no quote comes. A bar that ended more
   * than `ageMsMax` ago is left alone: its quotes are history, and come when they come. Never throws: with a full journal
   * the bars close later.
   */
  tick(feed: string, now: number, ageMsMax = Infinity): void {
    if (!this.#open) return;
    for (const instrument of this.#parts.instruments.all()) {
      const { cursor, definition, state } = instrument;
      if (definition.feed !== feed || state !== 'live' || !cursor.isDue(now)) continue;
      const { openBarTime, lastQuoteTime } = cursor.state;
      const end = instrument.grid.closeOf(openBarTime!);
      if (now - lastQuoteTime > ageMsMax || now - end > ageMsMax) continue;
      if (!this.#parts.journal.takesInput) return;
      cursor.admitClock(now);
      this.#parts.instruments.input(instrument, { kind: 'clock', instrument: instrument.id, now });
    }
  }

  #accepting(id: string): Instrument {
    this.#assertOpen();
    const instrument = this.#parts.instruments.get(id);
    if (instrument === undefined) throw new SuhoError('NOT_FOUND', `${id} is not followed.`);
    instrument.assertLive();
    this.#parts.journal.assertRoom();
    return instrument;
  }

  /** Throws `STOPPING` when tenants’ input is not taken. */
  assertTaking(): void {
    this.#assertOpen();
    if (this.#draining)
      throw new SuhoError('STOPPING', 'The engine is draining; send again once it serves, or to another.');
  }

  #assertOpen(): void {
    if (!this.#open)
      throw new SuhoError('STOPPING', 'The engine is starting or stopping; send again in a moment.');
  }

  #ingest<Row>(
    instrument: Instrument,
    input: InputRecord,
    { rows, rejected, skipped }: Admitted<Row>,
    tell: () => Promise<SkipReason[]>,
  ): Ingestion {
    this.#counts.rejected += rejected.length;
    if (rows.length > 0) this.#parts.instruments.input(instrument, input);
    const done = async (): Promise<IntakeResult> => {
      await this.#parts.journal.durable();
      const reasons = await tell();
      const result = {
        accepted: rows.length,
        duplicates: reasons.filter((reason) => reason === 'duplicate').length,
        late: reasons.filter((reason) => reason === 'late').length,
        conflicts: reasons.filter((reason) => reason === 'conflict').length,
        skipped: skipped.map(({ index }, i) => ({ index, reason: reasons[i]! })),
        rejected,
      };
      this.#counts.duplicates += result.duplicates;
      this.#counts.late += result.late;
      this.#counts.conflicts += result.conflicts;
      return result;
    };
    const arrivedAt = rows.length > 0 ? instrument.newestArrival : undefined;
    return { accepted: rows.length, rejected, arrivedAt, done };
  }

  async #acknowledged(ingestion: Ingestion, start: number): Promise<IntakeResult> {
    const result = await ingestion.done();
    if (result.accepted === 0) return result;
    const now = this.#parts.clock.monotonic();
    this.#parts.times?.observe('accept', now - start);
    if (ingestion.arrivedAt !== undefined) this.#parts.tracing?.accepted(ingestion.arrivedAt, start, now);
    return result;
  }

  #refuseAll(defects: readonly (RejectReason | undefined)[]): Ingestion {
    const rejected = defects.map((reason, index) => ({ index, reason: reason! }));
    this.#counts.rejected += rejected.length;
    const result = { accepted: 0, duplicates: 0, late: 0, conflicts: 0, skipped: [], rejected };
    return { accepted: 0, rejected, done: async () => await Promise.resolve(result) };
  }

  async #follow(
    published: Pick<Parameters<Instruments['follow']>[0], 'tenantId' | 'symbol' | 'base' | 'calendar'>,
    wanted: readonly Timeframe[],
  ): Promise<void> {
    for (const timeframe of wanted.length === 0 ? [published.base] : wanted)
      await this.#parts.instruments.follow({
        ...published,
        feed: PUBLISHED_FEED,
        owner: published.tenantId,
        timeframe,
      });
  }

  /** Waits while an instrument has more to do than it should; other instruments do not wait. */
  async #room(id: string): Promise<void> {
    const instrument = this.#parts.instruments.get(id);
    if (instrument !== undefined) await this.#parts.instruments.backlog(instrument);
  }

  /** Runs one admission after the other of an instrument; answers come when they come. */
  async #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#lanes.get(id);
    const turn = (async () => {
      await before?.catch(() => undefined);
      return await work();
    })();
    this.#lanes.set(id, turn);
    try {
      return await turn;
    } finally {
      if (this.#lanes.get(id) === turn) this.#lanes.delete(id);
    }
  }
}

function publishedId({ tenantId, symbol }: Pick<PublishedBars, 'tenantId' | 'symbol'>): string {
  return instrumentId(PUBLISHED_FEED, tenantId, symbol);
}

/** Sorts rows by what becomes of them, in their order. */
function admit<Row>(rows: readonly Row[], admission: (row: Row) => Admission): Admitted<Row> {
  const admitted: Admitted<Row> = { rows: [], rejected: [], skipped: [] };
  rows.forEach((row, index) => {
    const reason = admission(row);
    if (reason === 'accepted') admitted.rows.push(row);
    else if (reason === 'behind' || reason === 'repeated')
      admitted.skipped.push({ index, admission: reason });
    else admitted.rejected.push({ index, reason });
  });
  return admitted;
}
