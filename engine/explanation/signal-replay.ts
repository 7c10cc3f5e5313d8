import { isDeepStrictEqual } from 'node:util';
import { CATALOGUE, FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import type { Bar } from '../../actors/market/bar.js';
import { makeSignal } from '../../actors/signals/aggregation.js';
import { corrected } from '../../actors/signals/calibration.js';
import type { Evidence, ModelEvidence, PatternEvidence } from '../../actors/signals/evidence.js';
import type { Gates } from '../../actors/signals/gates.js';
import { vote } from '../../actors/signals/pattern-vote.js';
import { isOfCurrentFeatures, type Route } from '../../actors/signals/route.js';
import type { Signal } from '../../actors/signals/signal.js';
import { messageOf } from '../errors.js';
import { modelEvidenceOf } from '../evidence/model-evidence.js';
import type { Inference } from '../inference/inference.js';
import type { ModelPair } from '../inference/to-worker.js';
import type { PartitionKey, PatternIndex } from '../patterns/pattern-index.js';
import type { FoundSignal } from './found-signal.js';
import type { RecomputedRow } from './recompute-protocol.js';

/** Whether a part of a signal came out again: bit for bit, otherwise, or not at all because something is no longer kept. */
type ReplayOutcome = 'same' | 'differs' | 'gone' | 'not_used';

/** One step from a bar to its signal, made again. */
interface ReplayStep {
  readonly part: 'feature row' | 'sequence channels' | 'model' | 'similar moments' | 'signal';
  readonly outcome: ReplayOutcome;
  /** In a sentence, what differs or is no longer kept; empty when it is the same. */
  readonly note: string;
}

export interface Replay {
  /** Whether every step that the signal took came out again bit for bit. */
  readonly isSame: boolean;
  readonly steps: readonly ReplayStep[];
}

/** A feature row as it is kept. */
export interface KeptRow {
  readonly bar: Bar;
  readonly values: Float32Array;
}

/** The models of a signal, ready to be run. */
export interface RunnableModel {
  readonly route: Route;
  readonly pair: ModelPair;
}

/** What a replay is made from; a text in the place of a part says why it is not there. */
export interface ReplayInputs {
  readonly found: FoundSignal;
  readonly row: KeptRow | undefined;
  readonly recomputed: RecomputedRow | string;
  readonly model: RunnableModel | string;
  readonly gates: Gates;
  readonly partition: PartitionKey;
}

export interface ReplayPorts {
  readonly infer: (model: RunnableModel, row: RecomputedRow) => Promise<Inference>;
  readonly index: PatternIndex;
  /** Whether moments of a partition are in the index. */
  readonly isIndexed: (partition: PartitionKey) => boolean;
  readonly neighbours: number;
  /** As the signal's own evidence asked for them. */
  readonly relatedTo?: ((partition: PartitionKey, asOf: number) => Promise<readonly string[]>) | undefined;
}

/** Names shown of features that differ. */
const NAMED_MAX = 5;

const GONE_EVIDENCE =
  'The journal no longer keeps what the signal was made from; its forecasts are compared with those stored.';

/** Makes a signal again from what is kept, and says of every step whether it comes out the same. */
export async function replaySignal(inputs: ReplayInputs, ports: ReplayPorts): Promise<Replay> {
  const steps: ReplayStep[] = [rowStep(inputs)];
  const { found, recomputed, model } = inputs;
  const row = steps[0]!.outcome === 'same' && typeof recomputed !== 'string' ? recomputed : undefined;
  const takesSequence = typeof model !== 'string' && model.route.sequenceVersion !== undefined;
  steps.push(
    takesSequence
      ? {
          part: 'sequence channels',
          outcome: steps[0]!.outcome,
          note: row !== undefined ? '' : 'They follow from the same bars.',
        }
      : { part: 'sequence channels', outcome: 'not_used', note: 'The model takes none.' },
  );
  let inference: Inference | undefined;
  let ran: ReplayStep;
  if (typeof model === 'string') ran = gone('model', model);
  else if (row === undefined)
    ran = gone('model', 'Without its row the model cannot be asked; its answer is taken as kept.');
  else
    try {
      inference = await ports.infer(model, row);
      ran = modelStep(found, model, inference);
    } catch (error) {
      ran = gone('model', messageOf(error));
    }
  steps.push(ran);
  const moments = await momentStep(inputs, inference, ports);
  steps.push(moments.step, signalStep(inputs, inference, moments.patterns));
  return { isSame: steps.every(({ outcome }) => outcome === 'same' || outcome === 'not_used'), steps };
}

function gone(part: ReplayStep['part'], note: string): ReplayStep {
  return { part, outcome: 'gone', note };
}

function compared(part: ReplayStep['part'], isSame: boolean, note: string): ReplayStep {
  return isSame ? { part, outcome: 'same', note: '' } : { part, outcome: 'differs', note };
}

function rowStep({ row, recomputed, found }: ReplayInputs): ReplayStep {
  const part = 'feature row';
  if (found.seriesId === undefined)
    return gone(part, 'The series of the bar is no longer followed, so its row cannot be looked up.');
  if (row === undefined)
    return gone(part, 'Neither the journal nor the feature store keeps the feature row of the bar.');
  if (typeof recomputed === 'string') return gone(part, recomputed);
  const differs = CATALOGUE.filter((_, i) => !Object.is(row.values[i], recomputed.values[i]));
  const named = differs.slice(0, NAMED_MAX).map(({ name }) => name);
  return compared(
    part,
    differs.length === 0,
    `${differs.length} of ${CATALOGUE.length} features come out otherwise from the stored bars (${named.join(', ')}): bars before it were added, replaced or removed.`,
  );
}

function modelStep({ kept }: FoundSignal, { route }: RunnableModel, inference: Inference): ReplayStep {
  if (kept === undefined)
    return gone('model', 'The journal no longer keeps its answer; it is compared by the forecasts.');
  const again = modelEvidenceOf(route, inference);
  const { probabilities, returns, anomaly } = kept.signal.model;
  const isSame = isDeepStrictEqual(
    [again.probabilities, again.returns, again.anomaly],
    [probabilities, returns, anomaly],
  );
  return compared(
    'model',
    isSame,
    'Its answer to the same row has other bits; it depends on the batch it runs in.',
  );
}

async function momentStep(
  { found, partition }: ReplayInputs,
  inference: Inference | undefined,
  ports: ReplayPorts,
): Promise<{ readonly step: ReplayStep; readonly patterns: PatternEvidence | undefined }> {
  const part = 'similar moments';
  const kept = found.kept?.conclusion.evidence;
  const reasons = found.kept?.signal.degraded ?? found.stored?.degraded ?? [];
  const degraded = reasons.filter((reason) => reason.startsWith('patterns_'));
  if (degraded.length > 0) {
    const note = `The signal was made without them: ${degraded.join(', ')}.`;
    return { step: { part, outcome: 'not_used', note }, patterns: undefined };
  }
  const asKept = (note: string): { step: ReplayStep; patterns: PatternEvidence | undefined } => ({
    step: gone(part, note),
    patterns: kept?.patterns,
  });
  if (inference === undefined)
    return asKept('Without its row and model they cannot be looked up; their vote is taken as kept.');
  if (!ports.isIndexed(partition))
    return asKept(
      `The index no longer holds moments of embedding ${partition.embeddingVersion}; their vote is taken as kept.`,
    );
  const { embedding: vector } = inference;
  const asOf = found.facts.barCloseTime;
  const related = (await ports.relatedTo?.(partition, asOf)) ?? [];
  const again = vote(
    partition.embeddingVersion,
    await ports.index.search(partition, { vector, k: ports.neighbours, related, asOf }),
  );
  if (kept === undefined) return { step: gone(part, GONE_EVIDENCE), patterns: again };
  const step = compared(
    part,
    isDeepStrictEqual(again, kept.patterns),
    'The index finds others now: the oldest moments have left it, or some were added. Their vote is taken as kept.',
  );
  return { step, patterns: kept.patterns };
}

function signalStep(
  { found, row, model, gates }: ReplayInputs,
  inference: Inference | undefined,
  patterns: PatternEvidence | undefined,
): ReplayStep {
  const part = 'signal';
  const { kept, stored, facts } = found;
  if (row === undefined) return gone(part, 'Without its bar it cannot be made again.');
  if (typeof model === 'string') return gone(part, model);
  const own: ModelEvidence | undefined =
    inference === undefined ? kept?.signal.model : modelEvidenceOf(model.route, inference);
  if (own === undefined) return gone(part, GONE_EVIDENCE);
  const again = remade(found, row, model.route, gates, own, patterns);
  if (kept !== undefined) {
    const { timing: _, ...was } = kept.signal;
    if (kept.signal.calibration === undefined)
      return gone(part, 'It was made before the record of its confidence was kept with it.');
    const { timing: __, ...now } = again;
    const names = Object.keys({ ...was, ...now }) as (keyof typeof was)[];
    const differs = names.filter((name) => !isDeepStrictEqual(was[name], now[name]));
    return compared(part, differs.length === 0, `It comes out with another ${differs.join(', ')}.`);
  }
  const isSame = isDeepStrictEqual(
    [again.forecasts, again.anomaly, again.price],
    [facts.forecasts, facts.anomaly, facts.price],
  );
  if (!isSame) return compared(part, false, 'Its forecasts come out otherwise.');
  return gone(
    part,
    stored?.served === false
      ? 'It is the answer of an arm that did not serve; its forecasts come out the same, bit for bit.'
      : `Its forecasts come out the same, bit for bit. ${GONE_EVIDENCE}`,
  );
}

/** The signal of what it was made from, by the code that made it. */
function remade(
  { kept, facts }: FoundSignal,
  { bar, values }: KeptRow,
  route: Route,
  gates: Gates,
  model: ModelEvidence,
  patterns: PatternEvidence | undefined,
): Signal {
  const evidence: Evidence = kept?.conclusion.evidence ?? {
    closeTime: facts.barCloseTime,
    model,
    modelFailure: undefined,
    patterns,
    patternFailure: patterns === undefined ? 'none_yet' : undefined,
    timing: { queueMs: 0, inferenceMs: 0, patternsMs: 0 },
  };
  const record = kept?.signal.calibration;
  const { symbol, timeframe, barCloseTime: closeTime, qualityScore, qualityFlags } = facts;
  return makeSignal({
    tenantId: facts.tenantId,
    userId: facts.userId,
    row: {
      seriesId: '',
      symbol,
      timeframe,
      bar,
      closeTime,
      values,
      model: values,
      bars: 0,
      qualityScore,
      qualityFlags,
      labels: [],
    },
    route,
    gates,
    evidence: { ...evidence, model, patterns },
    model,
    calibrate: (_, probability) =>
      record === undefined ? { probability } : { probability: corrected(probability, record), record },
  });
}

/** Why a model of this feature set cannot be run here; undefined when it can. */
export function outdated(
  route: Pick<Route, 'featureSetVersion' | 'sequenceVersion' | 'version'>,
): string | undefined {
  return isOfCurrentFeatures(route)
    ? undefined
    : `${route.version} takes feature set ${route.featureSetVersion}, and this engine computes ${FEATURE_SET_VERSION}.`;
}
