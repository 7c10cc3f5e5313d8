import type { AuditView } from '../../engine/console/wire-operations.ts';
import { useAnswer, useTicks } from '../api.ts';
import { utc } from '../format.ts';
import { Card, ScrollTable, Waiting } from '../parts/parts.tsx';

const RENEW_MS = 10_000;

/** What engineers and operators did, over gRPC and here. */
export function Audit({ renew }: { readonly renew: number }) {
  const tick = useTicks(RENEW_MS);
  const { value, error, loading } = useAnswer<readonly AuditView[]>(
    '/api/audit',
    {},
    `${renew} ${tick}`,
    true,
  );
  return (
    <Card title="Audit" class="wide">
      <Waiting error={error} loading={loading} />
      {value?.length === 0 && <p class="hint">No engineer or operator did anything to this engine yet.</p>}
      {value !== undefined && value.length > 0 && (
        <ScrollTable label="Acts, newest first" columns={['Time', 'Who', 'From', 'Act', 'With', 'Outcome']}>
          {value.map((act) => (
            <tr key={`${act.time} ${act.action} ${act.request}`}>
              <td>{utc(act.time)}</td>
              <td>
                {act.who} ({act.role})
              </td>
              <td>{act.from}</td>
              <td>{act.action}</td>
              <td class="reasons">{act.request === '{}' ? '' : act.request}</td>
              <td>
                <span class={`pill ${act.outcome === 'OK' ? 'good' : 'bad'}`}>{act.outcome}</span>
              </td>
            </tr>
          ))}
        </ScrollTable>
      )}
      <p class="hint">
        The newest hundred; <code>suho audit</code> has all.
      </p>
    </Card>
  );
}
