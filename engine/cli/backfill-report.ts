import type { Bar } from '../../actors/market/bar.js';
import { BarGrid, gridName } from '../../actors/market/bar-grid.js';
import type { BackfillReport } from '../backfill/backfill.js';
import type { Difference } from '../backfill/protocol.js';
import type { Calendars } from '../calendars.js';
import { SuhoError } from '../errors.js';
import { sayRefusals } from './file-options.js';
import { formatTable, utc } from './table.js';

/** Says what became of a backfill, as a table or, for a program, in JSON. Throws as {@link assertUsable} does, after all is said. */
export function tellBackfill(reports: readonly BackfillReport[], calendars: Calendars, json: boolean): void {
  for (const report of reports) {
    sayRefusals(report.reading);
    sayDifferences(report);
  }
  process.stdout.write(json ? `${JSON.stringify(summaryOf(reports))}\n` : describeReports(reports));
  assertUsable(reports, calendars);
}

/** Says on standard error where the file and what was stored differ, and which of them stands. */
function sayDifferences({ series, conflicts, missing, replaced }: BackfillReport): void {
  const say = (difference: Difference | undefined, one: string, many: string): void => {
    if (difference === undefined) return;
    const { count, openTime, stored, given } = difference;
    const values =
      stored !== undefined && given !== undefined ? ` (stored ${ohlc(stored)}, file ${ohlc(given)})` : '';
    process.stderr.write(
      `${series.symbol} ${gridName(series)}: ${count === 1 ? one : `${count} ${many}`}, first ${utc(openTime)}${values}\n`,
    );
  };
  say(replaced?.changed, 'a stored bar was replaced', 'stored bars were replaced');
  say(replaced?.removed, 'a stored bar was removed', 'stored bars were removed');
  say(conflicts, 'a bar is stored with other values', 'bars are stored with other values');
  say(missing, 'a stored bar is not in the file', 'stored bars are not in the file');
  const [first] = [conflicts, missing].flatMap((found) => found?.openTime ?? []).sort((a, b) => a - b);
  if (first !== undefined)
    process.stderr.write(`They stand. --replace FROM..TO takes the file's bars of a span instead.\n`);
}

function ohlc({ open, high, low, close }: Bar): string {
  return `open ${open}, high ${high}, low ${low}, close ${close}`;
}

/** Throws when a file had bars and none of them was new or stored as it is. */
function assertUsable(reports: readonly BackfillReport[], calendars: Calendars): void {
  for (const { series, added, known, conflicts } of reports) {
    if (conflicts === undefined || added + known > 0) continue;
    const grid = BarGrid.of(series.timeframe, calendars.get(series.calendar));
    const span = [conflicts.openTime, grid.closeOf(conflicts.lastTime)].map(isoSecond).join('..');
    throw new SuhoError(
      'BAD_FILE',
      `No bar of the file was stored: ${series.symbol} ${gridName(series)} is stored with other values; use --replace ${span} to take those of the file.`,
    );
  }
}

function isoSecond(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

/** The reports for a program. */
function summaryOf(reports: readonly BackfillReport[]): object {
  const rows = reports.reduce((sum, report) => sum + report.rows, 0);
  const seconds = Math.max(...reports.map((report) => report.seconds));
  return { series: reports, rows, seconds, rowsPerSecond: rows / seconds };
}

/** The reports as a table. */
function describeReports(reports: readonly BackfillReport[]): string {
  const table = formatTable(
    ['symbol', 'tf', 'bars', 'rejected', 'late', 'rows stored', 'taken up', 'rows/s'],
    reports.map(({ series, bars, rejected, late, rows, resumed, rowsPerSecond }) => [
      series.symbol,
      gridName(series),
      ...[bars, rejected, late, rows, resumed, Math.round(rowsPerSecond)].map(String),
    ]),
  );
  return `${table}\n`;
}
