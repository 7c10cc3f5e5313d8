/** What the console's server and its page say to each other of analyses, in JSON. Times are epoch milliseconds UTC; null is "not known". */

interface RelationRow {
  readonly from: string;
  readonly to: string;
  /** Bars by which `from` leads; 0 when they move together. */
  readonly lag: number;
  readonly correlation: number;
  readonly shrunk: number;
  readonly qValue: number;
  /** In the window before. */
  readonly before: number | null;
  /** Returns that stand alone. */
  readonly effective: number;
}

export interface RelationsView {
  readonly timeframe: string;
  /** Close time of the newest bar. */
  readonly at: number;
  readonly window: number;
  readonly lagMax: number;
  readonly falseDiscoveries: number;
  readonly markets: readonly { readonly symbol: string; readonly bars: number }[];
  /** Markets that were left out because there are too many. */
  readonly left: number;
  readonly tested: number;
  readonly shrinkage: number;
  /** Strongest first. */
  readonly relations: readonly RelationRow[];
}

/** How each feature differs from training, in stretches of time. */
export interface DriftView {
  /** Why there is no map. */
  readonly note: string | null;
  /** The model whose training it is compared with. */
  readonly version: string | null;
  readonly trainedThrough: number | null;
  /** Oldest first. */
  readonly stretches: readonly { readonly from: number; readonly through: number; readonly rows: number }[];
  readonly features: readonly {
    readonly name: string;
    readonly group: string;
    readonly psi: readonly number[];
    readonly ks: readonly number[];
    readonly significant: readonly boolean[];
  }[];
}
