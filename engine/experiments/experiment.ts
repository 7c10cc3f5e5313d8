import { Piscina } from 'piscina';
import { HORIZONS } from '../../actors/features/labels.js';
import { SuhoError, messageOf } from '../errors.js';
import { edgeOf, skillZOf } from '../learning/verdict.js';
import { THREAD_OPTIONS } from '../worker-threads.js';
import type { Conclusion, ExperimentSettings, ExperimentStore, TrialRecord } from './experiment-store.js';
import { STAGES, bestOf, openJobs, type Done, type Job } from './halving.js';
import { candidateAt, type SearchedFamily } from './search-space.js';
import type { TrialOrder, TrialSetup } from './trial-worker.js';
import type { FinalScore, Tried, TrialScore } from './trial.js';

/** Rounds of an experiment at most: 8,000 candidates. */
const ROUNDS_MAX = 1_000;

export interface ExperimentRun {
  readonly name: string;
  readonly settings: ExperimentSettings;
  readonly families: readonly SearchedFamily[];
  readonly seed: number;
  /** How long trials begin for, those of earlier runs of the same experiment included. */
  readonly budgetSeconds: number;
  /** Threads, one or two. */
  readonly workers: number;
  readonly setup: TrialSetup;
  /** Told after every fit: share of the budget, fits and candidates so far, the best excess of log-loss. */
  readonly onTrial: (share: number, fits: number, best: number | undefined) => void;
}

/** An experiment that is over. */
export interface Experiment {
  readonly trials: readonly TrialRecord[];
  readonly conclusion: Conclusion;
}

/**
 * Searches families, features and rules at random with successive halving until the budget is over, chooses the winner on rows
 * that no model was fitted to, and reports it once on rows that no trial saw. Every fit is stored before the next begins: the
 * same experiment goes on where a process that died left it, and one that is concluded is only told. Throws `BAD_INPUT` when the
 * name is another experiment's, or nothing could be fitted.
 */
export async function runExperiment(run: ExperimentRun, store: ExperimentStore): Promise<Experiment> {
  const { name, settings } = run;
  const stored = await store.open(name, settings);
  if (!isSame(stored.settings, settings))
    throw new SuhoError(
      'BAD_INPUT',
      `There is an experiment "${name}" already, of ${stored.settings.symbol} ${stored.settings.timeframe} with other bars, families or seed; give this one another --name.`,
    );
  if (stored.conclusion !== undefined) return { trials: stored.trials, conclusion: stored.conclusion };
  const pool = new Piscina<TrialOrder, TrialScore | FinalScore>({
    ...THREAD_OPTIONS,
    filename: new URL('./trial-worker.js', import.meta.url).href,
    minThreads: run.workers,
    maxThreads: run.workers,
    workerData: run.setup,
  });
  try {
    const trials = await search(run, store, pool, [...stored.trials]);
    const conclusion = await conclude(run, pool, trials);
    await store.conclude(name, conclusion);
    return { trials, conclusion };
  } finally {
    await pool.destroy();
  }
}

function isSame(a: ExperimentSettings, b: ExperimentSettings): boolean {
  const text = ({ symbol, timeframe, bars, from, through, families, seed }: ExperimentSettings): string =>
    JSON.stringify([symbol, timeframe, bars, from, through, families, seed]);
  return text(a) === text(b);
}

/** Fits candidates until the budget is over. What earlier processes of the experiment spent counts. */
async function search(
  run: ExperimentRun,
  store: ExperimentStore,
  pool: Piscina<TrialOrder, TrialScore | FinalScore>,
  trials: TrialRecord[],
): Promise<readonly TrialRecord[]> {
  const { budgetSeconds, workers, onTrial } = run;
  const before = trials.reduce((sum, { seconds }) => sum + seconds, 0) / workers;
  const begin = performance.now();
  const spent = (): number => before + (performance.now() - begin) / 1000;
  const running = new Map<string, Promise<void>>();
  const tell = (): void =>
    onTrial(Math.min(1, spent() / budgetSeconds), trials.length, bestOf(trials.map(doneOf))?.excess);
  let round = 0;
  tell();
  while (round < ROUNDS_MAX && (spent() < budgetSeconds || trials.length === 0)) {
    const open = openJobs(round, trials.map(doneOf));
    if (open.length === 0) {
      round++;
      continue;
    }
    const job = open.find((each) => !running.has(keyOf(each)));
    if (job !== undefined && running.size < workers) {
      const key = keyOf(job);
      const ended = fit(run, store, pool, job).then((trial) => {
        trials.push(trial);
        running.delete(key);
        tell();
      });
      running.set(key, ended);
    } else await Promise.race(running.values());
  }
  await Promise.all(running.values());
  return trials;
}

function keyOf({ candidate, stage }: Job): string {
  return `${candidate}/${stage}`;
}

function doneOf(trial: TrialRecord): Done & { readonly trial: TrialRecord } {
  const { candidate, stage, score } = trial;
  const excess = score === undefined ? Infinity : score.logLoss - score.baseLogLoss;
  return { candidate, stage, excess: Number.isFinite(excess) ? excess : Infinity, trial };
}

/** One fit, stored whatever comes of it. */
async function fit(
  { name, seed, families }: ExperimentRun,
  store: ExperimentStore,
  pool: Piscina<TrialOrder, TrialScore | FinalScore>,
  { candidate, stage }: Job,
): Promise<TrialRecord> {
  const what = candidateAt(candidate, seed, families);
  const jobId = await store.begin(name, { candidate, stage, what });
  const begin = performance.now();
  const ended = (result: Pick<TrialRecord, 'score' | 'error'>): TrialRecord => ({
    candidate,
    stage,
    what,
    seconds: (performance.now() - begin) / 1000,
    ...result,
  });
  let trial: TrialRecord;
  try {
    const score = await pool.run({ kind: 'trial', candidate: what, share: STAGES[stage]!.share });
    trial = ended({ score, error: undefined });
  } catch (error) {
    trial = ended({ score: undefined, error: messageOf(error) });
  }
  await store.end(name, jobId, trial);
  return trial;
}

/** Chooses the winner on what the trials were compared on, and has it scored on what they did not see. */
async function conclude(
  { families, seed }: ExperimentRun,
  pool: Piscina<TrialOrder, TrialScore | FinalScore>,
  trials: readonly TrialRecord[],
): Promise<Conclusion> {
  const best = bestOf(trials.map(doneOf));
  if (best === undefined)
    throw new SuhoError(
      'BAD_INPUT',
      `None of ${trials.length} trials could be fitted: ${trials.find(({ error }) => error !== undefined)?.error ?? 'the budget was over before the first'}.`,
    );
  const winner = candidateAt(best.candidate, seed, families);
  const tried = triedOf(trials);
  const final = (await pool.run({ kind: 'final', candidate: winner, tried })) as FinalScore;
  const skillZ = skillZOf(tried.trials);
  return {
    winner,
    candidate: best.candidate,
    validation: best.trial.score!,
    final,
    fits: trials.length,
    candidates: tried.trials,
    skillZ,
    edge: edgeOf(final.scores, skillZ),
  };
}

/** How many candidates were tried, and how much their Sharpe ratios differ, each at the stage it came to. */
function triedOf(trials: readonly TrialRecord[]): Tried {
  const furthest = new Map<number, TrialRecord>();
  for (const trial of trials) {
    const known = furthest.get(trial.candidate);
    if (known === undefined || trial.stage > known.stage) furthest.set(trial.candidate, trial);
  }
  const ratios = [...furthest.values()].flatMap(({ score }) =>
    score?.sharpe === undefined ? [] : [score.sharpe],
  );
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const squares = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0);
  return {
    trials: furthest.size,
    sharpeSpread: ratios.length < 2 ? undefined : Math.sqrt(squares / (ratios.length - 1)),
  };
}

/** A conclusion in sentences. */
export function verdictOf({ final, validation, candidates, skillZ, edge }: Conclusion): string[] {
  const beside = ({ baseLogLoss, logLoss }: TrialScore): string =>
    `${Math.abs(baseLogLoss - logLoss).toFixed(4)} ${logLoss < baseLogLoss ? 'better' : 'worse'}`;
  const skills = HORIZONS.filter((_, horizon) => edge[horizon] === true);
  const z = final.scores
    .map(({ horizon, directional }) => `${horizon} ${directional.z.toFixed(1)}`)
    .join(', ');
  const { sharpe } = final.performance;
  return [
    `The log-loss of the winner of ${candidates} candidates is ${beside(validation)} than base rates where it was chosen and ${beside(final)} on rows that no trial saw; the difference is what choosing flattered it by, and chance.`,
    skills.length === 0
      ? `On those rows it showed no skill in telling up from down (z ${z}): with ${candidates} candidates tried that takes ${skillZ}.`
      : `On those rows it showed skill over ${skills.join(' and ')} (z ${z}; with ${candidates} candidates tried that takes ${skillZ}).`,
    sharpe === undefined
      ? 'By the default rule it never traded.'
      : `Traded by the default rule its Sharpe ratio is ${sharpe.annual.toFixed(2)} ± ${sharpe.standardError.toFixed(2)} a year; with ${candidates} candidates tried the chance that it is more than luck is ${(100 * sharpe.deflated.probability).toFixed(1)} %.`,
  ];
}
