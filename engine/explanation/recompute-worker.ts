import type { MessagePort } from 'node:worker_threads';
import { FEATURE_COUNT } from '../../actors/features/catalogue.js';
import { SEQUENCE_SIZE } from '../../actors/features/sequence-channels.js';
import { WARM_UP_BARS } from '../../actors/signal-actor.js';
import { SeriesMachine } from '../../actors/series-machine.js';
import { calendarOfRule } from '../calendars.js';
import { unpackBars } from '../journal/records.js';
import { Random } from '../learning/random.js';
import type { BarPage, RecomputeTask, RecomputedRow } from './recompute-protocol.js';

/** Asks the other side for bars until it has no more. */
async function* pagesOf(port: MessagePort): AsyncGenerator<Float64Array> {
  for (;;) {
    const next = new Promise<BarPage>((resolve) => port.once('message', resolve));
    port.postMessage('more');
    const page = await next;
    if (page === undefined) return;
    yield page;
  }
}

/** Runs bars through the series' own step up to one row; undefined when there is no bar of that time. */
export default async function work(task: RecomputeTask): Promise<RecomputedRow | undefined> {
  const { timeframe, basis, closeTime, draws, seed, port } = task;
  const machine = new SeriesMachine(timeframe, basis, calendarOfRule(task.calendar));
  const state = new Float64Array(machine.stateSize);
  const random = new Random(seed);
  const drawn: Float32Array[] = [];
  const sequenceNow = (): Float32Array => {
    const sequence = new Float32Array(SEQUENCE_SIZE);
    machine.sequence.write(state, sequence, 0);
    return sequence;
  };
  try {
    for await (const page of pagesOf(port)) {
      for (const bar of unpackBars(page)) {
        machine.close(state, bar, () => undefined);
        const { features } = machine;
        const bars = machine.bars(state);
        if (features.market.closeTime === closeTime) {
          const model = new Float32Array(FEATURE_COUNT);
          features.writeModelForm(model, 0);
          const values = Float32Array.from(features.row.subarray(0, FEATURE_COUNT));
          return { bars, values, model, sequence: sequenceNow(), drawn };
        }
        // Reservoir sampling (Vitter's algorithm R): each earlier bar is as likely as any other.
        const warm = bars - WARM_UP_BARS;
        const place = warm <= draws ? warm - 1 : random.below(warm);
        if (place >= 0 && place < draws) drawn[place] = sequenceNow();
      }
    }
    return undefined;
  } finally {
    port.close();
  }
}
