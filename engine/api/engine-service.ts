import { SuhoError, quoted } from '../errors.js';
import type { KeyedDeadLetter } from '../journal/dead-letters.js';
import type { Health } from '../ops/health.js';
import type { RefusedRecords } from '../sinks/refused-records.js';
import { unary, type CallContext } from './calls.js';
import { invalid } from './failure.js';
import { readInteger } from './fields.js';
import type { DeadLetter } from './generated/suho/v1/DeadLetter.js';
import type { DiscardDeadLettersRequest__Output as DiscardDeadLettersRequest } from './generated/suho/v1/DiscardDeadLettersRequest.js';
import type { DiscardDeadLettersResponse } from './generated/suho/v1/DiscardDeadLettersResponse.js';
import type { ListDeadLettersRequest__Output as ListDeadLettersRequest } from './generated/suho/v1/ListDeadLettersRequest.js';
import type { ListDeadLettersResponse } from './generated/suho/v1/ListDeadLettersResponse.js';
import type { RetryDeadLettersRequest__Output as RetryDeadLettersRequest } from './generated/suho/v1/RetryDeadLettersRequest.js';
import type { RetryDeadLettersResponse } from './generated/suho/v1/RetryDeadLettersResponse.js';

const SOURCES = { actor: 'DEAD_LETTER_SOURCE_ACTOR', sink: 'DEAD_LETTER_SOURCE_SINK' } as const;

/** Handlers of EngineService. */
export function engineService(
  calls: CallContext,
  health: Health,
  refused: RefusedRecords,
): Record<string, unknown> {
  return {
    GetHealth: unary(calls, 'viewer', (_request: unknown, caller) =>
      caller.role === 'operator' ? health.snapshot() : health.snapshotFor(caller.tenantId),
    ),
    ListDeadLetters: unary(calls, 'operator', (request: ListDeadLettersRequest): ListDeadLettersResponse => {
      const after = readInteger('after', request.after);
      const { letters, nextAfter } = refused.list(after, request.name === '' ? undefined : request.name);
      return { letters: letters.map(toProto), ...next(nextAfter) };
    }),
    RetryDeadLetters: unary(
      calls,
      'operator',
      async (request: RetryDeadLettersRequest) => await retry(refused, request),
    ),
    DiscardDeadLetters: unary(
      calls,
      'operator',
      async (request: DiscardDeadLettersRequest) => await discard(refused, request),
    ),
  };
}

async function retry(
  records: RefusedRecords,
  { sink, key, after }: RetryDeadLettersRequest,
): Promise<RetryDeadLettersResponse> {
  if (sink === '') throw invalid('sink', 'it must be the name of a sink, as GetHealth gives it.');
  if (key === undefined) {
    const { written, refused, nextAfter } = await records.retryPage(sink, readInteger('after', after));
    return { written, refused, ...next(nextAfter) };
  }
  const answer = await records.retry(sink, readInteger('key', key));
  if (answer === 'unknown') throw noLetter(`The sink ${sink}`, key);
  return { written: answer === 'written' ? 1 : 0, refused: answer === 'refused' ? 1 : 0 };
}

async function discard(
  records: RefusedRecords,
  { name, key, after }: DiscardDeadLettersRequest,
): Promise<DiscardDeadLettersResponse> {
  if (name === '')
    throw invalid('name', 'it must be the name of a sink or actor, as ListDeadLetters gives it.');
  if (key === undefined) {
    const { discarded, nextAfter } = await records.discardPage(name, readInteger('after', after));
    return { discarded, ...next(nextAfter) };
  }
  if (!(await records.discard(name, readInteger('key', key)))) throw noLetter(quoted(name), key);
  return { discarded: 1 };
}

function noLetter(whose: string, key: string): SuhoError {
  return new SuhoError(
    'NOT_FOUND',
    `${whose} has no dead letter ${key}; ListDeadLetters gives those there are.`,
  );
}

function next(after: number | undefined): { readonly next_after?: number } {
  return after === undefined ? {} : { next_after: after };
}

function toProto({ key, source, name, tenantId, about, error, at }: KeyedDeadLetter): DeadLetter {
  return { key, source: SOURCES[source], name, tenant_id: tenantId, about, error, time: at };
}
