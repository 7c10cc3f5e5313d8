import type { z } from 'zod';
import { invalid } from './failure.js';

/** Rows of one page at most. */
export const PAGE_MAX = 1_000;
/** Longest token that is looked at. */
const TOKEN_MAX = 512;

/** Rows that a page is to have; `fallback` when the request says none. Throws INVALID_ARGUMENT above {@link PAGE_MAX}. */
export function readPageSize(size: number, fallback: number): number {
  if (size > PAGE_MAX) throw invalid('page_size', `at most ${PAGE_MAX}; it is ${size}.`);
  return size === 0 ? fallback : size;
}

/** Where a page ended, as a token of which clients know only that it continues there. */
export function pageToken(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Where the page before ended; undefined for the first page. Throws INVALID_ARGUMENT for what is no token of this call. */
export function readPageToken<Place>(token: string, place: z.ZodType<Place>): Place | undefined {
  if (token === '') return undefined;
  const read = token.length > TOKEN_MAX ? undefined : place.safeParse(parsed(token));
  if (read?.success === true) return read.data;
  throw invalid('page_token', 'it is no token of this call; send next_page_token of the page before.');
}

function parsed(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    return undefined;
  }
}
