import type { ClickHouseClient } from '@clickhouse/client';
import { HORIZONS } from '../../actors/features/labels.js';
import { QUALITY_FLAG } from '../../actors/features/quality.js';
import type { DayQuality, LabelBalance, SeriesIdentity, SeriesOverview } from './feature-store.js';
import { ownQuery } from './own-query.js';
import { FIRST_TIME, LAST_TIME } from './row-blocks.js';
import { OF_SERIES, seriesParameters } from './series-filter.js';

const DAY_MS = 86_400_000;

const FLAGS = Object.keys(QUALITY_FLAG) as (keyof typeof QUALITY_FLAG)[];

/** Summaries of a series over its stored rows, in ClickHouse. */
export class ClickHouseOverview implements SeriesOverview {
  readonly #client: ClickHouseClient;

  constructor(client: ClickHouseClient) {
    this.#client = client;
  }

  async days(
    series: SeriesIdentity,
    from: number,
    to: number,
    limit: number,
  ): Promise<readonly DayQuality[]> {
    const counts = FLAGS.map((flag) => `countIf(bitAnd(quality_flags, ${QUALITY_FLAG[flag]}) > 0)`);
    const rows = await ownQuery<number[]>(
      this.#client,
      `SELECT toInt64(floor(toUnixTimestamp64Milli(bar_open_time) / ${DAY_MS})) AS day, count(), avg(quality_score),
              ${counts.join(', ')}
       FROM ml_features FINAL
       WHERE ${OF_SERIES}
         AND bar_open_time >= fromUnixTimestamp64Milli({from:Int64})
         AND bar_open_time < fromUnixTimestamp64Milli({to:Int64})
       GROUP BY day ORDER BY day DESC LIMIT {limit:UInt32}`,
      { ...seriesParameters(series), from: Math.max(FIRST_TIME, from), to: Math.min(to, LAST_TIME), limit },
    );
    return rows
      .map(([day = 0, bars = 0, score = 0, ...flagged]) => ({
        day: day * DAY_MS,
        bars,
        score,
        flags: Object.fromEntries(FLAGS.map((flag, i) => [flag, flagged[i] ?? 0])) as DayQuality['flags'],
      }))
      .reverse();
  }

  async labelBalance(series: SeriesIdentity): Promise<readonly LabelBalance[]> {
    const counts = HORIZONS.map((horizon) => {
      const label = `label_direction_${horizon}`;
      return `countIf(${label} < 0), countIf(${label} = 0), countIf(${label} > 0), countIf(isNaN(${label}))`;
    });
    const [row = []] = await ownQuery<number[]>(
      this.#client,
      `SELECT ${counts.join(', ')} FROM ml_features FINAL WHERE ${OF_SERIES}`,
      seriesParameters(series),
    );
    return HORIZONS.map((horizon, i) => {
      const [down = 0, flat = 0, up = 0, unknown = 0] = row.slice(i * 4, i * 4 + 4);
      return { horizon, down, flat, up, unknown };
    });
  }
}
