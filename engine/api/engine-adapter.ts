import { status } from '@grpc/grpc-js';
import type { Engine, IngestResult } from '../engine.js';
import { followPublished } from '../feeds/published-feed.js';
import type { Journal } from '../journal/journal.js';
import type { HealthSource } from '../ops/health.js';
import type { RetainedSignals } from '../publication/subscription.js';
import { StatusFailure } from './failure.js';
import type {
  InstrumentDirectory,
  InstrumentView,
  Intake,
  IntakeResult,
  PublishedBars,
  PublishedQuotes,
} from './ports.js';

/** Of each row handed in, its time; rows that are not accepted, rejected or late repeat the time before them. */
function resultOf(
  times: readonly number[],
  last: number,
  given: IngestResult,
  repeats: boolean,
): IntakeResult {
  const rejected = new Set(given.rejected.map(({ index }) => index));
  const skipped: { index: number; reason: 'duplicate' | 'late' }[] = [];
  let newest = last;
  times.forEach((time, index) => {
    if (rejected.has(index)) return;
    if (time < newest) skipped.push({ index, reason: 'late' });
    else if (time === newest && repeats) skipped.push({ index, reason: 'duplicate' });
    else newest = time;
  });
  const { accepted, duplicates, late } = given;
  return { accepted, duplicates, late, conflicts: 0, skipped, rejected: given.rejected };
}

/** {@link Intake} on the engine's own way in. */
export function intakeOf(engine: Engine): Intake {
  // Following may take a moment, and calls must be applied in the order they are made.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = async (
    take: () => Promise<{ readonly given: IngestResult; readonly result: IntakeResult }>,
  ): Promise<IntakeResult> => {
    const mine = turn.then(take);
    turn = mine.catch(() => undefined);
    const { given, result } = await mine;
    await given.durable;
    await engine.backlog();
    return result;
  };
  return {
    publishBars: async ({ tenantId, symbol, timeframe, signalTimeframes, bars }: PublishedBars) =>
      await inTurn(async () => {
        const group = await followPublished(engine, tenantId, symbol, timeframe, signalTimeframes);
        const last = engine.lastBarTime(group);
        const given = engine.ingestBars(group, bars);
        return {
          given,
          result: resultOf(
            bars.map(({ openTime }) => openTime),
            last,
            given,
            true,
          ),
        };
      }),
    publishQuotes: async ({ tenantId, symbol, signalTimeframes, quotes }: PublishedQuotes) =>
      await inTurn(async () => {
        const { base } = engine.config.bars;
        const group = await followPublished(engine, tenantId, symbol, base, signalTimeframes);
        const last = engine.lastQuoteTime(group);
        const given = engine.ingestQuotes(group, quotes);
        return {
          given,
          result: resultOf(
            quotes.map(({ ts }) => ts),
            last,
            given,
            false,
          ),
        };
      }),
  };
}

/** {@link InstrumentDirectory} on the engine's groups, which cannot be removed. */
export function instrumentsOf(engine: Engine): InstrumentDirectory {
  const views = (): InstrumentView[] =>
    engine.groups().map(({ feed, owner, symbol, base, signals }) => {
      const id = `${owner === 'platform' ? feed : `${owner}@${feed}`}/${symbol}`;
      const lastBarTime = engine.lastBarTime(id);
      return {
        id,
        feed,
        owner,
        symbol,
        base,
        signalTimeframes: [...new Set(signals.map(({ timeframe }) => timeframe))],
        state: 'live',
        error: undefined,
        bars: engine.barsOf(`${id}/${base}`),
        lastBarTime: Number.isFinite(lastBarTime) ? lastBarTime : undefined,
        retainedInputs: 0,
      };
    });
  return {
    list: (tenantId) => views().filter(({ owner }) => tenantId === undefined || owner === tenantId),
    remove: (id, { tenantId, all }) => {
      if (!views().some((view) => view.id === id && (all || view.owner === tenantId)))
        return Promise.resolve(false);
      throw new StatusFailure(
        status.FAILED_PRECONDITION,
        'This engine cannot remove an instrument while it runs.',
      );
    },
  };
}

/** {@link HealthSource} of the engine. */
export function healthSourceOf(engine: Engine): HealthSource {
  return {
    state: () => engine.state,
    counts: () => engine.counts(),
    actors: () => engine.systemCounts(),
    journal: () => engine.journal.stats(),
    sinks: () => engine.sinkStatus().map((sink) => ({ ...sink, deadLetters: 0 })),
    sources: () => engine.sourceStatus(),
    tenantCounts: (tenantId) => engine.tenantCounts(tenantId),
    troubledInstruments: () => [],
    withheldModels: () => [],
  };
}

/** {@link RetainedSignals} of the journal. */
export function retainedSignalsOf(journal: Journal): RetainedSignals {
  return {
    after: (sequence, limit) =>
      journal.signalsAfter(sequence, limit).map(({ sequence: place, conclusion: { result } }) => ({
        sequence: place,
        signal: result.kind === 'signal' ? result.signal : undefined,
      })),
    purgedThrough: () => journal.purgedThrough(),
    lastSequence: () => journal.lastSequence(),
  };
}
