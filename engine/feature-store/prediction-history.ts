import { HORIZONS } from '../../actors/features/labels.js';
import { SYSTEM_CLOCK, turnOf } from '../clock.js';
import type { ArchivedPrediction, ArchivedValue } from '../prediction-store/expired-predictions.js';

type Kind = 'String' | 'UUID' | 'Time' | 'Float64' | 'Int8' | 'UInt32' | 'Bool' | 'Strings';

interface Column {
  readonly name: string;
  readonly kind: Kind;
  readonly nullable: boolean;
  /** Type in the table where it differs from the wire's. */
  readonly stored: string;
}

const WIRE: Readonly<Record<Kind, string>> = {
  String: 'String',
  UUID: 'UUID',
  Time: "DateTime64(3, 'UTC')",
  Float64: 'Float64',
  Int8: 'Int8',
  UInt32: 'UInt32',
  Bool: 'Bool',
  Strings: 'Array(String)',
};

function typeOf({ kind, nullable }: Pick<Column, 'kind' | 'nullable'>): string {
  return nullable ? `Nullable(${WIRE[kind]})` : WIRE[kind];
}

function columns(kind: Kind, list: readonly string[], nullable = false): Column[] {
  return list.map((name) => {
    const type = typeOf({ kind, nullable });
    return { name, kind, nullable, stored: kind === 'Float64' ? `${type} CODEC(ZSTD(1))` : type };
  });
}

/** Text of few values, as ClickHouse keeps it best. */
function names(list: readonly string[]): Column[] {
  return columns('String', list).map((column) => ({ ...column, stored: 'LowCardinality(String)' }));
}

const each = (list: readonly string[]): string[] =>
  HORIZONS.flatMap((horizon) => list.map((name) => `${name}_${horizon}`));

const COLUMNS: readonly Column[] = [
  ...columns('UUID', ['prediction_id']),
  ...names(['tenant_id']),
  ...columns('String', ['user_id'], true),
  ...names(['symbol', 'timeframe']),
  ...columns('Time', ['bar_close_time']),
  ...columns('Float64', ['price']),
  ...columns('Float64', ['spread'], true),
  ...names(['model_id', 'model_version', 'arm']),
  ...columns('Bool', ['served']),
  ...names(['direction']),
  ...columns('Float64', ['confidence']),
  ...names(['primary_horizon']),
  ...columns('Strings', ['abstained', 'degraded']),
  ...columns('Float64', ['anomaly', 'quality_score']),
  ...columns('UInt32', ['quality_flags']),
  ...columns('Float64', each(['down', 'flat', 'up', 'expected_return'])),
  ...columns('Int8', each(['predicted'])),
  ...columns('Int8', each(['actual']), true),
  ...columns('Float64', each(['return']), true),
  ...columns('Time', each(['resolved']), true),
  ...columns('UInt32', ['pattern_matches'], true),
  ...columns('Float64', ['pattern_effective', 'pattern_win_rate', 'pattern_mean_return'], true),
  ...columns('Strings', ['pattern_nearest']),
  ...columns('UInt32', ['trades']),
  ...columns('Float64', ['trade_pnl_money', 'trade_pnl_pips', 'trade_pnl_percent'], true),
  ...columns('Bool', ['trade_won'], true),
  ...columns('Time', ['trade_closed_at'], true),
  ...columns('Time', ['stored_at']),
];

/** The table, as an insert of RowBinary names its columns and their structure. */
export const HISTORY = {
  table: 'ml_predictions_history',
  columns: COLUMNS.map(({ name }) => name).join(', '),
  structure: COLUMNS.map((column) => `${column.name} ${typeOf(column)}`).join(', '),
} as const;

/** The schema of the history as one SQL file. */
export function historySchema(): string {
  return `-- Predictions past their 90 days in PostgreSQL (schemas/03), with what came of them, for analysis. Generated from code; do
-- not edit.
--
-- An engine writes them here before it drops them there. A row that is written again replaces itself: read with FINAL
-- (or SET final = 1) to see each once. Kept for ten years from then.
CREATE TABLE IF NOT EXISTS ${HISTORY.table}
(
${COLUMNS.map(({ name, stored }) => `    ${name} ${stored}`).join(',\n')},
    archived_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(archived_at)
PARTITION BY toYear(bar_close_time)
ORDER BY (tenant_id, symbol, timeframe, bar_close_time, prediction_id)
TTL toDateTime(archived_at) + INTERVAL 3650 DAY;
`;
}

/** Bytes that grow as values are written to them. */
class RowWriter {
  #bytes = Buffer.allocUnsafe(1 << 16);
  #at = 0;

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  write({ kind, nullable }: Column, value: ArchivedValue): void {
    this.#room(16);
    if (nullable) this.#bytes[this.#at++] = value === null ? 1 : 0;
    if (nullable && value === null) return;
    switch (kind) {
      case 'String':
        this.#string(value as string);
        break;
      case 'Strings':
        this.#strings((value as readonly string[] | null) ?? []);
        break;
      case 'UUID':
        this.#uuid(value as string);
        break;
      case 'Time':
        this.#at = this.#bytes.writeBigInt64LE(BigInt((value as Date).getTime()), this.#at);
        break;
      case 'Float64':
        this.#at = this.#bytes.writeDoubleLE(value as number, this.#at);
        break;
      case 'Int8':
        this.#at = this.#bytes.writeInt8(value as number, this.#at);
        break;
      case 'UInt32':
        this.#at = this.#bytes.writeUInt32LE(value as number, this.#at);
        break;
      case 'Bool':
        this.#bytes[this.#at++] = value === true ? 1 : 0;
    }
  }

  #strings(texts: readonly string[]): void {
    this.#length(texts.length);
    for (const text of texts) this.#string(text);
  }

  /** LEB128, as RowBinary has lengths. */
  #length(n: number): void {
    this.#room(5);
    let left = n;
    for (; left >= 0x80; left >>>= 7) this.#bytes[this.#at++] = (left & 0x7f) | 0x80;
    this.#bytes[this.#at++] = left;
  }

  #string(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#length(bytes);
    this.#room(bytes);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** Two little-endian halves. */
  #uuid(text: string): void {
    const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
    bytes.subarray(0, 8).reverse().copy(this.#bytes, this.#at);
    bytes
      .subarray(8)
      .reverse()
      .copy(this.#bytes, this.#at + 8);
    this.#at += 16;
  }
}

/** Predictions encoded before the event loop has a turn. */
const ENCODED_AT_ONCE = 250;

/** Predictions as RowBinary, in the columns of {@link HISTORY}. */
export async function encodePredictions(predictions: readonly ArchivedPrediction[]): Promise<Buffer> {
  const writer = new RowWriter();
  for (const [i, prediction] of predictions.entries()) {
    for (const column of COLUMNS) writer.write(column, prediction[column.name] ?? null);
    if (i % ENCODED_AT_ONCE === ENCODED_AT_ONCE - 1) await turnOf(SYSTEM_CLOCK);
  }
  return writer.written;
}
