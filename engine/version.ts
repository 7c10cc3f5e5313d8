import { readFileSync } from 'node:fs';

/** Where package.json lies, seen from the compiled file. */
const PACKAGE = new URL('../../package.json', import.meta.url);

/** Version of this engine: that of its package. */
export const VERSION = (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string }).version;
