import { parseArgs } from 'node:util';
import { simulate } from './simulation.js';

/** Hours of one seed when none is given: many histories find more than one long one. */
const PIECE = 500;

const { values } = parseArgs({ options: { hours: { type: 'string' }, seed: { type: 'string' } } });
const hours = Number(values.hours ?? 1_000);
const given = values.seed === undefined ? undefined : Number(values.seed);
const first = given ?? Date.now() % 1_000_000;

for (let done = 0, seed = first; done < hours; seed++) {
  const piece = given === undefined ? Math.min(PIECE, hours - done) : hours;
  const start = performance.now();
  try {
    const report = await simulate(piece, seed);
    console.log(JSON.stringify({ ...report, seconds: Math.round((performance.now() - start) / 1000) }));
  } catch (error) {
    console.error(error);
    console.error(`play it again: npm run simulate -- --hours ${piece} --seed ${seed}`);
    process.exitCode = 1;
    break;
  }
  done += piece;
}
