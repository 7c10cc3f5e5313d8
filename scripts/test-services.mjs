// Runs the service tests, which start each real server they need, and says at the end what ran and what was
// skipped and why. A server that is not installed skips its tests loudly; it never passes them.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const folder = path.join(import.meta.dirname, '..', 'dist', 'test', 'services');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.js'))
  .map((name) => path.join(folder, name));
/** @type {string[]} */
const skippedTests = [];
const counts = { ran: 0, failed: 0 };
const isTest = ({ details, file }) => details?.type !== 'suite' && file !== undefined;
const events = run({ files, concurrency: false, timeout: 600_000 });
events.on('test:pass', (event) => {
  if (!isTest(event)) return;
  if (event.skip === undefined) counts.ran++;
  else skippedTests.push(`${event.name}: ${event.skip}`);
});
events.on('test:fail', (event) => {
  if (isTest(event)) counts.failed++;
  process.exitCode = 1;
});
events.compose(new spec()).pipe(process.stdout);
process.on('exit', () => {
  console.log(
    `\nservice tests: ${counts.ran} passed on real servers, ${counts.failed} failed, ${skippedTests.length} SKIPPED`,
  );
  for (const skipped of skippedTests) console.log(`  SKIPPED ${skipped}`);
});
