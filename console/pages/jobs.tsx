import { useState } from 'preact/hooks';
import type { JobView, JobsView } from '../../engine/console/wire-operations.ts';
import { send, useActs, useAnswer, useTicks } from '../api.ts';
import { duration, utc } from '../format.ts';
import { Card, Choice, Meter, ScrollTable, Waiting } from '../parts/parts.tsx';

const RENEW_MS = 5_000;
const KINDS: Readonly<Record<string, string>> = {
  running: 'good',
  queued: 'idle',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'warn',
};

/** Trainings that wait, run and ended, with what asked for them and the budget they share. */
export function Jobs({ renew }: { readonly renew: number }) {
  const tick = useTicks(RENEW_MS);
  const [all, setAll] = useState(true);
  const { said, turn, act } = useActs();
  const { value, error, loading } = useAnswer<JobsView>(
    '/api/jobs',
    { all: all ? '1' : '0' },
    `${renew} ${tick} ${turn}`,
    true,
  );
  const cancel = async ({ id, series }: JobView): Promise<void> =>
    await act(async () => {
      await send<JobView>('POST', '/api/jobs/cancel', { id });
      return `The training of ${series} is cancelled; the model in use stays.`;
    });
  const { cpuSeconds = 0, budgetSeconds = 0 } = value ?? {};
  const used = `${duration(cpuSeconds)} of ${duration(budgetSeconds)} of processor time in the last hour`;
  return (
    <Card
      title="Retraining"
      class="wide"
      extra={
        <Choice checked={all} onChange={setAll}>
          Ended ones too
        </Choice>
      }
    >
      <Waiting error={error} loading={loading} />
      {value !== undefined && (
        <div class="budget">
          <Meter share={budgetSeconds === 0 ? 0 : cpuSeconds / budgetSeconds} label={used} />
          <span class="hint">{used}; when it is used up, jobs wait.</span>
        </div>
      )}
      <p role="status">{said}</p>
      {value?.jobs.length === 0 && (
        <p class="hint">
          {all ? 'Nothing was trained again yet.' : 'No training waits or runs.'} Drift, outcomes and age ask
          for trainings; <code>suho retrain EURUSD</code> does by hand.
        </p>
      )}
      {value !== undefined && value.jobs.length > 0 && <Table jobs={value.jobs} onCancel={cancel} />}
    </Card>
  );
}

interface TableProps {
  readonly jobs: readonly JobView[];
  readonly onCancel: (job: JobView) => Promise<void>;
}

function Table({ jobs, onCancel }: TableProps) {
  return (
    <ScrollTable
      label="Trainings, newest first"
      columns={['Queued', 'Series', 'Trigger', 'State', 'Made', 'Processor', 'Why', 'Act']}
    >
      {jobs.map((job) => (
        <tr key={job.id}>
          <td>{utc(job.queuedAt)}</td>
          <td>{job.series}</td>
          <td>{job.cause}</td>
          <td>
            <span class={`pill ${KINDS[job.status] ?? 'idle'}`}>{job.status}</span>
          </td>
          <td>{job.version ?? ''}</td>
          <td class="number">{job.cpuSeconds > 0 ? duration(job.cpuSeconds) : ''}</td>
          <td class="reasons">
            {job.reason}
            {job.error !== null && <p class="error">{job.error}</p>}
          </td>
          <td>
            {job.mayCancel && (
              <button
                type="button"
                class="quiet"
                aria-label={`Cancel the training of ${job.series}`}
                onClick={() => void onCancel(job)}
              >
                Cancel
              </button>
            )}
          </td>
        </tr>
      ))}
    </ScrollTable>
  );
}
