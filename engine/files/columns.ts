/** What a column of a market file is. */
const ROLES = [
  'time',
  'date',
  'clock',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'tickCount',
  'bid',
  'ask',
  'bidSize',
  'askSize',
  'ticker',
] as const;
export type Role = (typeof ROLES)[number];

/** Where the columns of a file are, from 0. */
export type Columns = Readonly<Partial<Record<Role, number>>>;

/** Names of columns as exports have them, without case and signs; of several the first counts. */
const NAMES: Readonly<Record<Role, readonly string[]>> = {
  time: [
    'ts',
    'timestamp',
    'gmttime',
    'utctime',
    'localtime',
    'opentime',
    'windowstart',
    'datetime',
    'unix',
    'unixtimestamp',
    'epoch',
    'siptimestamp',
    'transactiontime',
    't',
  ],
  date: ['date', 'day', 'dt', 'dtyyyymmdd', 'indexlevel0'],
  clock: ['time', 'hour'],
  open: ['open', 'o', 'openprice', 'first'],
  high: ['high', 'h', 'highprice', 'max'],
  low: ['low', 'l', 'lowprice', 'min'],
  close: ['close', 'c', 'closeprice', 'closelast', 'last', 'price'],
  volume: ['volume', 'v', 'vol', 'basevolume', 'tickvolume', 'tickvol'],
  tickCount: ['tickcount'],
  bid: ['bid', 'bidprice', 'bestbidprice', 'closebid'],
  ask: ['ask', 'askprice', 'bestaskprice', 'closeask'],
  bidSize: ['bidsize', 'bidvolume', 'bestbidqty', 'bidqty'],
  askSize: ['asksize', 'askvolume', 'bestaskqty', 'askqty'],
  ticker: ['ticker', 'symbol', 'instrument', 'pair'],
};

/** A column's name without case, brackets and signs: "<DATE>" is "date", "Adj Close" is "adjclose". */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** A name of a time and the clock behind it in brackets: "Time (EET)". */
const ZONED = /^\s*([^()[\]]+?)\s*[([]\s*([^()[\]]+?)\s*[)\]]\s*$/;
const TIMES = ['time', 'date', 'clock'] as const;

/** The name and the clock of a column of times; no clock where none stands in brackets. */
function zonedName(name: string): { readonly plain: string; readonly zone?: string } {
  const plain = plainName(name);
  const [, bare = '', zone] = ZONED.exec(name) ?? [];
  const isTime = TIMES.some((role) => NAMES[role].includes(plainName(bare)));
  return zone === undefined || !isTime ? { plain } : { plain: plainName(bare), zone };
}

/** Whether columns are those of bars or of quotes. */
export function kindOf(columns: Columns): 'bars' | 'quotes' | undefined {
  if (columns.time === undefined && columns.date === undefined) return undefined;
  const has = (...roles: readonly Role[]): boolean => roles.every((role) => columns[role] !== undefined);
  if (has('open', 'high', 'low', 'close')) return 'bars';
  return has('bid', 'ask') ? 'quotes' : undefined;
}

/** The columns that a header names. A name that stands there twice is a fault. */
export function columnsOf(header: readonly string[]): {
  readonly columns: Columns;
  readonly twice: string | undefined;
  /** The clock that the header says its times are of. */
  readonly zone: string | undefined;
} {
  const zoned = header.map(zonedName);
  const names = zoned.map(({ plain }) => plain);
  const columns: Partial<Record<Role, number>> = {};
  let twice: string | undefined;
  for (const role of ROLES) {
    const name = NAMES[role].find((candidate) => names.includes(candidate));
    if (name === undefined) continue;
    const at = names.indexOf(name);
    if (names.indexOf(name, at + 1) >= 0) twice ??= header[at]!.trim();
    columns[role] = at;
  }
  // "time" alone is a whole moment; beside a date it is the time of day.
  if (columns.date === undefined && columns.clock !== undefined && columns.time === undefined) {
    columns.time = columns.clock;
    delete columns.clock;
  }
  if (columns.time !== undefined) {
    delete columns.date;
    delete columns.clock;
  }
  return { columns, twice, zone: zoned.find(({ zone }) => zone !== undefined)?.zone };
}
