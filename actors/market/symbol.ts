const CANONICAL = /^[A-Z0-9][A-Z0-9._-]{1,23}$/;

/**
 * Brings a symbol to its canonical form: "EUR/USD" and "eurusd" become "EURUSD".
 * Returns undefined when what remains is not 2 to 24 letters, digits, dots, dashes or underscores.
 */
export function canonicalSymbol(text: string): string | undefined {
  const symbol = text.trim().replaceAll('/', '').toUpperCase();
  return CANONICAL.test(symbol) ? symbol : undefined;
}
