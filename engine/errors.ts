/** Stable codes of errors that a person or a client can act on. */
export type ErrorCode =
  | 'BAD_CONFIG'
  | 'BAD_FILE'
  | 'BAD_INPUT'
  | 'BAD_MODEL'
  | 'DATA_FOLDER_IN_USE'
  | 'DATA_FOLDER_VERSION'
  | 'JOURNAL_FULL'
  | 'NOT_FOUND'
  | 'PORT_IN_USE'
  | 'STORE_UNAVAILABLE'
  | 'DEADLINE'
  | 'OVERLOADED'
  | 'STOPPING'
  | 'TRAINING_FAILED';

/** An error whose message is a sentence for a person; it reaches the terminal or a client as it is. */
export class SuhoError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SuhoError';
    this.code = code;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
