import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FEATURE_COUNT } from '../actors/features/catalogue.js';
import type { Dataset } from '../engine/learning/dataset.js';
import { BOOSTED_RULES } from '../engine/learning/families/boosted.js';
import { FOREST_RULES } from '../engine/learning/families/forest.js';
import type { RowRange } from '../engine/learning/split.js';

/** A Python with xgboost, lightgbm and scikit-learn; `SUHO_PYTHON` names one that is not on the path. */
const PYTHON = process.env['SUHO_PYTHON'] ?? 'python3';
/** A number of rounds for all: when to stop is not what is compared. */
export const BOOSTED = { ...BOOSTED_RULES, rounds: 100 };
export const NO_PEERS = `NO PEERS: ${PYTHON} has not all of xgboost, lightgbm and scikit-learn; SUHO_PYTHON names a Python that has`;
const LIBRARIES = ['xgboost', 'lightgbm', 'sklearn'] as const;

export interface Fits {
  /** One a seed. */
  readonly logLosses: readonly number[];
  /** CPU time of the fastest. */
  readonly seconds: number;
}

/** Fits, and the probabilities of down, flat and up of the first one for every test row. */
type PeerFits = Fits & { readonly version: string; readonly probabilities: Float32Array };
export type Peers = Readonly<Record<(typeof LIBRARIES)[number], PeerFits>>;

export interface Rows {
  readonly features: Float32Array;
  /** Down, flat, up over the next hour: 0, 1, 2. */
  readonly classes: Int8Array;
  /** Where each row is in its dataset. */
  readonly at: readonly number[];
}

/** Rows of a dataset whose next hour is known. */
export function rowsOf(dataset: Dataset, { from, to }: RowRange): Rows {
  const at = Array.from({ length: to - from }, (_, i) => from + i).filter(
    (row) => !Number.isNaN(dataset.directions[row * 3]!),
  );
  const features = new Float32Array(at.length * FEATURE_COUNT);
  at.forEach((row, i) =>
    features.set(
      dataset.features.subarray(row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT),
      i * FEATURE_COUNT,
    ),
  );
  return { features, classes: Int8Array.from(at, (row) => dataset.directions[row * 3]! + 1), at };
}

/** Boosted trees and forests of other libraries by the rules of Suho's own, one a seed, where Python has them. `base` are log base rates. */
export function peersOf(
  train: Rows,
  test: Rows,
  base: readonly number[],
  seeds: readonly number[],
): Peers | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-bench-'));
  try {
    for (const [part, { features, classes }] of [
      ['train', train],
      ['test', test],
    ] as const) {
      writeFileSync(path.join(folder, `${part}.f32`), new Uint8Array(features.buffer));
      writeFileSync(path.join(folder, `${part}.i8`), classes);
    }
    const job = { columns: FEATURE_COUNT, base, seeds, boosted: BOOSTED, forest: FOREST_RULES };
    writeFileSync(path.join(folder, 'job.json'), JSON.stringify(job));
    const script = fileURLToPath(new URL('../../bench/trees_peer.py', import.meta.url));
    const run = spawnSync(PYTHON, [script, folder], { encoding: 'utf8', timeout: 1_800_000 });
    if (run.status !== 0 && /ModuleNotFoundError|ENOENT/.test(`${run.stderr}${String(run.error)}`))
      return undefined;
    if (run.status !== 0) throw new Error(`trees_peer.py failed: ${run.stderr}`);
    const fits = JSON.parse(run.stdout) as Record<string, Omit<PeerFits, 'probabilities'>>;
    return Object.fromEntries(
      LIBRARIES.map((name) => {
        const bytes = readFileSync(path.join(folder, `${name}.f32`));
        const probabilities = new Float32Array(new Uint8Array(bytes).buffer);
        return [name, { ...fits[name]!, probabilities }];
      }),
    ) as Peers;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
