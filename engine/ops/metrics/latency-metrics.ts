import type { Families } from './families.js';
import type { MetricsSource } from './source.js';

/** How long bars take, stage by stage, and how it is at the door. */
export function latencyMetrics(add: Families, { latencies, door }: MetricsSource): void {
  add.histogram(latencies.metric);
  add.gauge({
    name: 'suho_door_waiting',
    help: 'Requests that wait at the door because more comes in than can be done',
    read: () => door().waiting,
  });
  add.counter({
    name: 'suho_door_waited_total',
    help: 'Requests that had to wait at the door since start',
    read: () => door().waited,
  });
  add.counter({
    name: 'suho_door_refused_total',
    help: 'Requests that waited too long at the door and were refused as OVERLOADED since start',
    read: () => door().refused,
  });
  add.gauge({
    name: 'suho_door_rows_max',
    help: 'Rows that may be in work at once: what was concluded in half a deadline lately',
    read: () => door().rowsMax,
  });
}
