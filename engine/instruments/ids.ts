import { gridName, readGridName, type TimeframeOfCalendar } from '../../actors/market/bar-grid.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { SeriesIdentity } from '../feature-store/feature-store.js';
import type { InputRecord } from '../journal/records.js';

/** Shared feed that files are played as; what is trained on a file is a model of its series. */
export const FILE_FEED = 'file';

/** Id of an instrument: `feed/SYMBOL`, a private feed's with its tenant: `acme@published/EURUSD`. */
export function instrumentId(feed: string, owner: string, symbol: string): string {
  return `${owner === PLATFORM ? feed : `${owner}@${feed}`}/${symbol}`;
}

/** Id of a series of an instrument, and of its actor: `feed/SYMBOL/1h`, of a calendar `feed/SYMBOL/1d@fx`. */
export function seriesId(instrument: string, grid: TimeframeOfCalendar): string {
  return `${instrument}/${gridName(grid)}`;
}

export function instrumentOfSeries(id: string): string {
  return id.slice(0, id.lastIndexOf('/'));
}

/** Id of a signal actor for a series: a tenant's, or, with the user's name escaped, that of one of its users. */
export function signalActorId(tenantId: string, series: string, userId?: string): string {
  const owner = userId === undefined ? tenantId : `${tenantId}/${encodeURIComponent(userId)}`;
  return `signal:${owner}:${series}`;
}

export function readSignalActorId(id: string): SignalOwner & { readonly seriesId: string } {
  const [, owner = '', ...rest] = id.split(':');
  const [tenantId = '', user] = owner.split('/');
  const userId = user === undefined ? {} : { userId: decodeURIComponent(user) };
  return { tenantId, ...userId, seriesId: rest.join(':') };
}

/** Id of the signal actor that a `follow` input is about. */
export function followerOf(
  instrument: { seriesId(timeframe: Timeframe): string },
  { tenantId, timeframe, user }: Extract<InputRecord, { kind: 'follow' }>,
): string {
  return signalActorId(tenantId, instrument.seriesId(timeframe), user?.userId);
}

/** Id of the instrument that a series or signal actor belongs to. */
export function instrumentOfActor(actorId: string): string {
  return instrumentOfSeries(actorId.startsWith('signal:') ? readSignalActorId(actorId).seriesId : actorId);
}

/** Id of the series that stores and the registry know by an identity: the reverse of {@link seriesIdentity}. */
export function seriesOf(
  identity: TimeframeOfCalendar & Readonly<Record<'tenantId' | 'feed' | 'symbol', string>>,
): string {
  return seriesId(instrumentId(identity.feed, identity.tenantId, identity.symbol), identity);
}

/** Identity of a series in the stores. */
export function seriesIdentity(id: string): SeriesIdentity {
  const [feed = '', symbol = '', grid = ''] = id.split('/');
  const [owner = '', name = ''] = feed.includes('@') ? feed.split('@') : [PLATFORM, feed];
  return { tenantId: owner, feed: name, symbol, ...readGridName(grid) };
}
