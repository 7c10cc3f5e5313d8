import type { FastifyInstance, FastifyRequest } from 'fastify';
import { statusName } from '../api/failure.js';
import type { AuditLog } from '../ops/audit-log.js';
import type { HttpCallers } from './credentials.js';

/** Methods that change nothing. */
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Writes every request that changes something into the audit log before its caller has the answer, whatever its route: a new one
 * cannot be forgotten. Requests that nobody was let in with are not acts; beginning and ending a session are such.
 */
export function auditChanges(server: FastifyInstance, audit: AuditLog, callers: HttpCallers): void {
  const outcomes = new WeakMap<FastifyRequest, string>();
  server.addHook('onError', async (request, _reply, error) => {
    outcomes.set(request, statusName(error));
  });
  server.addHook('onSend', async (request, _reply, payload: unknown) => {
    const caller = READING.has(request.method) ? undefined : callers.admitted(request);
    if (caller !== undefined)
      audit.add({
        tenant: caller.tenantId,
        user: caller.userId ?? '',
        role: caller.role,
        peer: `console ${request.ip}`,
        action: `${request.method} ${request.routeOptions.url ?? ''}`,
        request: request.body,
        outcome: outcomes.get(request) ?? 'OK',
      });
    return payload;
  });
}
