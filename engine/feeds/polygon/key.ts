import { SuhoError } from '../../errors.js';

/** Variables that may hold the key: the vendor's old name and its new one. */
const VARIABLES = ['POLYGON_API_KEY', 'MASSIVE_API_KEY'] as const;

/**
 * The API key, from the environment only: it stands in no configuration file, argument or log. Throws `BAD_CONFIG` when
 * there is none, or when it is one that no header can carry.
 */
export function polygonKey(environment: NodeJS.ProcessEnv): string {
  const variable = VARIABLES.find((name) => (environment[name] ?? '').trim() !== '');
  if (variable === undefined)
    throw new SuhoError(
      'BAD_CONFIG',
      'Polygon needs an API key: set POLYGON_API_KEY (or MASSIVE_API_KEY) in the environment.',
    );
  const key = environment[variable]!.trim();
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new SuhoError('BAD_CONFIG', `${variable} holds characters that no API key has; set it again.`);
  return key;
}
