import { useState } from 'preact/hooks';
import type { DeadLettersView, RetriedView } from '../../engine/console/wire-operations.ts';
import { send, useActs, useAnswer } from '../api.ts';
import { count as counted, utc } from '../format.ts';
import { Card, ScrollTable, Waiting } from '../parts/parts.tsx';

interface Props {
  readonly renew: number;
  /** How many there are, from the health: when it changes they are asked for again. */
  readonly count: number;
}

/** Records that stores refused, which an operator can have written again, and failures of actors. */
export function DeadLetters({ renew, count }: Props) {
  const { said, turn, act } = useActs();
  const [busy, setBusy] = useState(false);
  const { value, error, loading } = useAnswer<DeadLettersView>(
    '/api/dead-letters',
    {},
    `${renew} ${turn} ${count}`,
  );
  const letters = value?.letters ?? [];
  const sinks = [...new Set(letters.filter(({ source }) => source === 'sink').map(({ name }) => name))];
  const retry = async (sink: string, key?: number): Promise<void> => {
    setBusy(true);
    await act(async () => {
      const { written, refused } = await send<RetriedView>('POST', '/api/dead-letters/retry', {
        sink,
        ...(key === undefined ? {} : { key }),
      });
      return `${counted(written)} records written, ${counted(refused)} refused again.`;
    });
    setBusy(false);
  };
  return (
    <Card
      title="Dead letters"
      class="wide"
      extra={sinks.map((sink) => (
        <button key={sink} type="button" class="main" disabled={busy} onClick={() => void retry(sink)}>
          Write all of {sink} again
        </button>
      ))}
    >
      <Waiting error={error} loading={loading} />
      <p role="status">{said}</p>
      {value !== undefined && letters.length === 0 && <p class="hint">There are none.</p>}
      {letters.length > 0 && <Letters letters={letters} busy={busy} onRetry={retry} />}
      {value?.nextAfter != null && (
        <p class="hint">
          The oldest hundred are shown; <code>suho dead-letters list</code> has all.
        </p>
      )}
    </Card>
  );
}

interface LettersProps {
  readonly letters: DeadLettersView['letters'];
  readonly busy: boolean;
  readonly onRetry: (sink: string, key: number) => Promise<void>;
}

function Letters({ letters, busy, onRetry }: LettersProps) {
  return (
    <ScrollTable
      label="Dead letters, oldest first"
      columns={['Time', 'Of', 'Tenant', 'About', 'Error', 'Replay']}
    >
      {letters.map((letter) => (
        <tr key={letter.key}>
          <td>{utc(letter.at)}</td>
          <td>{letter.name}</td>
          <td>{letter.tenantId}</td>
          <td class="reasons">{letter.about}</td>
          <td class="reasons">{letter.error}</td>
          <td>
            {letter.source === 'sink' && (
              <button
                type="button"
                class="quiet"
                disabled={busy}
                aria-label={`Write letter ${letter.key} again`}
                onClick={() => void onRetry(letter.name, letter.key)}
              >
                Write again
              </button>
            )}
          </td>
        </tr>
      ))}
    </ScrollTable>
  );
}
