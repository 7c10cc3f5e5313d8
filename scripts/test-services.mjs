// Runs the service tests, which start each real server they need, and says at the end what ran and what was skipped
// and why. A server that is not installed skips its tests loudly; it never passes them. Under CI (or with
// SUHO_EXPECT_SERVICES, a list with commas between, empty for none) one that is expected and missing fails the run.
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const folders = [...(process.env['PATH'] ?? '').split(':'), path.join(homedir(), 'go', 'bin')];
/** @param {string} name */
const hasProgram = (name) => folders.some((folder) => existsSync(path.join(folder, name)));

/**
 * What this machine can have: packages where root may install them, Go programs where there is Go. ClickHouse is in
 * neither; its tests run against its HTTP interface over the embedded engine.
 * @returns {string[]}
 */
function expectedServices() {
  const told = process.env['SUHO_EXPECT_SERVICES'];
  if (told !== undefined) return told.split(',').filter((name) => name !== '');
  if (!['true', '1'].includes(process.env['CI'] ?? '')) return [];
  return [
    ...(process.getuid?.() === 0 && hasProgram('apt-get') ? ['postgresql', 'timescaledb', 'redis'] : []),
    ...(hasProgram('go') ? ['nats', 's3', 'weaviate'] : []),
  ];
}

const root = path.join(import.meta.dirname, '..', 'dist', 'test');
const { missingServer } = await import(path.join(root, 'support', 'servers.js'));
/** @type {string[]} */
const missing = expectedServices().flatMap((name) => missingServer(name) ?? []);
for (const reason of missing) console.error(`MISSING ${reason}`);
if (missing.length > 0) process.exit(1);

const folder = path.join(root, 'services');
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
