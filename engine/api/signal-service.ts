import { Metadata, type ServerWritableStream, type ServiceDefinition } from '@grpc/grpc-js';
import type { Timeframe } from '../../actors/market/timeframe.js';
import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { Caller } from '../credentials/caller.js';
import { SuhoError } from '../errors.js';
import type { AnomalyGate } from '../explanation/anomaly-gate.js';
import type { Explanations } from '../explanation/explanations.js';
import type { SignalHub } from '../publication/signal-hub.js';
import {
  Subscription,
  type PublishedSignal,
  type RetainedSignals,
  type SubscriptionEnd,
} from '../publication/subscription.js';
import { listAnomalies } from './anomalies.js';
import { decoded, endWithFailure, unary, type CallContext } from './calls.js';
import type { Received } from './definition.js';
import { StatusFailure, invalid } from './failure.js';
import { readEach, readInteger, readSymbol, readTimeframe } from './fields.js';
import type { ExplainSignalRequest__Output as ExplainSignalRequest } from './generated/suho/v1/ExplainSignalRequest.js';
import type { GetLatestSignalRequest__Output as GetLatestSignalRequest } from './generated/suho/v1/GetLatestSignalRequest.js';
import type { ListAnomaliesRequest__Output as ListAnomaliesRequest } from './generated/suho/v1/ListAnomaliesRequest.js';
import type { QuerySignalsRequest__Output as QuerySignalsRequest } from './generated/suho/v1/QuerySignalsRequest.js';
import type { SignalUpdate } from './generated/suho/v1/SignalUpdate.js';
import type { SlowPolicy__Output as SlowPolicy } from './generated/suho/v1/SlowPolicy.js';
import type { StreamSignalsRequest__Output as StreamSignalsRequest } from './generated/suho/v1/StreamSignalsRequest.js';
import { explainSignal } from './signal-explanation.js';
import { signalJson, type SignalJson } from './signal-encoding.js';
import { querySignals, type StoredSignalParts } from './stored-signals.js';

/** What the service of signals serves from. */
export interface SignalServiceParts extends StoredSignalParts {
  readonly calls: CallContext;
  readonly hub: SignalHub;
  readonly retained: RetainedSignals;
  readonly encode: (published: PublishedSignal) => Buffer;
  readonly queueMax: number;
  readonly explanations: Explanations;
  readonly anomalies: AnomalyGate;
  /** The newest signal of a caller's series that is stored. */
  readonly stored: (caller: SignalOwner, symbol: string, timeframe: Timeframe) => PublishedSignal | undefined;
  /** Whether a signal is for a caller: {@link isFor}. */
  readonly isFor: (caller: SignalOwner, published: PublishedSignal) => boolean;
}

/** The service with its handlers. Updates arrive as bytes already: made once, sent to all. */
export function signalService(
  declared: ServiceDefinition,
  parts: SignalServiceParts,
): [ServiceDefinition, Record<string, unknown>] {
  const stream = { ...declared['StreamSignals']!, responseSerialize: (bytes: Buffer) => bytes };
  return [
    { ...declared, StreamSignals: stream },
    {
      StreamSignals: (call: ServerWritableStream<Received<StreamSignalsRequest>, Buffer>) => {
        streamSignals(call, parts).catch((error: unknown) =>
          endWithFailure(call, parts.calls.failures.end(call.getPath(), error, { peer: call.getPeer() })),
        );
      },
      QuerySignals: unary(
        parts.calls,
        'viewer',
        async (request: QuerySignalsRequest, caller) => await querySignals(request, caller, parts),
      ),
      ExplainSignal: unary(
        parts.calls,
        'viewer',
        async (request: ExplainSignalRequest, caller) =>
          await explainSignal(request, caller, parts.explanations),
      ),
      ListAnomalies: unary(
        parts.calls,
        'viewer',
        async (request: ListAnomaliesRequest, caller) =>
          await parts.turns.run(async () => await listAnomalies(request, caller, parts)),
      ),
      GetLatestSignal: unary(parts.calls, 'viewer', (request: GetLatestSignalRequest, caller) =>
        latestSignal(request, caller, parts),
      ),
    },
  ];
}

/** How an update is encoded, by the service's own declaration. */
export function updateEncoder(declared: ServiceDefinition): (published: PublishedSignal) => Buffer {
  const serialize = declared['StreamSignals']!.responseSerialize as (update: SignalUpdate) => Buffer;
  return ({ sequence, signal }) => serialize({ signal: signalJson(sequence, signal), skipped: 0 });
}

async function streamSignals(
  call: ServerWritableStream<Received<StreamSignalsRequest>, Buffer>,
  parts: SignalServiceParts,
): Promise<void> {
  const { calls, hub, retained, encode, queueMax, isFor } = parts;
  const { admission, failures } = calls;
  const caller = await admission.admit(call, 'viewer', call.request.byteLength);
  const request = decoded(call.request);
  let failed = false;
  const fail = (failure: unknown): void => {
    failed = true;
    const by = { tenant: caller.tenantId, peer: call.getPeer() };
    endWithFailure(call, failures.end(call.getPath(), failure, by));
  };
  const subscription = new Subscription({
    filter: {
      tenantId: caller.tenantId,
      symbols: new Set(readEach('symbols', request.symbols, readSymbol)),
      timeframes: new Set(readEach('timeframes', request.timeframes, readTimeframe)),
      onlyActionable: request.only_actionable,
      isFor: (published) => isFor(caller, published),
    },
    outlet: {
      write: (bytes) => call.write(bytes),
      end: (reason) => fail(endOf(reason, queueMax)),
    },
    retained,
    encode,
    conflate: isConflated(request.slow_policy),
    queueMax,
    resumeAfter: readCursor(request.resume_after, retained),
  });
  const leavePlace = admission.openStream(caller, fail);
  const leave = (): void => {
    hub.remove(subscription);
    leavePlace();
  };
  call.on('drain', () => hub.resume(subscription));
  // A stream has no end of its own: one that the client hangs up on went well.
  call.on('cancelled', () => {
    if (!failed) failures.succeeded(call.getPath());
    leave();
  });
  call.on('close', leave);
  call.on('error', leave);
  // Headers go out at once, so that a client knows it is subscribed before the first signal.
  call.sendMetadata(new Metadata());
  hub.add(subscription);
  // Gone while its credential was looked at.
  if (call.cancelled) leave();
}

function latestSignal(
  request: GetLatestSignalRequest,
  caller: Caller,
  { hub, stored, isFor }: SignalServiceParts,
): SignalJson {
  const symbol = readSymbol('symbol', request.symbol);
  const timeframe = readTimeframe('timeframe', request.timeframe);
  const ofTenant = hub.latest(caller.tenantId, symbol, timeframe);
  const latest =
    ofTenant !== undefined && isFor(caller, ofTenant) ? ofTenant : stored(caller, symbol, timeframe);
  if (latest === undefined)
    throw new SuhoError('NOT_FOUND', `There is no signal for ${symbol} on ${timeframe} yet.`);
  return signalJson(latest.sequence, latest.signal);
}

function isConflated(policy: SlowPolicy): boolean {
  if (policy === 'SLOW_POLICY_LATEST_PER_SERIES') return true;
  if (policy === 'SLOW_POLICY_KEEP_ALL' || policy === 'SLOW_POLICY_UNSPECIFIED') return false;
  throw invalid('slow_policy', 'it must be SLOW_POLICY_KEEP_ALL or SLOW_POLICY_LATEST_PER_SERIES.');
}

/** The cursor to continue after. Throws OUT_OF_RANGE when it is not within what is retained. */
function readCursor(digits: string | undefined, retained: RetainedSignals): number | undefined {
  if (digits === undefined) return undefined;
  const cursor = readInteger('resume_after', digits);
  const purged = retained.purgedThrough();
  if (cursor < purged) throw purgedThrough(purged);
  const newest = Math.max(purged, retained.lastSequence());
  if (cursor <= newest) return cursor;
  throw new StatusFailure(
    'CURSOR_AHEAD',
    `resume_after: the newest signal is ${newest}, so ${cursor} is not of this engine's data; it may have been restored from an older copy. Resume after ${newest} or before.`,
    resumeFrom(newest),
  );
}

function purgedThrough(through: number): StatusFailure {
  return new StatusFailure(
    'CURSOR_PURGED',
    `resume_after: signals up to ${through} are no longer kept; resume after ${through}, or stream from now on.`,
    resumeFrom(through),
  );
}

function endOf(reason: SubscriptionEnd, queueMax: number): unknown {
  if (reason.kind === 'failed') return reason.error;
  if (reason.kind === 'purged') return purgedThrough(reason.through);
  return new StatusFailure(
    'SUBSCRIBER_TOO_SLOW',
    `The subscriber fell ${queueMax} signals behind; resume after ${reason.cursor}.`,
    resumeFrom(reason.cursor),
  );
}

/** The cursor to resume with, for a program to read. */
function resumeFrom(cursor: number): { readonly metadata: Readonly<Record<string, string>> } {
  return { metadata: { resume_after: String(cursor) } };
}
