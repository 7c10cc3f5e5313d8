import type { LatencyView } from '../../engine/console/wire-operations.ts';
import { useAnswer, useTicks, type Answer } from '../api.ts';
import { count } from '../format.ts';
import { Card, Meter, Waiting } from '../parts/parts.tsx';

const RENEW_MS = 5_000;

/** What each stage is, in the order of a bar's way. */
const STAGES: Readonly<Record<string, string>> = {
  accept: 'until a request is acknowledged',
  queue: 'until the model is asked',
  inference: 'in the model',
  patterns: 'in similar moments',
  commit: 'until it is durable and sent',
  total: 'from acceptance to the stream',
};

type Stage = LatencyView['stages'][number];

interface Props {
  readonly latencies: Answer<LatencyView>;
}

/** How long bars take, asked for while they are `shown`. */
export function useLatencies(shown: boolean, renew: number): Answer<LatencyView> {
  const tick = useTicks(RENEW_MS);
  return useAnswer(shown ? '/api/latencies' : undefined, {}, `${renew} ${tick}`, true);
}

/** Where the time of bars goes, stage by stage. */
export function Latencies({ latencies: { value, error, loading } }: Props) {
  return (
    <Card title="Where the time of a bar goes" class="wide">
      <Waiting error={error} loading={loading} />
      {value?.stages.length === 0 && <p class="hint">No bar came in the last minute.</p>}
      <div class="stages">
        {value?.stages.map((stage) => (
          <StageHistogram key={stage.stage} of={stage} />
        ))}
      </div>
      <p class="hint">
        Figures are of the last one to two minutes; columns are all bars since the start, by how long they
        took.
      </p>
    </Card>
  );
}

function ms(x: number): string {
  return x < 10 ? x.toFixed(2) : x.toFixed(x < 100 ? 1 : 0);
}

const HEIGHT = 46;

function StageHistogram({ of }: { readonly of: Stage }) {
  const { stage, buckets, p50, p99, max } = of;
  const most = Math.max(1, ...buckets.map((bucket) => bucket.count));
  const told = `${stage}: half within ${ms(p50)} ms, 99 % within ${ms(p99)} ms, the longest ${ms(max)} ms`;
  return (
    <figure class="stage">
      <figcaption>
        <strong>{stage}</strong> <span class="hint">{STAGES[stage] ?? ''}</span>
      </figcaption>
      <div class="histogram" role="img" aria-label={told}>
        {buckets.map(({ atMost, count: n }) => (
          <span
            key={String(atMost)}
            title={`${atMost === null ? 'more' : `at most ${atMost} ms`}: ${count(n)}`}
            style={{ height: `${n === 0 ? 0 : Math.max(2, (n / most) * HEIGHT)}px` }}
          />
        ))}
      </div>
      <div class="scale" aria-hidden="true">
        <span>1 ms</span>
        <span>50 ms</span>
        <span>5 s</span>
      </div>
      <p class="number-line">
        p50 <strong>{ms(p50)}</strong> · p99 <strong>{ms(p99)}</strong> · max <strong>{ms(max)}</strong> ms
      </p>
    </figure>
  );
}

/** How much comes in beside what can be done. */
export function Door({ latencies: { value, error, loading } }: Props) {
  const { door } = value ?? {};
  return (
    <Card title="At the door">
      <Waiting error={error} loading={loading} />
      {door !== undefined && (
        <>
          <ul class="timing">
            <li>
              <span>requests that wait</span>
              <Meter
                share={door.waiting / Math.max(1, door.waiting + 10)}
                kind={door.waiting > 0 ? 'warn' : 'accent'}
                label={`${door.waiting} requests wait`}
              />
              <span class="number">{count(door.waiting)}</span>
            </li>
          </ul>
          <p class="hint">
            {count(door.rowsMax)} rows may be in work at once: what half a deadline suffices for lately. Since
            the start {count(door.waited)} requests had to wait and {count(door.refused)} were refused as
            overload.
          </p>
        </>
      )}
    </Card>
  );
}
