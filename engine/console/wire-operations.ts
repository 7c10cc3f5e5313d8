/** What the console's server and its page say to each other of operations, in JSON. Times are epoch milliseconds UTC; null is "not known". */

export interface InstrumentRow {
  readonly id: string;
  readonly owner: string;
  readonly symbol: string;
  readonly base: string;
  readonly calendar: string;
  readonly timeframes: readonly string[];
  readonly state: string;
  readonly error: string;
  readonly bars: number;
  readonly lastBarTime: number | null;
}

interface DeadLetterView {
  readonly key: number;
  readonly source: 'actor' | 'sink';
  readonly name: string;
  readonly tenantId: string;
  readonly about: string;
  readonly error: string;
  readonly at: number;
}

export interface DeadLettersView {
  readonly letters: readonly DeadLetterView[];
  readonly nextAfter: number | null;
}

export interface RetriedView {
  readonly written: number;
  readonly refused: number;
}

export interface QuotaView {
  readonly name: string;
  readonly limit: number;
  /** What is used at this moment; null for rates. */
  readonly used: number | null;
}

export interface AlertView {
  readonly id: string;
  readonly tenantId: string;
  readonly series: string;
  readonly version: string;
  readonly kind: string;
  readonly severity: string;
  readonly state: string;
  readonly summary: string;
  readonly raisedAt: number;
  readonly acknowledgedBy: string | null;
  readonly closedBy: string | null;
  /** Whether the caller may change it. */
  readonly mayChange: boolean;
}

export interface JobView {
  readonly id: string;
  readonly tenantId: string;
  readonly series: string;
  readonly status: string;
  readonly cause: string;
  readonly reason: string;
  readonly attempts: number;
  readonly version: string | null;
  readonly error: string | null;
  readonly cpuSeconds: number;
  readonly queuedAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly mayCancel: boolean;
}

export interface JobsView {
  /** Newest first. */
  readonly jobs: readonly JobView[];
  /** Processor time of trainings in the last hour, and what of it is allowed. */
  readonly cpuSeconds: number;
  readonly budgetSeconds: number;
}

/** How long a stage of a bar's way takes. */
interface StageView {
  readonly stage: string;
  /** Of the last one to two minutes, ms. */
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Since the start: how many took at most so many milliseconds, and more than the bucket before; null: without limit. */
  readonly buckets: readonly { readonly atMost: number | null; readonly count: number }[];
}

export interface LatencyView {
  readonly stages: readonly StageView[];
  /** At the door: requests that wait, that had to wait and that were refused since the start, rows that may be in work. */
  readonly door: {
    readonly waiting: number;
    readonly waited: number;
    readonly refused: number;
    readonly rowsMax: number;
  };
}

export interface AuditView {
  readonly time: number;
  readonly who: string;
  readonly role: string;
  readonly from: string;
  readonly action: string;
  readonly request: string;
  readonly outcome: string;
}
