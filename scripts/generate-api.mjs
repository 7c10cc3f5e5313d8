// Writes what is generated from proto/: the compiled descriptors that reflection serves, and the TypeScript types of
// the messages. With a folder as its argument it writes there instead; a test compares that with what is committed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const target = path.resolve(process.argv[2] ?? root);
const run = (command, args) =>
  execFileSync(path.join(root, 'node_modules', '.bin', command), args, { cwd: root, stdio: 'inherit' });

mkdirSync(path.join(target, 'proto'), { recursive: true });
run('buf', [
  'build',
  'proto',
  '--as-file-descriptor-set',
  '--exclude-source-info',
  '-o',
  path.join(target, 'proto', 'descriptors.binpb'),
]);

// The options of engine/api/definition.ts, so that the types are those of the messages at run time.
const generated = path.join(target, 'engine', 'api', 'generated');
rmSync(generated, { recursive: true, force: true });
run('proto-loader-gen-types', [
  '--keepCase',
  '--longs=String',
  '--enums=String',
  '--defaults',
  '--arrays',
  '--objects',
  '--includeComments',
  '--importFileExtension=.js',
  '--includeDirs=proto',
  `--outDir=${generated}`,
  ...readdirSync(path.join(root, 'proto', 'suho', 'v1'))
    .filter((name) => name.endsWith('.proto'))
    .sort()
    .map((name) => `suho/v1/${name}`),
]);
