import { timeframeMs } from '../../../actors/market/timeframe.js';
import type { Background } from '../../background.js';
import { turnOf, type Clock } from '../../clock.js';
import type { Alert } from '../../drift/alert-store.js';
import { messageOf } from '../../errors.js';
import { seriesIdentity } from '../../instruments/ids.js';
import type { TrainedSeries } from '../../instruments/served-series.js';
import type { ModelRegistry } from '../../registry/model-registry.js';
import type { JobCause } from './job-store.js';
import { ownerAndSeries } from './queue.js';
import type { Retraining } from './retraining.js';

const DAY_MS = 86_400_000;
/** How often series are looked at for new data and age. */
const SWEEP_MS = 600_000;

/** What is asked for first, among the jobs of one tenant. */
export const PRIORITIES: Readonly<Record<JobCause, number>> = {
  requested: 100,
  performance: 80,
  drift: 60,
  data: 40,
  schedule: 20,
};

interface TriggerSettings {
  /** Days of its market after which a model is trained again; 0: never by age. */
  readonly everyDays: number;
  /** New rows, as a share of those a model was trained on, after which it is trained again; 0: never by them. */
  readonly newDataShare: number;
}

export interface TriggerParts {
  readonly retraining: Pick<Retraining, 'requestInTime'>;
  readonly registry: Pick<ModelRegistry, 'list'>;
  /** Series with signals, whose models they are made with, and the close time of their newest bar. */
  readonly served: () => Iterable<TrainedSeries & { readonly closedThrough: number }>;
  readonly settings: TriggerSettings;
  readonly background: Pick<Background, 'repeat'>;
  readonly clock: Clock;
  readonly log: { warn(facts: object, text: string): void };
}

/** Asks for trainings when a monitor found something, and when models are old or have much new data. */
export class RetrainingTriggers {
  readonly #parts: TriggerParts;
  /** Newest bar that an owner's model of a series was asked to be trained on, so that the same age asks once. */
  readonly #asked = new Map<string, number>();

  constructor(parts: TriggerParts) {
    this.#parts = parts;
  }

  /** Begins to look for age and new data. */
  open(): void {
    void this.#parts.background.repeat(SWEEP_MS, async () => await this.sweep());
  }

  /** A model whose market changed is trained again; one that lost its edge on what came since. */
  raised({
    kind,
    tenantId,
    userId,
    seriesId,
    summary,
    details,
  }: Pick<Alert, 'kind' | 'tenantId' | 'userId' | 'seriesId' | 'summary' | 'details'>): void {
    const since = details['since'];
    const cause = kind === 'performance' ? 'performance' : 'drift';
    this.#parts.retraining.requestInTime({
      seriesId,
      owner: { tenantId, userId },
      cause,
      reason: summary,
      priority: PRIORITIES[cause],
      dataFrom: kind === 'performance' && typeof since === 'number' ? since : undefined,
      newEncoder: kind === 'anomaly_drift',
    });
  }

  /** Looks at every series that has models of its own. A registry that is away is asked again at the next time. */
  async sweep(): Promise<void> {
    const { served, clock, log } = this.#parts;
    try {
      for (const { closedThrough, ...trained } of served()) {
        await turnOf(clock);
        await this.#consider(trained, closedThrough);
      }
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the age of models is not known');
    }
  }

  async #consider({ seriesId, owner }: TrainedSeries, closedThrough: number): Promise<void> {
    const { registry, retraining, settings } = this.#parts;
    const series = seriesIdentity(seriesId);
    const newest = (await registry.list({ ...series, ...owner })).at(-1);
    const key = ownerAndSeries({ ...owner, seriesId });
    if (newest === undefined || this.#asked.get(key) === newest.trainedThrough) return;
    const ageMs = closedThrough - newest.trainedThrough;
    const rows = Math.floor(ageMs / timeframeMs(series.timeframe));
    const { everyDays, newDataShare } = settings;
    const isOld = everyDays > 0 && ageMs >= everyDays * DAY_MS;
    const isRich = newDataShare > 0 && rows >= newDataShare * newest.rows;
    if (!isOld && !isRich) return;
    this.#asked.set(key, newest.trainedThrough);
    const cause = isRich ? 'data' : 'schedule';
    retraining.requestInTime({
      seriesId,
      owner,
      cause,
      reason: isRich
        ? `${rows} bars since ${newest.version}, which was trained on ${newest.rows}.`
        : `${newest.version} is ${Math.floor(ageMs / DAY_MS)} days old.`,
      priority: PRIORITIES[cause],
      dataFrom: undefined,
      newEncoder: false,
    });
  }
}
