// Runs oxlint, and checks that it looked at something: a linter that reads no file finds no fault.
import { spawnSync } from 'node:child_process';

const FILES_MIN = 100;

const { stdout, stderr, status } = spawnSync('npx', ['oxlint', '--type-aware', '--deny-warnings'], {
  encoding: 'utf8',
});
process.stdout.write(stdout);
process.stderr.write(stderr);
const files = Number(/ on (\d+) files/.exec(stdout)?.[1] ?? 0);
if (files < FILES_MIN) {
  console.error(`oxlint looked at ${files} files; check ignorePatterns in .oxlintrc.json.`);
  process.exit(1);
}
process.exit(status ?? 1);
