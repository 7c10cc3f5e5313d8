import type { Health } from '../ops/health.js';
import { unary, type CallContext } from './calls.js';

/** Handlers of EngineService. */
export function engineService(calls: CallContext, health: Health): Record<string, unknown> {
  return {
    GetHealth: unary(calls, 'viewer', (_request: unknown, caller) =>
      caller.role === 'operator' ? health.snapshot() : health.snapshotFor(caller.tenantId),
    ),
  };
}
