import { SuhoError, messageOf } from '../errors.js';

/**
 * Codes of ClickHouse that are about the rows of an insert, which will fail again however often they come: what cannot be
 * parsed or read, is out of its type's range, too large, or violates a constraint of the table. A type that does not
 * match is not among them: our rows do not say their types, so it is the table that differs.
 */
const ABOUT_ROWS: ReadonlySet<string> = new Set([
  '6', // CANNOT_PARSE_TEXT
  '26', // CANNOT_PARSE_QUOTED_STRING
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '33', // CANNOT_READ_ALL_DATA
  '38', // CANNOT_PARSE_DATE
  '41', // CANNOT_PARSE_DATETIME
  '69', // ARGUMENT_OUT_OF_BOUND
  '72', // CANNOT_PARSE_NUMBER
  '117', // INCORRECT_DATA
  '128', // TOO_LARGE_ARRAY_SIZE
  '131', // TOO_LARGE_STRING_SIZE
  '321', // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  '349', // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  '469', // VIOLATED_CONSTRAINT
]);

/** What an insert failed of: `RECORD_REFUSED` when it is about its rows, else `STORE_UNAVAILABLE`. */
export function insertFailure(error: unknown): SuhoError {
  if (error instanceof SuhoError) return error;
  const code = ABOUT_ROWS.has(codeOf(error)) ? 'RECORD_REFUSED' : 'STORE_UNAVAILABLE';
  return new SuhoError(code, `ClickHouse answered: ${messageOf(error).trim()}`, { cause: error });
}

/** What a query of the engine's own failed of. */
export function queryFailure(error: unknown): SuhoError {
  if (error instanceof SuhoError) return error;
  return new SuhoError('STORE_UNAVAILABLE', `ClickHouse answered: ${messageOf(error).trim()}`, {
    cause: error,
  });
}

/** What a person's query failed of: `BAD_INPUT` when ClickHouse has something against it, else `STORE_UNAVAILABLE`. */
export function askFailure(error: unknown): SuhoError {
  if (error instanceof SuhoError) return error;
  const isAboutQuery = /^\d+$/.test(codeOf(error));
  return new SuhoError(
    isAboutQuery ? 'BAD_INPUT' : 'STORE_UNAVAILABLE',
    `ClickHouse answered: ${withoutChecks(messageOf(error)).trim()}`,
    { cause: error },
  );
}

/** A message without the queries around a person's that check it. */
function withoutChecks(message: string): string {
  return message.replace(/(?:: |\. )?\bIn scope [^]*$/, '');
}

/** The server's code: by its field, since the embedded engine has an error class of its own. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
