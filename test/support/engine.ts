import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { afterTest } from './cleanup.js';
import { loadConfig, type ConfigInput } from '../../engine/config.js';
import { Engine, type EngineOptions } from '../../engine/engine.js';

/** A folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'suho-test-'));
  afterTest(t, () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return folder;
}

/** A real engine on embedded stores in a folder, stopped after the test if it was not before. */
export async function openEngine(
  t: TestContext,
  folder: string,
  config: ConfigInput = {},
  options: EngineOptions = { waitForEvidence: true },
): Promise<Engine> {
  const engine = await Engine.open(
    loadConfig(
      undefined,
      {},
      // Whoever publishes in a test does not send again, however busy the machine is.
      { data: folder, log: 'silent', grpc: { port: 0 }, training: { folds: 1 }, doorSeconds: 600, ...config },
    ),
    options,
  );
  afterTest(t, () => engine.stop());
  return engine;
}
