import { spawn, type ChildProcess } from 'node:child_process';
import { EngineUnderLoad } from './engine-under-load.js';
import type { Latency } from './load.js';
import { report } from './report.js';

/** More than a machine of two cores can do. */
const FLOOD = 4_000;
const SECONDS = 10;
/** What has to hold: signals a second at three times what can be done, and the time from acknowledgement to signal, ms. */
const GOODPUT_MIN = 0.8;
const ACCEPTED_P99_MAX = 1_000;

/**
 * More than the engine can do: how many signals a second come out, and how late those are whose bars it took. First
 * what it can do at most, then three times as much, then the same while other processes take the cores.
 */
export async function benchOverload(): Promise<void> {
  const engine = await EngineUnderLoad.start();
  const burners: ChildProcess[] = [];
  try {
    const most = await offer(engine, FLOOD);
    const max = Math.max(1, Math.round(most.signalsPerSecond));
    const within = await offer(engine, Math.round(max * 0.7));
    const over = await offer(engine, 3 * max);
    for (let i = 0; i < 4; i++)
      burners.push(spawn(process.execPath, ['-e', 'for (;;) Math.sqrt(Math.random());']));
    const crowded = await offer(engine, 3 * max);
    const after = await (async () => {
      for (const burner of burners.splice(0)) burner.kill();
      return await offer(engine, Math.round(max * 0.7));
    })();
    const goodput = over.signalsPerSecond / max;
    const holds =
      goodput >= GOODPUT_MIN &&
      over.accepted.p99 <= ACCEPTED_P99_MAX &&
      crowded.received > 0 &&
      after.received === after.sent;
    report(
      'overload',
      [
        `the most it does: ${line(most)}`,
        `70 % of it: ${line(within)}`,
        `three times as much: ${line(over)}: ${(100 * goodput).toFixed(0)} % of the most`,
        `the same with four other processes on the cores: ${line(crowded)}`,
        `70 % again, after: ${line(after)}`,
        holds
          ? `holds: at least ${GOODPUT_MIN * 100} % of the most at three times as much, signals within ${ACCEPTED_P99_MAX} ms of the acknowledgement (p99), everything answered after`
          : `DOES NOT HOLD: wanted are ${GOODPUT_MIN * 100} % of the most, signals within ${ACCEPTED_P99_MAX} ms of the acknowledgement (p99), and everything answered after`,
      ],
      { most, within, over, crowded, after, holds },
    );
    if (!holds) process.exitCode = 1;
  } finally {
    for (const burner of burners) burner.kill();
    await engine.stop();
  }
}

async function offer(engine: EngineUnderLoad, rate: number): Promise<Latency> {
  return (await engine.load(rate, { seconds: SECONDS })).latency;
}

function line({ rate, signalsPerSecond, accepted }: Latency): string {
  return `${rate} bars/s offered, ${signalsPerSecond.toFixed(0)} signals/s, acknowledgement to signal p50 ${accepted.p50.toFixed(0)}, p99 ${accepted.p99.toFixed(0)} ms`;
}
