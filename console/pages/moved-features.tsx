import type { MovedView } from '../../engine/console/wire.ts';
import { useAnswer } from '../api.ts';
import { decimal } from '../format.ts';
import { Card, Waiting } from '../parts/parts.tsx';

type Feature = MovedView['features'][number];

/** The inputs that moved a signal's forecast, for and against its direction. */
export function MovedFeatures({ id }: { readonly id: string }) {
  const { value, error, loading } = useAnswer<MovedView>('/api/signal/moved', { id });
  const most = Math.max(1e-9, ...(value?.features ?? []).map(({ change }) => Math.abs(change)));
  return (
    <Card title="What moved it">
      <Waiting error={error} loading={loading} />
      {value?.note != null && value.note !== '' && <p class="hint">{value.note}</p>}
      {value !== undefined && value.features.length > 0 && (
        <>
          <p class="hint">
            By how many points the model's probability of {value.direction} is higher than with a value as
            training had them, one input at a time.
          </p>
          <ul class="timing">
            {value.features.map((feature) => (
              <Row key={feature.name} of={feature} most={most} />
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

function Row({ of: { name, value, change }, most }: { readonly of: Feature; readonly most: number }) {
  const width = (Math.abs(change) / most) * 50;
  const points = `${change >= 0 ? '+' : ''}${(change * 100).toFixed(2)}`;
  return (
    <li title={value === null ? undefined : `enters the model as ${decimal(value, 3)}`}>
      <span class="name">{name}</span>
      <div class="gain-bar" role="img" aria-label={`${name}: ${points} points`}>
        <span
          class={change >= 0 ? 'up' : 'down'}
          style={{ width: `${width}%`, left: change >= 0 ? '50%' : `${50 - width}%` }}
        />
      </div>
      <span class="number">{points}</span>
    </li>
  );
}
