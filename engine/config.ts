import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { configSchema, settingName } from './config-schema.js';
import { closest } from './config-suggestions.js';
import { SuhoError, messageOf } from './errors.js';

export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;

type Values = Readonly<Record<string, unknown>>;

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy of nested objects with a value at a path. */
function placed(target: Values, [head = '', ...rest]: readonly string[], value: unknown): Values {
  const before = target[head];
  return {
    ...target,
    [head]: rest.length === 0 ? value : placed(isValues(before) ? before : {}, rest, value),
  };
}

/** Variables that are for commands which call an engine, not settings of one. */
const CLIENT_VARIABLES = new Set([
  'SUHO_ADDRESS',
  'SUHO_API_KEY',
  'SUHO_DEBUG',
  'SUHO_TLS',
  'SUHO_TLS_CA',
  'SUHO_TLS_CERT',
  'SUHO_TLS_KEY',
]);

interface Setting {
  readonly path: readonly string[];
  /** Whether it is taken as it is written: a password of digits is no number. */
  readonly isText: boolean;
}

/** A schema without its default and whether it may be left out. */
function unwrapped(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional)
    inner = inner.unwrap();
  return inner;
}

/** Settings by the name a variable has without SUHO_, underscores and case. */
function settingNames(schema: unknown, path: readonly string[]): Map<string, Setting> {
  const names = new Map<string, Setting>();
  const inner = unwrapped(schema);
  if (!(inner instanceof z.ZodObject))
    return names.set(path.join('').toLowerCase(), { path, isText: inner instanceof z.ZodString });
  for (const [key, value] of Object.entries(inner.shape)) {
    for (const [name, found] of settingNames(value, [...path, key])) names.set(name, found);
  }
  return names;
}

/** The variable of a setting: grpc.subscriberQueueMax is SUHO_GRPC_SUBSCRIBER_QUEUE_MAX. */
function variableOf(path: readonly string[]): string {
  return ['SUHO', ...path.map((part) => part.replaceAll(/[A-Z]/g, '_$&').toUpperCase())].join('_');
}

function suggestion(found: string | undefined): string {
  return found === undefined ? '' : `; did you mean ${found}?`;
}

/** Turns SUHO_GRPC_PORT=7000 into { grpc: { port: 7000 } }; names follow the schema, without case. */
function fromEnvironment(environment: NodeJS.ProcessEnv): Values {
  const settings = settingNames(configSchema, []);
  const variables = [...settings.values()].map(({ path }) => variableOf(path));
  const givenBy = new Map<Setting, string>();
  let result: Values = {};
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('SUHO_') || text === undefined || CLIENT_VARIABLES.has(name)) continue;
    const setting = settings.get(name.slice(5).replaceAll('_', '').toLowerCase());
    if (setting === undefined) {
      const near = suggestion(closest(name.toUpperCase(), [...variables, ...CLIENT_VARIABLES]));
      throw new SuhoError(
        'BAD_CONFIG',
        `There is no setting for the environment variable ${name}${near === '' ? '.' : near}`,
      );
    }
    const other = givenBy.get(setting);
    if (other !== undefined)
      throw new SuhoError(
        'BAD_CONFIG',
        `The environment variables ${other} and ${name} both set ${settingName(setting.path)}; keep one.`,
      );
    givenBy.set(setting, name);
    result = placed(result, setting.path, setting.isText ? text : readValue(text));
  }
  return result;
}

/** JSON, or the text itself where it is none. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function merge(a: Values, b: Values): Values {
  const result = new Map(Object.entries(a));
  for (const [key, value] of Object.entries(b)) {
    const before = result.get(key);
    result.set(key, isValues(before) && isValues(value) ? merge(before, value) : value);
  }
  return Object.fromEntries(result);
}

/** The schema at a path, through lists and the kinds of value a setting may have. */
function schemaAt(schema: unknown, path: readonly PropertyKey[]): z.ZodObject | undefined {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodUnion)
    return inner.options.map((option) => schemaAt(option, path)).find((found) => found !== undefined);
  const [head, ...rest] = path;
  if (head === undefined) return inner instanceof z.ZodObject ? inner : undefined;
  if (inner instanceof z.ZodArray) return schemaAt(inner.element, rest);
  return inner instanceof z.ZodObject ? schemaAt(inner.shape[String(head)], rest) : undefined;
}

/** Of the kinds of value a setting may have, the fault of the one that was meant: that which is not a wrong type altogether. */
function meant(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .map(([first]) => first)
    .find((first) => first !== undefined && !(first.code === 'invalid_type' && first.path.length === 0));
  return inner === undefined ? issue : meant({ ...inner, path: [...issue.path, ...inner.path] });
}

/** A fault of the configuration as a sentence. */
function sentence(found: z.core.$ZodIssue): string {
  const issue = meant(found);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(schemaAt(configSchema, issue.path)?.shape ?? {});
    const [first = ''] = issue.keys;
    const near = suggestion(closest(first, known));
    const names = issue.keys.map((key) => settingName([...issue.path, key])).join(', ');
    return `The configuration has no setting ${names}${near === '' ? '.' : near}`;
  }
  const where = settingName(issue.path);
  return `The configuration is wrong${where === '' ? '' : ` at ${where}`}: ${issue.message}.`;
}

function readConfigFile(file: string): Values {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = messageOf(error).replaceAll(/\s+/g, ' ').replace(/\.$/, '');
    throw new SuhoError('BAD_CONFIG', `Cannot read the configuration file ${file}: ${why}.`);
  }
  if (isValues(content)) return content;
  throw new SuhoError('BAD_CONFIG', `The configuration file ${file} must be one JSON object.`);
}

/**
 * Reads the configuration once: defaults, then the file, then SUHO_* variables, then `overrides` (flags).
 * Throws `BAD_CONFIG` naming the setting that is wrong or unknown.
 */
export function loadConfig(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
  overrides: ConfigInput = {},
): Config {
  const fromFile = file === undefined ? {} : readConfigFile(file);
  const given = merge(merge(fromFile, fromEnvironment(environment)), overrides);
  const parsed = configSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new SuhoError('BAD_CONFIG', sentence(parsed.error.issues[0]!));
}
