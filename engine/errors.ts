/** Stable codes of errors that a person or a client can act on. */
export type ErrorCode =
  | 'BAD_CONFIG'
  | 'BAD_FILE'
  | 'BAD_INPUT'
  | 'BAD_MODEL'
  | 'DATA_FOLDER_IN_USE'
  | 'DATA_FOLDER_VERSION'
  | 'FORBIDDEN'
  | 'INSTRUMENT_FAILED'
  | 'JOURNAL_FULL'
  | 'NOT_FOUND'
  | 'PORT_IN_USE'
  | 'QUOTA_EXCEEDED'
  /** A store will never take this record; others it takes. */
  | 'RECORD_REFUSED'
  | 'STORE_UNAVAILABLE'
  | 'DEADLINE'
  | 'OVERLOADED'
  | 'STOPPING'
  | 'TRAINING_FAILED';

/** An error whose message is a sentence for a person; it reaches the terminal or a client as it is. */
export class SuhoError extends Error {
  readonly code: ErrorCode;
  /** Figures of this error, for a program. */
  readonly facts: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { readonly facts?: Readonly<Record<string, string>> } = {},
  ) {
    super(message, options);
    this.name = 'SuhoError';
    this.code = code;
    this.facts = options.facts ?? {};
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const SYSTEM_FAILURES: Readonly<Record<string, string>> = {
  EACCES: 'no permission for %',
  EDQUOT: 'the quota of the disk that holds % is used up',
  EMFILE: 'too many files are open for %; raise the limit (ulimit -n)',
  ENOSPC: 'the disk that holds % is full',
  ENOTDIR: '% is not in a folder',
  EPERM: 'no permission for %',
  EROFS: '% is on a read-only file system',
};

/** Why a file could not be used, where the system said so and a person can act on it; else undefined. */
export function systemFailure(error: unknown): string | undefined {
  const { code, path, dest } = error as NodeJS.ErrnoException & { readonly dest?: string };
  // Stores say it in their own words.
  const known = /No space left on device/i.test(messageOf(error)) ? 'ENOSPC' : (code ?? '');
  return SYSTEM_FAILURES[known]?.replace('%', () => dest ?? path ?? 'the data');
}

/** Characters of a text from outside that a message shows. */
const SHOWN_MAX = 32;

/**
 * A text from outside as a message may show it: in quotation marks, 32 characters at most, anything but printable
 * ASCII escaped.
 */
export function quoted(text: string): string {
  const shown = text
    .slice(0, SHOWN_MAX)
    .replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${shown}${text.length > SHOWN_MAX ? '…' : ''}"`;
}
