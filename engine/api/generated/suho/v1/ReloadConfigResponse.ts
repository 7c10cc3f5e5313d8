// Original file: proto/suho/v1/operations.proto

import type { Long } from '@grpc/proto-loader';

/**
 * What changed.
 */
export interface ReloadConfigResponse {
  /**
   * Tenants that are new, gone or differ.
   */
  'tenants'?: (string)[];
  /**
   * Settings that differ and take effect at the next start.
   */
  'need_restart'?: (string)[];
  /**
   * Whether the files of grpc.tls held a certificate, key or authority other than those in use; new connections get theirs.
   */
  'certificate_changed'?: (boolean);
  /**
   * When the server's certificate expires, epoch milliseconds; not set without grpc.tls.
   */
  'certificate_expires_at'?: (number | string | Long);
  '_certificate_expires_at'?: "certificate_expires_at";
}

/**
 * What changed.
 */
export interface ReloadConfigResponse__Output {
  /**
   * Tenants that are new, gone or differ.
   */
  'tenants': (string)[];
  /**
   * Settings that differ and take effect at the next start.
   */
  'need_restart': (string)[];
  /**
   * Whether the files of grpc.tls held a certificate, key or authority other than those in use; new connections get theirs.
   */
  'certificate_changed': (boolean);
  /**
   * When the server's certificate expires, epoch milliseconds; not set without grpc.tls.
   */
  'certificate_expires_at'?: (string);
}
