import { credentials, type ServiceClientConstructor } from '@grpc/grpc-js';
import { build } from 'hdr-histogram-js';
import type { SignalUpdate__Output as SignalUpdate } from '../engine/api/generated/suho/v1/SignalUpdate.js';
import { loadClients } from '../engine/api/definition.js';
import { inventedBars } from '../test/support/markets.js';

/** Loads the engine from a process of its own: bars go out on a schedule that waits for no answer. */
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
const histogram = build({
  lowestDiscernibleValue: 1,
  highestTrackableValue: 60_000_000,
  numberOfSignificantValueDigits: 3,
});
const sent = new Map<string, number>();
let received = 0;

const signals = open('SignalService')['StreamSignals']!({}) as unknown as NodeJS.ReadableStream & {
  cancel(): void;
};
await new Promise((resolve) => signals.once('metadata', resolve));
signals.on('error', () => undefined);
signals.on('data', ({ signal }: SignalUpdate) => {
  const key = `${signal?.symbol}/${signal?.bar_close_time}`;
  const due = sent.get(key);
  if (due === undefined) return;
  sent.delete(key);
  received++;
  histogram.recordValue(Math.max(1, Math.round((performance.now() - due) * 1000)));
});

const publish = open('MarketDataService')['PublishBars']!() as unknown as NodeJS.WritableStream &
  NodeJS.ReadableStream;
publish.on('data', () => undefined);
const total = rate * seconds;
const bars = inventedBars(firstBar + Math.ceil(total / symbolCount) + 1, { momentum: 0.62 });
const start = performance.now();
for (let i = 0; i < total;) {
  // Arrivals follow the clock alone; a late one counts from when it was due.
  const due = Math.floor(((performance.now() - start) / 1000) * rate);
  for (; i <= due && i < total; i++) {
    const bar = bars[firstBar + Math.floor(i / symbolCount)]!;
    const symbol = `SYM${i % symbolCount}`;
    sent.set(`${symbol}/${bar.openTime + 3_600_000}`, start + (i * 1000) / rate);
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
const deadline = Date.now() + 5_000;
while (sent.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
const at = (p: number): number => histogram.getValueAtPercentile(p) / 1000;
process.stdout.write(
  `${JSON.stringify({ rate, sent: total, received, p50: at(50), p99: at(99), p999: at(99.9), max: histogram.maxValue / 1000 })}\n`,
);
process.exit(0);
