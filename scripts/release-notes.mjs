// Prints the newest section of CHANGELOG.md: the notes of a release.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const text = readFileSync(path.join(import.meta.dirname, '..', 'CHANGELOG.md'), 'utf8');
const [, newest] = text.split(/^## /m);
if (newest === undefined) throw new Error('CHANGELOG.md has no section.');
process.stdout.write(`${newest.slice(newest.indexOf('\n')).trim()}\n`);
