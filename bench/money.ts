import { EngineUnderLoad } from './engine-under-load.js';
import { report } from './report.js';

/**
 * List prices of one public cloud (AWS, us-east-1, on demand, 2025), dollars: an m7g.large has two processors and 8 GiB;
 * gp3 is the block storage everything lies on.
 */
const PRICES = { machineHour: 0.0816, processors: 2, gigabytes: 8.6, diskGigabyteMonth: 0.08 } as const;
/** What a prediction may cost by the mission, dollars. */
const ALLOWED = 0.001;
/** How long what a prediction leaves in the stores is kept, months. */
const KEPT_MONTHS = 3;
const RATES = [100, 300];
const SECONDS = 30;
const MILLION = 1e6;
const HOUR = 3_600;

/** What a million predictions cost: processor time, memory while they are made, and what they leave on disk. All stores embedded. */
export async function benchMoney(): Promise<void> {
  const engine = await EngineUnderLoad.start();
  try {
    const lines = [
      `prices: ${PRICES.machineHour} $/h for ${PRICES.processors} processors and ${PRICES.gigabytes} GB, half for each; ${PRICES.diskGigabyteMonth} $ a GB and month, kept ${KEPT_MONTHS} months`,
    ];
    const results: object[] = [];
    for (const rate of RATES) {
      const { latency, window } = await engine.load(rate, { seconds: SECONDS });
      const threads = Object.values(window.threads).reduce((a, b) => a + b, 0);
      const cpuSeconds = ((threads + window.below) / latency.received / 1e6) * MILLION;
      const processorPrice = PRICES.machineHour / 2 / PRICES.processors;
      const processor = (cpuSeconds / HOUR) * processorPrice;
      const memoryPrice = PRICES.machineHour / 2 / PRICES.gigabytes;
      const memory = (window.memory.tree / 1e9) * (MILLION / rate / HOUR) * memoryPrice;
      const bytes = Object.entries(window.stored)
        .filter(([name]) => name !== 'journal')
        .reduce((sum, [, grown]) => sum + Math.max(0, grown), 0);
      const gigabytes = (bytes / latency.received / 1e9) * MILLION;
      const disk = gigabytes * PRICES.diskGigabyteMonth * KEPT_MONTHS;
      const dollars = processor + memory + disk;
      results.push({
        rate,
        cpuSeconds,
        memory: window.memory.tree,
        gigabytes,
        processor,
        memoryDollars: memory,
        disk,
        dollars,
      });
      lines.push(
        `${rate} bars/s: ${dollars.toFixed(3)} $ a million: processors ${processor.toFixed(3)} (${cpuSeconds.toFixed(0)} s), memory ${memory.toFixed(3)} (${(window.memory.tree / 1e6).toFixed(0)} MB), disk ${disk.toFixed(3)} (${gigabytes.toFixed(2)} GB); the mission allows ${(ALLOWED * MILLION).toFixed(0)} $`,
      );
    }
    report('money', lines, { prices: PRICES, results });
  } finally {
    await engine.stop();
  }
}
