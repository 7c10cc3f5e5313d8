import type { SignalOwner } from '../../actors/signals/prediction-id.js';
import type { Caller } from '../credentials/caller.js';
import { PLATFORM } from '../credentials/tenant-id.js';
import type { Alert as ModelAlert } from '../drift/alert-store.js';
import type { Alerts } from '../drift/alerts.js';
import { SuhoError, quoted } from '../errors.js';
import { unary, type CallContext } from './calls.js';
import { invalid } from './failure.js';
import type { AcknowledgeAlertRequest__Output as AcknowledgeAlertRequest } from './generated/suho/v1/AcknowledgeAlertRequest.js';
import type { AcknowledgeAlertResponse } from './generated/suho/v1/AcknowledgeAlertResponse.js';
import type { Alert } from './generated/suho/v1/Alert.js';
import type { CloseAlertRequest__Output as CloseAlertRequest } from './generated/suho/v1/CloseAlertRequest.js';
import type { CloseAlertResponse } from './generated/suho/v1/CloseAlertResponse.js';
import type { ListAlertsRequest__Output as ListAlertsRequest } from './generated/suho/v1/ListAlertsRequest.js';
import type { ListAlertsResponse } from './generated/suho/v1/ListAlertsResponse.js';

const LISTED_MAX = 1_000;
const STATES = {
  open: 'ALERT_STATE_OPEN',
  acknowledged: 'ALERT_STATE_ACKNOWLEDGED',
  closed: 'ALERT_STATE_CLOSED',
} as const;

export interface AlertServiceParts {
  readonly alerts: Pick<Alerts, 'list' | 'acknowledge' | 'close'>;
  /** Tenants the engine serves, the platform among them. */
  readonly tenantIds: () => readonly string[];
  readonly now: () => number;
}

/** As whom a caller reads: for its own tenant, where it is a user as that user, and for the platform, an operator for all tenants. */
export function seenBy(caller: Caller, tenantIds: () => readonly string[]): readonly SignalOwner[] {
  const more = caller.role === 'operator' ? tenantIds() : [PLATFORM];
  return readersOf(caller, more);
}

/** The same for what a caller may change: for its own tenant, an operator for any. */
export function changedBy(caller: Caller, tenantIds: () => readonly string[]): readonly SignalOwner[] {
  return readersOf(caller, caller.role === 'operator' ? tenantIds() : []);
}

function readersOf({ tenantId, userId }: Caller, more: readonly string[]): readonly SignalOwner[] {
  const others = more.filter((id) => id !== tenantId).map((id) => ({ tenantId: id }));
  return [{ tenantId, userId }, ...others];
}

/** Who acts, as it is written down. */
export function actorOf({ tenantId, userId, role }: Caller): string {
  return userId === undefined ? `${role} of ${tenantId}` : `${userId} (${role} of ${tenantId})`;
}

/** Alerts a caller sees, newest first: those not closed, or with `all` every one. Throws `STORE_UNAVAILABLE`. */
export async function alertsOf(
  { alerts, tenantIds }: AlertServiceParts,
  caller: Caller,
  all: boolean,
): Promise<readonly ModelAlert[]> {
  const found: ModelAlert[] = [];
  for (const reader of seenBy(caller, tenantIds)) found.push(...(await alerts.list(reader, all)));
  return found.sort((a, b) => b.raisedAt - a.raisedAt).slice(0, LISTED_MAX);
}

/** Acknowledges or closes an alert for a caller. Throws `NOT_FOUND` for one that the caller may not change, and `STORE_UNAVAILABLE`. */
export async function changeAlert(
  { alerts, tenantIds, now }: AlertServiceParts,
  caller: Caller,
  to: 'acknowledge' | 'close',
  id: string,
): Promise<ModelAlert> {
  const act = { by: actorOf(caller), at: now() };
  for (const reader of changedBy(caller, tenantIds)) {
    const changed = await alerts[to](reader, id, act);
    if (changed !== undefined) return changed;
  }
  const which = to === 'acknowledge' ? 'open' : 'unclosed';
  throw new SuhoError(
    'NOT_FOUND',
    `There is no ${which} alert ${quoted(id)}; ListAlerts gives those there are.`,
  );
}

/** Handlers of AlertService. */
export function alertService(calls: CallContext, parts: AlertServiceParts): Record<string, unknown> {
  const change = async (
    to: 'acknowledge' | 'close',
    id: string,
    caller: Caller,
  ): Promise<{ readonly alert: Alert }> => {
    if (id === '') throw invalid('alert_id', 'it must be the id of an alert, as ListAlerts gives it.');
    return { alert: toProto(await changeAlert(parts, caller, to, id)) };
  };
  return {
    ListAlerts: unary(
      calls,
      'viewer',
      async ({ all }: ListAlertsRequest, caller): Promise<ListAlertsResponse> => ({
        alerts: (await alertsOf(parts, caller, all)).map(toProto),
      }),
    ),
    AcknowledgeAlert: unary(
      calls,
      'engineer',
      async ({ alert_id: id }: AcknowledgeAlertRequest, caller): Promise<AcknowledgeAlertResponse> =>
        await change('acknowledge', id, caller),
    ),
    CloseAlert: unary(
      calls,
      'engineer',
      async ({ alert_id: id }: CloseAlertRequest, caller): Promise<CloseAlertResponse> =>
        await change('close', id, caller),
    ),
  };
}

function toProto(alert: ModelAlert): Alert {
  const { acknowledgedAt, closedAt } = alert;
  return {
    alert_id: alert.alertId,
    tenant_id: alert.tenantId,
    user_id: alert.userId ?? '',
    series: alert.seriesId,
    model: alert.model,
    version: alert.version,
    kind: alert.kind,
    severity: alert.severity,
    state: STATES[alert.state],
    summary: alert.summary,
    details: JSON.stringify(alert.details),
    raised_at: alert.raisedAt,
    acknowledged_by: alert.acknowledgedBy ?? '',
    closed_by: alert.closedBy ?? '',
    ...(acknowledgedAt === undefined ? {} : { acknowledged_at: acknowledgedAt }),
    ...(closedAt === undefined ? {} : { closed_at: closedAt }),
  };
}
