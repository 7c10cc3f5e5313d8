import { fromProtoTimeframe } from '../api/fields.js';
import { directionName, type SignalJson } from '../api/signal-encoding.js';
import { percent, utc } from './table.js';

/** Header of the lines that {@link signalLine} makes. */
export const SIGNAL_HEADER = [
  'bar close (UTC)'.padEnd(17),
  'symbol'.padEnd(8),
  'tf'.padEnd(4),
  'signal'.padEnd(6),
  'conf.'.padStart(7),
  'horizon'.padEnd(8),
  'up'.padStart(7),
  'down'.padStart(7),
  'similar moments'.padEnd(22),
  'why not',
].join(' ');

/** A signal as one line of a table. */
export function signalLine(signal: SignalJson): string {
  const forecast = signal.forecasts.find(({ horizon }) => horizon === signal.primary_horizon);
  const { patterns } = signal;
  const similar =
    patterns === null
      ? '-'
      : `${patterns.matches}: ${percent(patterns.agreement)} ${directionName(patterns.direction).toLowerCase()}`;
  return [
    utc(signal.bar_close_time).padEnd(17),
    signal.symbol.padEnd(8),
    (fromProtoTimeframe(signal.timeframe) ?? '?').padEnd(4),
    directionName(signal.direction).padEnd(6),
    percent(signal.confidence).padStart(7),
    signal.primary_horizon.padEnd(8),
    percent(forecast?.up ?? 0).padStart(7),
    percent(forecast?.down ?? 0).padStart(7),
    similar.padEnd(22),
    [...signal.abstained, ...signal.degraded].join(', '),
  ].join(' ');
}
