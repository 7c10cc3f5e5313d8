// Original file: proto/suho/v1/training.proto

import type { Long } from '@grpc/proto-loader';

/**
 * One training of one series.
 */
export interface TrainingJob {
  /**
   * Id of the job.
   */
  'job_id'?: (string);
  /**
   * Whose model it makes: a tenant with a model of its own on the series, else the series' owner; "platform" for a shared one.
   */
  'tenant_id'?: (string);
  /**
   * Series it is of: feed, symbol and timeframe.
   */
  'series'?: (string);
  /**
   * queued, running, succeeded, failed or cancelled.
   */
  'status'?: (string);
  /**
   * requested, performance, drift, data or schedule.
   */
  'cause'?: (string);
  /**
   * The cause in one sentence.
   */
  'reason'?: (string);
  /**
   * Higher goes first among the jobs of one tenant.
   */
  'priority'?: (number);
  /**
   * Times it was begun; an engine that died under it begins it anew.
   */
  'attempts'?: (number);
  /**
   * Version of the model it made.
   */
  'version'?: (string);
  /**
   * Why it failed, or what it waits for.
   */
  'error'?: (string);
  /**
   * When it was queued, epoch milliseconds UTC.
   */
  'queued_at'?: (number | string | Long);
  /**
   * When it began last, epoch milliseconds UTC.
   */
  'started_at'?: (number | string | Long);
  /**
   * When it ended, epoch milliseconds UTC.
   */
  'finished_at'?: (number | string | Long);
  /**
   * Processor time it took, seconds.
   */
  'cpu_seconds'?: (number | string);
  /**
   * User whose own model it makes, who alone sees it; empty else.
   */
  'user_id'?: (string);
  '_started_at'?: "started_at";
  '_finished_at'?: "finished_at";
}

/**
 * One training of one series.
 */
export interface TrainingJob__Output {
  /**
   * Id of the job.
   */
  'job_id': (string);
  /**
   * Whose model it makes: a tenant with a model of its own on the series, else the series' owner; "platform" for a shared one.
   */
  'tenant_id': (string);
  /**
   * Series it is of: feed, symbol and timeframe.
   */
  'series': (string);
  /**
   * queued, running, succeeded, failed or cancelled.
   */
  'status': (string);
  /**
   * requested, performance, drift, data or schedule.
   */
  'cause': (string);
  /**
   * The cause in one sentence.
   */
  'reason': (string);
  /**
   * Higher goes first among the jobs of one tenant.
   */
  'priority': (number);
  /**
   * Times it was begun; an engine that died under it begins it anew.
   */
  'attempts': (number);
  /**
   * Version of the model it made.
   */
  'version': (string);
  /**
   * Why it failed, or what it waits for.
   */
  'error': (string);
  /**
   * When it was queued, epoch milliseconds UTC.
   */
  'queued_at': (string);
  /**
   * When it began last, epoch milliseconds UTC.
   */
  'started_at'?: (string);
  /**
   * When it ended, epoch milliseconds UTC.
   */
  'finished_at'?: (string);
  /**
   * Processor time it took, seconds.
   */
  'cpu_seconds': (number);
  /**
   * User whose own model it makes, who alone sees it; empty else.
   */
  'user_id': (string);
}
