/** Longest text that is looked at: a canonical symbol with slashes and spaces around. */
const GIVEN_MAX = 64;
const GIVEN = /^[A-Za-z0-9._/-]+$/;
const CANONICAL = /^[A-Z0-9][A-Z0-9._-]{1,23}$/;

/**
 * Brings a symbol to its canonical form: "EUR/USD" and "eurusd" become "EURUSD".
 * Returns undefined when what remains is not 2 to 24 ASCII letters, digits, dots, dashes or underscores. The alphabet is
 * checked first: upper case makes ASCII of some other letters ("ß" becomes "SS").
 */
export function canonicalSymbol(text: string): string | undefined {
  if (text.length > GIVEN_MAX) return undefined;
  const given = text.trim();
  if (!GIVEN.test(given)) return undefined;
  const symbol = given.replaceAll('/', '').toUpperCase();
  return CANONICAL.test(symbol) ? symbol : undefined;
}
