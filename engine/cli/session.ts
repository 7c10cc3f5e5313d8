import path from 'node:path';
import { loadConfig, type Config, type ConfigInput } from '../config.js';
import { Engine, type EngineOptions } from '../engine.js';
import { messageOf } from '../errors.js';
import { fullDisk, unusable } from '../journal/data-folder.js';
import { onStopSignal } from './stop-signals.js';

/**
 * Opens an engine. A disk that is full, and a folder that something else is in, is one sentence, in whatever words the store
 * that met it says so.
 */
export async function openEngine(config: Config, options: EngineOptions = {}): Promise<Engine> {
  try {
    return await Engine.open(config, options);
  } catch (error) {
    if (/ENOSPC|EDQUOT|no space left|disk quota|NOT_ENOUGH_SPACE/i.test(messageOf(error)))
      throw fullDisk(path.resolve(config.data));
    throw isOfFileSystem(error) ? unusable(path.resolve(config.data), error) : error;
  }
}

function isOfFileSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}

/** Opens an engine for one job and stops it after, however the job ends; a signal to stop stops it in order. */
export async function withEngine<T>(
  overrides: ConfigInput,
  options: EngineOptions,
  job: (engine: Engine) => Promise<T>,
): Promise<T> {
  const config = loadConfig(undefined, process.env, overrides);
  let engine: Engine | undefined;
  let interrupted = false;
  const stopListening = onStopSignal(() => {
    if (interrupted) return;
    interrupted = true;
    process.stderr.write('\nstopping: what was taken is kept; run the same command again to continue\n');
    // While it opens, it is stopped as soon as it is open.
    void engine?.stop().finally(() => process.exit(130));
  });
  try {
    engine = await openEngine(config, options);
    if (interrupted) {
      await engine.stop();
      process.exit(130);
    }
    return await job(engine);
  } catch (error) {
    // While stopping, the job fails because the engine takes no more; the exit is already under way.
    if (interrupted && engine !== undefined) return await new Promise<never>(() => undefined);
    throw error;
  } finally {
    if (!interrupted) await engine?.stop();
    stopListening();
  }
}
