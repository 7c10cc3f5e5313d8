import { SuhoError, messageOf } from '../errors.js';

/**
 * Classes of SQLSTATE that are about the data of a statement: cardinality, data exceptions, integrity, the view's own
 * condition, program limits. Such a row is refused again however often it comes. All others (connection, login, rights,
 * missing tables, resources, locks, shutdown) pass or are mended outside.
 */
const ABOUT_DATA: ReadonlySet<string> = new Set(['21', '22', '23', '44', '54']);
/** `invalid_parameter_value` of class 22: a setting or a role, not a value of a row. */
const INVALID_PARAMETER = '22023';

/** What a write failed of: `RECORD_REFUSED` when it is about what was written, else `STORE_UNAVAILABLE`. */
export function writeFailure(error: unknown): SuhoError {
  if (error instanceof SuhoError) return error;
  const state = stateOf(error);
  const aboutData =
    ABOUT_DATA.has(state.slice(0, 2)) && state !== INVALID_PARAMETER && !lacksPartition(error);
  return new SuhoError(
    aboutData ? 'RECORD_REFUSED' : 'STORE_UNAVAILABLE',
    `PostgreSQL answered: ${messageOf(error)}`,
    { cause: error },
  );
}

/** Whether a row found no partition, for instance because it was dropped since it was made. */
export function lacksPartition(error: unknown): boolean {
  return stateOf(error) === '23514' && /no partition of relation/.test(messageOf(error));
}

function stateOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
