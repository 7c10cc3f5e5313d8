// Checks the import law with dependency-cruiser, and that it looked at something: a tool that reads no file
// finds no fault.
import { spawnSync } from 'node:child_process';

const { stdout, status, stderr } = spawnSync(
  'npx',
  [
    'depcruise',
    'actors',
    'engine',
    'bench',
    'test',
    '--config',
    '.dependency-cruiser.json',
    '--output-type',
    'json',
  ],
  { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
);
if (stdout === '') {
  process.stderr.write(stderr);
  process.exit(status ?? 1);
}
const { summary } = JSON.parse(stdout);
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} -> ${to}`);
const ours = summary.totalCruised;
if (ours < 100) {
  console.error(`The import law looked at ${ours} modules; something is wrong with its configuration.`);
  process.exit(1);
}
console.log(
  `import law: ${ours} modules, ${summary.totalDependenciesCruised} imports, ${summary.violations.length} violations`,
);
process.exit(summary.violations.length === 0 ? 0 : 1);
