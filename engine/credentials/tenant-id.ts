import { SuhoError } from '../errors.js';

/** Owner of shared feeds, models and rows in the stores; no tenant can have this id. */
export const PLATFORM = 'platform';

/** What a name must look like, as a clause for a message. */
export const NAME_RULE =
  'it must begin with a letter or digit and have letters, digits, "-" and "_" only, 63 at most';

/**
 * Whether a text can name a tenant, a user, a feed or a consumer. Keys are joined from names with `@`, `:`, `/`,
 * `|` and `.`, so a name has none of these: two different names never give the same key.
 */
export function isName(text: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,62}$/i.test(text);
}

/** Whether a text can be a tenant's id: a name, and not the platform's in whatever case. */
export function isTenantId(text: unknown): text is string {
  return typeof text === 'string' && isName(text) && text.toLowerCase() !== PLATFORM;
}

/** What is wrong with a tenant id, as a clause for a message; undefined for a good one. */
export function tenantIdDefect(text: string): string | undefined {
  const isWellFormed = isName(text);
  if (isWellFormed && text.toLowerCase() !== PLATFORM) return undefined;
  return isWellFormed
    ? `"${text}" is reserved for what belongs to no tenant; choose another tenant id`
    : `"${text}" is not a tenant id: ${NAME_RULE}`;
}

/** A tenant's id from outside. Throws `BAD_INPUT` with a sentence. */
export function readTenantId(text: string): string {
  const defect = tenantIdDefect(text);
  if (defect !== undefined) throw new SuhoError('BAD_INPUT', `${defect}.`);
  return text;
}
