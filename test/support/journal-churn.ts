/**
 * A process that makes a journal's environment in a folder and commits what wears out LMDB's list of free pages:
 * an old reader that holds freed pages, and large values that are replaced or removed in the transaction that wrote
 * them. Arguments: folder, seed. Ends with a stack when a commit fails.
 */
import { commit, openEnvironment } from '../../engine/journal/environment.js';
import { seeded } from './seeded.js';

const COMMITS = 60;

const [folder, seed] = process.argv.slice(2) as [string, string];
const root = openEnvironment(folder);
const log = root.openDB<Uint8Array, number>({ name: 'log', encoding: 'binary' });
const states = root.openDB<Uint8Array, number>({ name: 'states', encoding: 'binary' });
const random = seeded(Number(seed));
let [first, next, holdFor] = [0, 0, 0];
let reader: Iterator<unknown> | undefined;
for (let i = 0; i < COMMITS; i++) {
  if (reader !== undefined && --holdFor <= 0) {
    reader.return?.();
    reader = undefined;
  }
  if (reader === undefined && random() < 0.2 && next > first + 5) {
    reader = log.getRange()[Symbol.iterator]();
    reader.next();
    holdFor = random() * 100;
  }
  const puts = Math.floor(random() * 30);
  const large = random() < 0.5;
  const removals = random() < 0.6 ? Math.floor(random() * 60) : 0;
  const scale = random();
  await commit(root, () => {
    const state = (): Buffer => Buffer.alloc(100 + Math.floor(random() * 30_000 * scale));
    for (let put = 0; put < puts; put++)
      log.putSync(next++, Buffer.alloc(50 + Math.floor(random() * (random() < 0.2 ? 6_000 : 1_500) * scale)));
    for (let n = 0; n < removals && first < next; n++) log.removeSync(first++);
    if (large) for (let key = 0; key < 3; key++) states.putSync(key, state());
    if (large && random() < 0.5)
      for (let key = 0; key < 3; key++)
        if (random() < 0.7) states.putSync(key, state());
        else states.removeSync(key);
  });
}
reader?.return?.();
await root.close();
