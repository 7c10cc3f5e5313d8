import { credentials, type ServiceClientConstructor } from '@grpc/grpc-js';
import { build, type Histogram } from 'hdr-histogram-js';
import type { SignalUpdate__Output as SignalUpdate } from '../engine/api/generated/suho/v1/SignalUpdate.js';
import { loadClients } from '../engine/api/definition.js';
import { inventedBars } from '../test/support/markets.js';
import { WORST_MS, type Latency } from './load.js';

/**
 * Loads the engine from a process of its own: bars go out on a schedule that waits for no answer. Times count from when
 * a bar was due; one without its signal counts as the worst.
 */
const [port, symbolCount, rate, seconds, firstBar] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];

const services = loadClients();
const open = (name: string) =>
  new (services[name] as ServiceClientConstructor)(`127.0.0.1:${port}`, credentials.createInsecure());
const histogram = () =>
  build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: WORST_MS * 1000,
    numberOfSignificantValueDigits: 3,
  });
const record = (to: Histogram, ms: number): void =>
  to.recordValue(Math.max(1, Math.round(Math.min(ms, WORST_MS) * 1000)));
const at = (from: Histogram, p: number): number => from.getValueAtPercentile(p) / 1000;
/** Of what has its signal: from when it was due, and from when it was acknowledged. */
const [answered, accepted, acknowledged] = [histogram(), histogram(), histogram()];
/** What the signals themselves say of their time. */
const stages = { inference: histogram(), patterns: histogram() };
/** When each bar was due, and when its acknowledgement came. */
const sent = new Map<string, { readonly due: number; acknowledged: number | undefined }>();
const unacknowledged: string[] = [];
let received = 0;
let receivedInTime = 0;
let isSending = true;

const signals = open('SignalService')['StreamSignals']!({}) as unknown as NodeJS.ReadableStream & {
  cancel(): void;
};
await new Promise((resolve) => signals.once('metadata', resolve));
signals.on('error', () => undefined);
signals.on('data', ({ signal }: SignalUpdate) => {
  const key = `${signal?.symbol}/${signal?.bar_close_time}`;
  const bar = sent.get(key);
  if (bar === undefined) return;
  sent.delete(key);
  received++;
  if (isSending) receivedInTime++;
  const now = performance.now();
  record(answered, now - bar.due);
  record(accepted, now - (bar.acknowledged ?? now));
  record(stages.inference, signal!.timing?.inference_ms ?? 0);
  record(stages.patterns, signal!.timing?.patterns_ms ?? 0);
});

const publish = open('MarketDataService')['PublishBars']!() as unknown as NodeJS.WritableStream &
  NodeJS.ReadableStream;
publish.on('error', () => undefined);
publish.on('data', () => {
  const bar = sent.get(unacknowledged.shift()!);
  if (bar === undefined) return;
  bar.acknowledged = performance.now();
  record(acknowledged, bar.acknowledged - bar.due);
});
const total = rate * seconds;
const bars = inventedBars(firstBar + Math.ceil(total / symbolCount) + 1, { momentum: 0.62 });
const start = performance.now();
for (let i = 0; i < total;) {
  // Arrivals follow the clock alone; a late one counts from when it was due.
  const due = Math.floor(((performance.now() - start) / 1000) * rate);
  for (; i <= due && i < total; i++) {
    const bar = bars[firstBar + Math.floor(i / symbolCount)]!;
    const symbol = `SYM${i % symbolCount}`;
    const key = `${symbol}/${bar.openTime + 3_600_000}`;
    sent.set(key, { due: start + (i * 1000) / rate, acknowledged: undefined });
    unacknowledged.push(key);
    const { open: first, high, low, close, volume } = bar;
    publish.write({
      request_id: i,
      symbol,
      timeframe: 'TIMEFRAME_1H',
      bars: [{ open_time: bar.openTime, open: first, high, low, close, volume }],
    } as never);
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
}
isSending = false;
const elapsed = (performance.now() - start) / 1000;
const deadline = Date.now() + 5_000;
while (sent.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
for (const _ of sent) record(answered, WORST_MS);
process.stdout.write(
  `${JSON.stringify({
    rate,
    sent: total,
    received,
    signalsPerSecond: receivedInTime / elapsed,
    p50: at(answered, 50),
    p99: at(answered, 99),
    p999: at(answered, 99.9),
    acknowledged: { p50: at(acknowledged, 50), p99: at(acknowledged, 99) },
    accepted: { p50: at(accepted, 50), p99: at(accepted, 99) },
    inference: { p50: at(stages.inference, 50), p99: at(stages.inference, 99) },
    patterns: { p50: at(stages.patterns, 50), p99: at(stages.patterns, 99) },
  } satisfies Latency)}\n`,
);
process.exit(0);
