import { BarGrid } from '../../actors/market/bar-grid.js';
import type { Calendar } from '../../actors/market/calendar.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { SeriesCursor, type CursorState } from '../../actors/series-machine.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { RoutePlan } from '../../actors/signals/route-plan.js';
import { SuhoError } from '../errors.js';
import type { InputRecord, InstrumentDefinition, PastUserSignals, UserSignals } from '../journal/records.js';
import { unpackBars, unpackQuotes } from '../journal/records.js';
import { seriesId, signalActorId } from './ids.js';
import type { Workload } from './workload.js';

/** `recovering` refuses input for a while; `failed` until the next start or until it is removed. */
export type InstrumentState = 'live' | 'recovering' | 'failed' | 'removed';

/** Stretches of a user's past signals on a timeframe that are known; on bars before them he has his tenant's. */
const STRETCHES_MAX = 64;

/** Bars and quotes an input holds. */
export function rowsOf(input: InputRecord): number {
  if (input.kind === 'bars') return input.numbers.length / 9;
  return input.kind === 'quotes' ? input.numbers.length / 5 : 1;
}

/** Time up to which effects of an instrument's actors are in the journal already, by actor: close or resolution times. */
export interface KnownEffects {
  readonly rows: Map<string, number>;
  readonly conclusions: Map<string, number>;
  readonly outcomes: Map<string, number>;
}

/** A feed's symbol with everything built from it: the unit of order, of snapshots, of recovery and of failure. */
export class Instrument {
  readonly id: string;
  readonly calendar: Calendar;
  /** Of its base bars. */
  readonly grid: BarGrid;
  readonly known: KnownEffects = { rows: new Map(), conclusions: new Map(), outcomes: new Map() };
  /** Signal actors that failed again and again and were left behind. */
  readonly parked = new Set<string>();
  cursor: SeriesCursor;
  /** Position of the last input in its actors' mailboxes. */
  position: number;
  /** Bars and quotes since the last snapshot was asked for. */
  sinceSnapshot = 0;
  /** Its series' states are of stored bars that were replaced since. */
  isOutdated = false;
  /** Evidence that is being gathered. */
  gathering = 0;
  /** Counts how often its actors were made; what an earlier set of them asked for is not for the present one. */
  incarnation = 0;
  /** The actor that threw, and why; undefined while all is well. */
  failure: { readonly actorId: string; readonly error: string } | undefined;
  /** When the bar of its newest base row came in, on the monotonic clock; undefined while it is made again. */
  rowArrival: number | undefined;
  /** When bars that are not rows yet came in, and how many together. */
  #arrivals: { readonly at: number; bars: number }[] = [];
  #newestArrival: number | undefined;
  readonly #workload: Workload;
  #outstanding = 0;
  #definition: InstrumentDefinition;
  #state: InstrumentState = 'live';
  #error: string | undefined;
  #waiters: (() => void)[] = [];
  #attempted: () => void = () => undefined;

  constructor(
    id: string,
    calendar: Calendar,
    definition: InstrumentDefinition,
    position: number,
    workload: Workload,
    cursor?: CursorState,
  ) {
    this.id = id;
    this.#workload = workload;
    this.calendar = calendar;
    this.grid = BarGrid.of(definition.base, calendar);
    this.#definition = definition;
    this.position = position;
    this.cursor = new SeriesCursor(this.grid, cursor);
  }

  get definition(): InstrumentDefinition {
    return this.#definition;
  }

  /** Rows that signal actors have not concluded. */
  get outstanding(): number {
    return this.#outstanding;
  }

  set outstanding(rows: number) {
    this.#workload.change(this.#definition.owner, rows - this.#outstanding);
    this.#outstanding = rows;
  }

  get state(): InstrumentState {
    return this.#state;
  }

  /** Why it is not live. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Id of its base series. */
  get base(): string {
    return this.seriesId(this.#definition.base);
  }

  /** Ids of its series, the base one first. */
  get series(): string[] {
    const { base, longer } = this.#definition;
    return [base, ...longer.map(({ timeframe }) => timeframe)].map((timeframe) => this.seriesId(timeframe));
  }

  /** Id of its series of a timeframe, followed or not. */
  seriesId(timeframe: Timeframe): string {
    return seriesId(this.id, { timeframe, calendar: this.calendar.name });
  }

  /** Ids of its signal actors, those of single users last. */
  get signalActors(): string[] {
    const { signals, userSignals = [] } = this.#definition;
    return [...signals, ...userSignals].map((signal) => this.signalActorId(signal));
  }

  /** Ids of all actors that made signals, those of single users that have ended among them. */
  get everySignalActor(): string[] {
    const past = (this.#definition.pastUserSignals ?? []).map((signal) => this.signalActorId(signal));
    return [...new Set([...this.signalActors, ...past])];
  }

  /** When its newest input came in, on the monotonic clock. */
  get newestArrival(): number | undefined {
    return this.#newestArrival;
  }

  /** Notes that input came in, with so many closed bars in it. */
  arrived(at: number, bars: number): void {
    this.#newestArrival = at;
    if (bars > 0) this.#arrivals.push({ at, bars });
  }

  /** Takes note of its next base row: of the oldest bar that has none yet, or of a bar that the newest input closed. */
  rowMade(): void {
    const oldest = this.#arrivals[0];
    this.rowArrival = oldest?.at ?? this.#newestArrival;
    if (oldest === undefined) return;
    oldest.bars--;
    if (oldest.bars === 0) this.#arrivals.shift();
  }

  enter(state: InstrumentState, error?: string): void {
    this.#state = state;
    this.#error = error;
    if (state === 'recovering') return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** Settles when it is back, or when an attempt to bring it back has failed. */
  async attempted(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#attempted = resolve;
      void this.recovered().then(resolve);
    });
  }

  /** An attempt to bring it back has failed; another will come. */
  attemptFailed(error: string): void {
    this.#error = error;
    this.#attempted();
  }

  /** Settles when it is no longer recovering. */
  async recovered(): Promise<void> {
    while (this.#state === 'recovering') await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** Throws when it cannot take input, saying why and what to do. */
  assertLive(): void {
    switch (this.#state) {
      case 'live':
        return;
      case 'recovering':
        throw new SuhoError('OVERLOADED', `${this.id} is being recovered; send again in a moment.`);
      case 'failed':
        throw new SuhoError(
          'INSTRUMENT_FAILED',
          `${this.id} has failed and takes no input; its operator finds the reason in suho status.`,
        );
      case 'removed':
        throw new SuhoError('NOT_FOUND', `${this.id} is not followed.`);
    }
  }

  /** Goes back to where a snapshot was. */
  rewind(definition: InstrumentDefinition, position: number, cursor: CursorState): void {
    this.#definition = definition;
    this.position = position;
    this.cursor = new SeriesCursor(this.grid, cursor);
    this.sinceSnapshot = 0;
    this.outstanding = 0;
    this.gathering = 0;
    this.failure = undefined;
    this.#arrivals = [];
    this.#newestArrival = undefined;
    this.rowArrival = undefined;
    this.incarnation++;
  }

  /** Whether a tenant may see what is built from it: its own, or a shared one that it has signals on. */
  isVisibleTo(tenantId: string): boolean {
    const { owner, signals } = this.#definition;
    return owner === tenantId || (owner === PLATFORM && signals.some((s) => s.tenantId === tenantId));
  }

  /** Id of the actor of a tenant's, or of a user's own, signals on a timeframe. */
  signalActorId({ tenantId, userId, timeframe }: SignalOwner & { readonly timeframe: Timeframe }): string {
    return signalActorId(tenantId, this.seriesId(timeframe), userId);
  }

  /** A user's own signals on a timeframe; undefined where he gets those of his tenant. */
  userSignals(tenantId: string, userId: string, timeframe: Timeframe): UserSignals | undefined {
    const found = this.#definition.userSignals?.find(isOf({ tenantId, userId, timeframe }));
    return found?.route === undefined ? undefined : found;
  }

  /** Bars that a user had signals of his own on before, oldest first. */
  pastUserSignals(tenantId: string, userId: string, timeframe: Timeframe): readonly PastUserSignals[] {
    return (this.#definition.pastUserSignals ?? []).filter(isOf({ tenantId, userId, timeframe }));
  }

  follows(tenantId: string, timeframe: Timeframe): boolean {
    return this.#definition.signals.some((s) => s.tenantId === tenantId && s.timeframe === timeframe);
  }

  /** Takes note of an input in its definition; answers whether that changed. */
  define(input: InputRecord): void {
    const { base, longer, signals, userSignals } = this.#definition;
    if (input.kind === 'route') {
      this.#definition = {
        ...this.#definition,
        signals: signals.map((signal) =>
          this.signalActorId(signal) === input.target ? { ...signal, route: input.route } : signal,
        ),
        ...(userSignals === undefined
          ? {}
          : {
              userSignals: userSignals.map((own) =>
                this.signalActorId(own) === input.target ? { ...own, route: input.route } : own,
              ),
            }),
      };
    } else if (input.kind === 'follow') {
      const { tenantId, timeframe, user } = input;
      if (user !== undefined) return this.#defineUser(tenantId, timeframe, user);
      const since = this.cursor.closedThrough;
      const isNew = timeframe !== base && !longer.some((series) => series.timeframe === timeframe);
      this.#definition = {
        ...this.#definition,
        longer: isNew ? [...longer, { timeframe, since }] : longer,
        signals: this.follows(tenantId, timeframe)
          ? signals
          : [...signals, { tenantId, timeframe, route: undefined }],
      };
    } else if (input.kind === 'unfollow') {
      this.#endUser(input);
    }
  }

  /** A user's own signals begin with the next bar; of bars that the clock has closed there is none. */
  #defineUser(
    tenantId: string,
    timeframe: Timeframe,
    user: { readonly userId: string; readonly route: RoutePlan },
  ): void {
    if (this.userSignals(tenantId, user.userId, timeframe) !== undefined) return;
    const own = { tenantId, timeframe, ...user, since: this.#closedBy() };
    this.#definition = { ...this.#definition, userSignals: [...this.#withoutUser(own), own] };
  }

  #endUser({ tenantId, userId, timeframe, isOver }: Extract<InputRecord, { kind: 'unfollow' }>): void {
    const own = this.userSignals(tenantId, userId, timeframe);
    const others = this.#withoutUser({ tenantId, userId, timeframe });
    if (isOver) {
      if (own === undefined) this.#definition = { ...this.#definition, userSignals: others };
      return;
    }
    if (own === undefined) return;
    const { since } = own;
    const past = { tenantId, userId, timeframe, since, until: Math.max(since, this.#closedBy()) };
    const earlier = this.#definition.pastUserSignals ?? [];
    const oldest = this.pastUserSignals(tenantId, userId, timeframe).at(-STRETCHES_MAX + 1);
    const known = earlier.filter(
      (each) => !isOf(own)(each) || oldest === undefined || each.since >= oldest.since,
    );
    this.#definition = {
      ...this.#definition,
      userSignals: [...others, { ...own, route: undefined }],
      pastUserSignals: [...known, past],
    };
  }

  #withoutUser(user: UserTimeframe): readonly UserSignals[] {
    const isUser = isOf(user);
    return (this.#definition.userSignals ?? []).filter((own) => !isUser(own));
  }

  /** Time up to which there are no bars to come: those there were, or that the clock has closed. */
  #closedBy(): number {
    return Math.max(this.cursor.closedThrough, this.cursor.state.clock);
  }

  /** Moves the cursor over an input that was accepted before. */
  advance(input: InputRecord): void {
    if (input.kind === 'bars') for (const bar of unpackBars(input.numbers)) this.cursor.admitBar(bar);
    else if (input.kind === 'quotes')
      for (const quote of unpackQuotes(input.numbers)) this.cursor.admitQuote(quote, false);
    else if (input.kind === 'clock') this.cursor.admitClock(input.now);
  }

  /** The models that a tenant's, or a user's own, signals on a series are made with. */
  routeOf(tenantId: string, timeframe: Timeframe, userId?: string): RoutePlan | undefined {
    if (userId !== undefined) return this.userSignals(tenantId, userId, timeframe)?.route;
    return this.#definition.signals.find((s) => s.tenantId === tenantId && s.timeframe === timeframe)?.route;
  }
}

type UserTimeframe = Pick<UserSignals, 'tenantId' | 'userId' | 'timeframe'>;

function isOf({ tenantId, userId, timeframe }: UserTimeframe): (each: UserTimeframe) => boolean {
  return (each) => each.userId === userId && each.tenantId === tenantId && each.timeframe === timeframe;
}
