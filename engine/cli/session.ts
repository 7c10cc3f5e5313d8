import { loadConfig, type ConfigInput } from '../config.js';
import { Engine, type EngineOptions } from '../engine.js';

/** Opens an engine for one job and stops it after, however the job ends; Ctrl-C stops it in order. */
export async function withEngine<T>(
  overrides: ConfigInput,
  options: EngineOptions,
  job: (engine: Engine) => Promise<T>,
): Promise<T> {
  const config = loadConfig(undefined, process.env, overrides);
  const engine = await Engine.open(config, options);
  let interrupted = false;
  const interrupt = (): void => {
    if (interrupted) return;
    interrupted = true;
    process.stderr.write('\nstopping: what was taken is kept; run the same command again to go on\n');
    void engine.stop().finally(() => process.exit(130));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return await job(engine);
  } catch (error) {
    // While stopping, the job fails because the engine takes no more; the exit is already under way.
    if (interrupted) return await new Promise<never>(() => undefined);
    throw error;
  } finally {
    if (!interrupted) await engine.stop();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
