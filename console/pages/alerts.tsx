import { useState } from 'preact/hooks';
import type { AlertView } from '../../engine/console/wire-operations.ts';
import { send, useActs, useAnswer, useTicks } from '../api.ts';
import { utc, words } from '../format.ts';
import { Card, Choice, ScrollTable, Waiting } from '../parts/parts.tsx';

const RENEW_MS = 10_000;
const KINDS: Readonly<Record<string, string>> = { critical: 'bad', warning: 'warn', info: 'idle' };

/** What monitors found about models, to be seen and closed. */
export function Alerts({ renew }: { readonly renew: number }) {
  const tick = useTicks(RENEW_MS);
  const [all, setAll] = useState(false);
  const { said, turn, act } = useActs();
  const { value, error, loading } = useAnswer<readonly AlertView[]>(
    '/api/alerts',
    { all: all ? '1' : '0' },
    `${renew} ${tick} ${turn}`,
    true,
  );
  const change = async (to: 'acknowledge' | 'close', { id, kind }: AlertView): Promise<void> =>
    await act(async () => {
      await send<AlertView>('POST', `/api/alerts/${to}`, { id });
      return `The alert about ${words(kind)} is ${to === 'close' ? 'closed' : 'acknowledged'}.`;
    });
  return (
    <Card
      title="Alerts"
      class="wide"
      extra={
        <Choice checked={all} onChange={setAll}>
          Closed ones too
        </Choice>
      }
    >
      <Waiting error={error} loading={loading} />
      <p role="status">{said}</p>
      {value?.length === 0 && (
        <p class="hint">
          {all ? 'No alert was ever raised.' : 'No alert is open.'} Monitors compare live inputs and outcomes
          with training and raise one when they differ by more than chance.
        </p>
      )}
      {value !== undefined && value.length > 0 && <Table alerts={value} onChange={change} />}
    </Card>
  );
}

interface TableProps {
  readonly alerts: readonly AlertView[];
  readonly onChange: (to: 'acknowledge' | 'close', alert: AlertView) => Promise<void>;
}

function Table({ alerts, onChange }: TableProps) {
  return (
    <ScrollTable
      label="Alerts, newest first"
      columns={['Raised', 'Severity', 'Series', 'What was found', 'State', 'Act']}
    >
      {alerts.map((alert) => (
        <tr key={alert.id}>
          <td>{utc(alert.raisedAt)}</td>
          <td>
            <span class={`pill ${KINDS[alert.severity] ?? 'idle'}`}>{alert.severity}</span>
          </td>
          <td>
            {alert.series}
            <br />
            <span class="hint">
              {alert.version}, {words(alert.kind)}
            </span>
          </td>
          <td class="reasons">{alert.summary}</td>
          <td>
            {alert.state}
            <br />
            <span class="hint">{alert.closedBy ?? alert.acknowledgedBy ?? ''}</span>
          </td>
          <td>
            <AlertActs alert={alert} onChange={onChange} />
          </td>
        </tr>
      ))}
    </ScrollTable>
  );
}

interface ActsProps {
  readonly alert: AlertView;
  readonly onChange: (to: 'acknowledge' | 'close', alert: AlertView) => Promise<void>;
}

function AlertActs({ alert, onChange }: ActsProps) {
  if (!alert.mayChange)
    return alert.state === 'closed' ? null : <span class="hint">for engineers of {alert.tenantId}</span>;
  const about = `the alert of ${utc(alert.raisedAt)} about ${alert.series}`;
  return (
    <div class="acts tight">
      {alert.state === 'open' && (
        <button
          type="button"
          class="quiet"
          aria-label={`Acknowledge ${about}`}
          onClick={() => void onChange('acknowledge', alert)}
        >
          Acknowledge
        </button>
      )}
      <button
        type="button"
        class="quiet"
        aria-label={`Close ${about}`}
        onClick={() => void onChange('close', alert)}
      >
        Close
      </button>
    </div>
  );
}
