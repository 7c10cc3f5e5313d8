import Table from 'cli-table3';

/** A plain table for the terminal: a header, then rows. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Epoch milliseconds as `2024-01-02 03:04`. */
export function utc(ts: number): string {
  return new Date(ts).toISOString().slice(0, 16).replace('T', ' ');
}
