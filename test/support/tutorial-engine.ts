import { once } from 'node:events';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { afterTest } from './cleanup.js';
import { startCommand } from './command.js';

/** The engine that the tutorials of clients begin with, `suho start --no-simulator --data own`, on a free port. */
export async function startTutorialEngine(
  t: TestContext,
  folder: string,
): Promise<{ readonly address: string; readonly data: string }> {
  const data = path.join(folder, 'own');
  const engine = startCommand(['start', '--no-simulator', '--data', data, '--port', '0'], {
    SUHO_CONSOLE_ENABLED: 'false',
    SUHO_TRAINING_FOLDS: '1',
  });
  afterTest(t, async () => {
    engine.kill('SIGTERM');
    if (engine.exitCode === null) await once(engine, 'close');
  });
  let said = '';
  for (;;) {
    const [chunk] = (await once(engine.stdout!, 'data')) as [Buffer];
    said += chunk.toString();
    const address = /serving gRPC on (\S+);/.exec(said)?.[1];
    if (address !== undefined) return { address, data };
  }
}
