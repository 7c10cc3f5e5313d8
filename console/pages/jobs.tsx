import { useState } from 'preact/hooks';
import type { JobView, JobsView } from '../../engine/console/wire-operations.ts';
import { messageOf, send, useAnswer, useTicks } from '../api.ts';
import { duration, utc } from '../format.ts';
import { Card, Meter, Waiting } from '../parts/parts.tsx';

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
  const [turn, setTurn] = useState(0);
  const [all, setAll] = useState(true);
  const [said, setSaid] = useState('');
  const { value, error, loading } = useAnswer<JobsView>(
    '/api/jobs',
    { all: all ? '1' : '0' },
    `${renew} ${tick} ${turn}`,
    true,
  );
  const cancel = async ({ id, series }: JobView): Promise<void> => {
    try {
      await send<JobView>('POST', '/api/jobs/cancel', { id });
      setSaid(`The training of ${series} is cancelled; the model in use stays.`);
    } catch (failure) {
      setSaid(messageOf(failure));
    }
    setTurn((n) => n + 1);
  };
  const { cpuSeconds = 0, budgetSeconds = 0 } = value ?? {};
  const used = `${duration(cpuSeconds)} of ${duration(budgetSeconds)} of processor time in the last hour`;
  return (
    <Card
      title="Retraining"
      class="wide"
      extra={
        <label class="check">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
          Ended ones too
        </label>
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
    <div class="scroll" tabIndex={0} role="region" aria-label="Trainings, newest first">
      <table>
        <thead>
          <tr>
            {['Queued', 'Series', 'Trigger', 'State', 'Made', 'Processor', 'Why', 'Act'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </div>
  );
}
