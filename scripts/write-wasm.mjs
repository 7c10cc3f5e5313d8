// Writes engine/patterns/inner-products.wat as the module that is run, in a TypeScript file. With a folder as its argument it
// writes there instead; a test compares that with what is committed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import wabt from 'wabt';

const root = path.join(import.meta.dirname, '..');
const folder = path.join('engine', 'patterns');
const target = path.join(path.resolve(process.argv[2] ?? root), folder);
const source = readFileSync(path.join(root, folder, 'inner-products.wat'), 'utf8');
const compiler = await wabt();
const { buffer } = compiler.parseWat('inner-products.wat', source).toBinary({});
mkdirSync(target, { recursive: true });
writeFileSync(
  path.join(target, 'inner-products-module.ts'),
  `/** inner-products.wat in binary, as base64; written by scripts/write-wasm.mjs. */
export const INNER_PRODUCTS =
  '${Buffer.from(buffer).toString('base64')}';
`,
);
