import { readlinkSync } from 'node:fs';
import path from 'node:path';
import './no-telemetry.js';

/**
 * Options of every worker thread of piscina. It first tries `require` on a worker's module, and Node 20 aborts the whole
 * process (`v8::Module::IsGraphAsync` on a module that is not instantiated) when the thread is ended in the middle of
 * requiring an ES module. Without that kind of `require` it is imported, which may be interrupted.
 */
export const THREAD_OPTIONS = { execArgv: ['--no-experimental-require-module'] };

/** The number Linux knows the calling thread by, as in `/proc/<pid>/task`; undefined on other systems. */
export function osThreadId(): number | undefined {
  try {
    return Number(path.basename(readlinkSync('/proc/thread-self')));
  } catch {
    return undefined;
  }
}
