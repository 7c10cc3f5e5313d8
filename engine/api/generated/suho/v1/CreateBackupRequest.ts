// Original file: proto/suho/v1/operations.proto


/**
 * A backup to make.
 */
export interface CreateBackupRequest {
  /**
   * Name of its folder in `backup.folder`: letters, digits, dots, dashes and underscores.
   */
  'name'?: (string);
}

/**
 * A backup to make.
 */
export interface CreateBackupRequest__Output {
  /**
   * Name of its folder in `backup.folder`: letters, digits, dots, dashes and underscores.
   */
  'name': (string);
}
