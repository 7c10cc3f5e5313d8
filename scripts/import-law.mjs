// Checks the import law with dependency-cruiser, and that it looked at something: a tool that reads no file
// finds no fault.
import { spawnSync } from 'node:child_process';

const FOLDERS = ['actors', 'engine', 'console', 'bench', 'test'];
/** Modules of the core and of the engine at least; each has more. */
const MODULES_MIN = 100;

const { stdout, status, stderr } = spawnSync(
  'npx',
  ['depcruise', ...FOLDERS, '--config', '.dependency-cruiser.json', '--output-type', 'json'],
  { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
);
if (stdout === '') {
  process.stderr.write(stderr);
  process.exit(status ?? 1);
}
const { modules, summary } = JSON.parse(stdout);
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} -> ${to}`);
const counts = FOLDERS.map(
  (folder) => modules.filter(({ source }) => source.startsWith(`${folder}/`)).length,
);
const [core, engine] = counts;
console.log(
  `import law: ${FOLDERS.map((folder, i) => `${counts[i]} modules in ${folder}`).join(', ')}; ${summary.violations.length} violations`,
);
if (Math.min(core, engine) < MODULES_MIN) {
  console.error(
    `dependency-cruiser found fewer than ${MODULES_MIN} modules in actors or engine; check .dependency-cruiser.json and the TypeScript version.`,
  );
  process.exit(1);
}
process.exit(summary.violations.length === 0 ? 0 : 1);
