import type { FastifyInstance, FastifyRequest } from 'fastify';
import { StatusFailure } from '../api/failure.js';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Whether an address to listen on can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return ['127.0.0.1', '::1', 'localhost'].includes(host);
}

/** The page runs its own scripts and styles and talks to where it came from, and nothing else. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every answer. */
export const GUARD_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_POLICY,
  // The files of the page say otherwise.
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

function hostOf(request: FastifyRequest): string {
  return (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
}

/**
 * Whether a request came under a name of this machine. A page of another site can make its own name resolve to 127.0.0.1
 * (DNS rebinding); it cannot change the name its requests carry.
 */
function hasKnownHost(request: FastifyRequest, host: string, names: ReadonlySet<string>): boolean {
  const asked = hostOf(request);
  if (names.has(asked)) return true;
  return isLoopback(host) ? LOOPBACK.has(asked) : names.size === 0;
}

/** Whether a request came to a loopback address, under a loopback name. */
export function isLocal(request: FastifyRequest, host: string): boolean {
  return isLoopback(host) && LOOPBACK.has(hostOf(request));
}

/** Whether a request comes from a page of this very server, or from no page at all. */
function isOfThisSite({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Puts the headers on every answer, and turns away what comes under another name or from another site. */
export function guard(server: FastifyInstance, host: string, names: readonly string[]): void {
  const known = new Set(names.map((name) => name.toLowerCase()));
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(GUARD_HEADERS);
    if (!hasKnownHost(request, host, known))
      throw new StatusFailure(
        'FOREIGN_ORIGIN',
        `The console is not served under this name; open it at http://127.0.0.1, or add the name to console.names.`,
      );
    // The route, not the address: /%61pi is /api as well.
    if (request.routeOptions.url?.startsWith('/api/') === true && !isOfThisSite(request))
      throw new StatusFailure('FOREIGN_ORIGIN', 'This request came from a page of another site.');
  });
}
