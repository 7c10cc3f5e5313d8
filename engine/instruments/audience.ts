import type { Timeframe } from '../../actors/market/timeframe.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { SequencedSignal } from '../journal/conclusions.js';
import { instrumentOfActor } from './ids.js';
import type { Instrument } from './instrument.js';
import type { Instruments } from './instruments.js';

/** A symbol and timeframe on which a user has signals of his own, on bars that closed after `since`. */
export interface OwnSignals {
  readonly symbol: string;
  readonly timeframe: string;
  readonly since: number;
}

/**
 * Whether a signal is for a caller: one of his own, or one of his tenant on a bar that he has none of his own of. A model that
 * withholds its signal is not stood in for.
 */
export function isFor(
  instruments: Pick<Instruments, 'get'>,
  { tenantId, userId }: SignalOwner,
  { actorId, signal }: Pick<SequencedSignal, 'actorId' | 'signal'>,
): boolean {
  if (signal.tenantId !== tenantId) return false;
  if (signal.userId !== undefined) return signal.userId === userId;
  if (userId === undefined) return true;
  const instrument = instruments.get(instrumentOfActor(actorId));
  const own = instrument?.userSignals(tenantId, userId, signal.timeframe);
  return own === undefined || signal.barCloseTime <= own.since;
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
  for (const { definition } of instruments.all())
    for (const each of definition.userSignals ?? [])
      if (each.tenantId === tenantId && each.userId === userId)
        own.push({ symbol: definition.symbol, timeframe: each.timeframe, since: each.since });
  return { userId, own };
}
