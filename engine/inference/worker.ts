import { osThreadId } from '../worker-threads.js';
import type * as BatchRun from './batch-run.js';
import type { FromWorker } from './from-worker.js';
import type { ToWorker } from './to-worker.js';

let loading: Promise<typeof BatchRun> | undefined;

/**
 * The task of a worker. ONNX Runtime aborts the whole process when its thread is terminated during a native call, and
 * loading it is one. So it is loaded inside a task too: a worker without a task can be terminated at any moment.
 */
export default async function work(message: ToWorker): Promise<FromWorker> {
  const { runBatch } = await (loading ??= import('./batch-run.js'));
  return message.kind === 'load' ? { kind: 'loaded', osThread: osThreadId() } : await runBatch(message);
}
