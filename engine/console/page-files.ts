import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { SuhoError } from '../errors.js';

/** Where `npm run build` puts the page: beside the compiled engine. */
const FOLDER = fileURLToPath(new URL('../../console/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const compress = promisify(gzip);

/** Serves the files of the page, which are few: each is read once, when it is first asked for. */
export function servePage(server: FastifyInstance, folder = FOLDER): void {
  if (!existsSync(path.join(folder, 'index.html')))
    throw new SuhoError(
      'BAD_CONFIG',
      `The console is not built: there is no index.html in ${folder}; run npm run build.`,
    );
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of files) {
    const type = TYPES[path.extname(name)];
    if (type === undefined) continue;
    const url = name === 'index.html' ? '/' : `/${name.split(path.sep).join('/')}`;
    let packed: Promise<Buffer> | undefined;
    server.get(url, async (request, reply) => {
      // The names of all others carry a hash of their content.
      const cached = url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
      reply.headers({ 'content-type': type, 'cache-control': cached, vary: 'accept-encoding' });
      const content = await readFile(path.join(folder, name));
      if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return content;
      packed ??= compress(content);
      return reply.header('content-encoding', 'gzip').send(await packed);
    });
  }
}
