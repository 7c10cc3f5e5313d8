import { Calendars } from '../engine/calendars.js';
import type { Engine } from '../engine/engine.js';
import { seriesIdentity } from '../engine/instruments/ids.js';
import { packBars } from '../engine/journal/records.js';
import { train } from '../engine/learning/trainer.js';
import { TrainingPool } from '../engine/learning/training-pool.js';
import { modelName } from '../engine/registry/model-registry.js';
import { inventedBars } from '../test/support/markets.js';
import { HISTORY, SYMBOLS } from './load.js';

const SHADOWS = 4;
const OPTIONS = { family: 'perceptron', budgetSeconds: 180, folds: 1, rowsMax: 20_000 } as const;

/** Lets four challengers of the engine's own kind of model answer each market of a load beside the one in use. */
export async function addShadows(engine: Engine): Promise<void> {
  const bars = inventedBars(HISTORY, { momentum: 0.62 });
  const markets = Array.from({ length: SYMBOLS }, (_, i) => seriesIdentity(`default@published/SYM${i}/1h`));
  const [inUse] = await engine.registry.list(markets[0]!);
  for (let shadow = 1; shadow <= SHADOWS; shadow++) {
    const result = await train(bars, '1h', { ...OPTIONS, seed: 7 + shadow });
    for (const series of markets) {
      const version = `v1.0.${shadow}`;
      const { sha256, uri } = await engine.artifacts.put(
        { tenantId: series.tenantId, model: modelName(series), version },
        result.predictor,
      );
      await engine.registry.register({
        ...inUse!,
        ...series,
        modelId: sha256,
        artifactUri: uri,
        version,
        parentVersion: 'v1.0.0',
      });
      await engine.rollouts.propose({ series, version, by: 'bench', reason: 'to be measured' });
    }
  }
}

/** Trains one model after the other in the engine's training thread, until it is stopped. */
export class EndlessTraining {
  readonly #pool = new TrainingPool();
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();

  start(): void {
    const abort = new AbortController();
    this.#abort = abort;
    this.#running = this.#train(abort.signal);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#pool.close();
  }

  async #train(signal: AbortSignal): Promise<void> {
    const calendar = new Calendars({}).rule();
    const bars = packBars(inventedBars(4 * HISTORY, { momentum: 0.62 }));
    for (let seed = 1; !signal.aborted; seed++)
      await this.#pool
        .train(
          'bench',
          { ...OPTIONS, bars, timeframe: '1h', calendar, seed, encoder: undefined },
          undefined,
          signal,
        )
        .catch((error: unknown) => {
          if (!signal.aborted) throw error;
        });
  }
}
