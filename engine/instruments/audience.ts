import type { Timeframe } from '../../actors/market/timeframe.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { SequencedSignal } from '../journal/conclusions.js';
import { instrumentOfActor } from './ids.js';
import type { Instrument } from './instrument.js';
import type { Instruments } from './instruments.js';

/** Bars of a symbol and timeframe that a user has signals of his own on: those that closed after `since`, up to `until`. */
export interface OwnSignals {
  readonly symbol: string;
  readonly timeframe: string;
  readonly since: number;
  /** Infinity while they go on. */
  readonly until: number;
}

/**
 * Whether a signal is for a caller: on bars that he has signals of his own on one of those, else one of his tenant. A model
 * that withholds its signal is not stood in for.
 */
export function isFor(
  instruments: Pick<Instruments, 'get'>,
  { tenantId, userId }: SignalOwner,
  { actorId, signal }: Pick<SequencedSignal, 'actorId' | 'signal'>,
): boolean {
  if (signal.tenantId !== tenantId) return false;
  if (signal.userId !== undefined && signal.userId !== userId) return false;
  if (userId === undefined) return true;
  const instrument = instruments.get(instrumentOfActor(actorId));
  const { timeframe, barCloseTime } = signal;
  const isOwn =
    instrument !== undefined &&
    stretchesOf(instrument, tenantId, userId, timeframe).some(
      ({ since, until }) => barCloseTime > since && barCloseTime <= until,
    );
  return isOwn === (signal.userId !== undefined);
}

/** Whether a caller may know a signal of which it has the id: its own, or its tenant's. */
export function isKnownTo({ tenantId, userId }: SignalOwner, signal: SignalOwner): boolean {
  return signal.tenantId === tenantId && (signal.userId === undefined || signal.userId === userId);
}

/** Whose signals on a timeframe a caller gets now: its own where it has any, else its tenant's. */
export function ownerOfSignals(
  instrument: Pick<Instrument, 'userSignals'>,
  { tenantId, userId }: SignalOwner,
  timeframe: Timeframe,
): SignalOwner {
  const isOwn = userId !== undefined && instrument.userSignals(tenantId, userId, timeframe) !== undefined;
  return isOwn ? { tenantId, userId } : { tenantId };
}

/** On what a user has signals of his own; undefined for callers that are no user. */
export function ownSignals(
  instruments: Pick<Instruments, 'all'>,
  { tenantId, userId }: SignalOwner,
): { readonly userId: string; readonly own: readonly OwnSignals[] } | undefined {
  if (userId === undefined) return undefined;
  const own: OwnSignals[] = [];
  for (const instrument of instruments.all()) {
    const { symbol, signals } = instrument.definition;
    for (const { timeframe, tenantId: follower } of signals)
      if (follower === tenantId)
        for (const stretch of stretchesOf(instrument, tenantId, userId, timeframe))
          own.push({ symbol, timeframe, ...stretch });
  }
  return { userId, own };
}

/** The bars of a timeframe that a user has signals of his own on. */
function stretchesOf(
  instrument: Pick<Instrument, 'userSignals' | 'pastUserSignals'>,
  tenantId: string,
  userId: string,
  timeframe: Timeframe,
): readonly Pick<OwnSignals, 'since' | 'until'>[] {
  const past = instrument
    .pastUserSignals(tenantId, userId, timeframe)
    .map(({ since, until }) => ({ since, until }));
  const now = instrument.userSignals(tenantId, userId, timeframe);
  return now === undefined ? past : [...past, { since: now.since, until: Infinity }];
}
