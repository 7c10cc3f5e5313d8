// Original file: proto/suho/v1/operations.proto

import type { Long } from '@grpc/proto-loader';

/**
 * A backup that was made.
 */
export interface CreateBackupResponse {
  /**
   * Its folder, on the machine of the engine.
   */
  'folder'?: (string);
  /**
   * Files in it.
   */
  'files'?: (number);
  /**
   * Size of its files, bytes.
   */
  'bytes'?: (number | string | Long);
}

/**
 * A backup that was made.
 */
export interface CreateBackupResponse__Output {
  /**
   * Its folder, on the machine of the engine.
   */
  'folder': (string);
  /**
   * Files in it.
   */
  'files': (number);
  /**
   * Size of its files, bytes.
   */
  'bytes': (string);
}
