import { parseArgs } from 'node:util';
import { simulate } from './simulation.js';

const { values } = parseArgs({ options: { hours: { type: 'string' }, seed: { type: 'string' } } });
const hours = Number(values.hours ?? 1_000);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const start = performance.now();
try {
  const report = await simulate(hours, seed);
  console.log(
    JSON.stringify({ ...report, seconds: Math.round((performance.now() - start) / 1000) }, undefined, 2),
  );
} catch (error) {
  console.error(error);
  console.error(`play it again: npm run simulate -- --hours ${hours} --seed ${seed}`);
  process.exitCode = 1;
}
