import { z } from 'zod';
import type { Caller } from '../credentials/caller.js';
import { SuhoError, quoted } from '../errors.js';
import { unary, type CallContext } from './calls.js';
import { invalid } from './failure.js';
import { toProtoTimeframe } from './fields.js';
import type { Instrument } from './generated/suho/v1/Instrument.js';
import type { ListInstrumentsRequest__Output as ListInstrumentsRequest } from './generated/suho/v1/ListInstrumentsRequest.js';
import type { ListInstrumentsResponse } from './generated/suho/v1/ListInstrumentsResponse.js';
import type { RemoveInstrumentRequest__Output as RemoveInstrumentRequest } from './generated/suho/v1/RemoveInstrumentRequest.js';
import type { RemoveInstrumentResponse } from './generated/suho/v1/RemoveInstrumentResponse.js';
import { PAGE_MAX, pageToken, readPageSize, readPageToken } from './paging.js';
import type { InstrumentDirectory, InstrumentView } from './ports.js';

/** Longest id of an instrument: tenant, feed and symbol. */
const ID_MAX = 160;

const STATES = {
  live: 'INSTRUMENT_STATE_LIVE',
  recovering: 'INSTRUMENT_STATE_RECOVERING',
  failed: 'INSTRUMENT_STATE_FAILED',
} as const;

/** Handlers of InstrumentService. */
export function instrumentService(
  calls: CallContext,
  directory: InstrumentDirectory,
): Record<string, unknown> {
  return {
    ListInstruments: unary(calls, 'viewer', (request: ListInstrumentsRequest, caller) =>
      list(request, seesAll(caller) ? undefined : caller.tenantId, directory),
    ),
    RemoveInstrument: unary(
      calls,
      'engineer',
      async (request: RemoveInstrumentRequest, caller): Promise<RemoveInstrumentResponse> => {
        const { instrument_id: id } = request;
        if (id === '' || id.length > ID_MAX)
          throw invalid(
            'instrument_id',
            `it must have 1 to ${ID_MAX} characters, as ListInstruments gives it.`,
          );
        const by = { tenantId: caller.tenantId, all: seesAll(caller) };
        if (await directory.remove(id, by)) return {};
        throw new SuhoError(
          'NOT_FOUND',
          `There is no instrument ${quoted(id)}; ListInstruments gives those there are.`,
        );
      },
    ),
  };
}

function list(
  request: ListInstrumentsRequest,
  tenantId: string | undefined,
  directory: InstrumentDirectory,
): ListInstrumentsResponse {
  const size = readPageSize(request.page_size, PAGE_MAX);
  const after = readPageToken(request.page_token, z.string()) ?? '';
  const found = directory.list(tenantId, { after, limit: size + 1 });
  const instruments = found.slice(0, size).map(toProto);
  return {
    instruments,
    next_page_token: found.length > size ? pageToken(found[size - 1]!.id) : '',
  };
}

function seesAll({ role }: Caller): boolean {
  return role === 'operator';
}

function toProto(view: InstrumentView): Instrument {
  return {
    instrument_id: view.id,
    feed: view.feed,
    owner: view.owner,
    symbol: view.symbol,
    base_timeframe: toProtoTimeframe(view.base),
    calendar: view.calendar,
    signal_timeframes: view.signalTimeframes.map(toProtoTimeframe),
    state: STATES[view.state],
    error: view.error ?? '',
    bars: view.bars,
    retained_inputs: view.retainedInputs,
    ...(view.lastBarTime === undefined ? {} : { last_bar_time: view.lastBarTime }),
  };
}
