import { Command, InvalidArgumentError } from 'commander';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { isOfCurrentFeatures } from '../../actors/signals/route.js';
import { DEFAULT_TENANT } from '../api/authentication.js';
import { ApiServer } from '../api/server.js';
import { signalJson } from '../api/signal-encoding.js';
import { loadConfig, type Config, type ConfigInput } from '../config.js';
import { ConsoleServer } from '../console/server.js';
import type { Engine } from '../engine.js';
import { SuhoError, messageOf } from '../errors.js';
import { whenTaken } from '../feeds/backpressure.js';
import { natsFeedOf, polygonFeedOf } from '../feeds/engine-intake.js';
import { polygonKey } from '../feeds/polygon/key.js';
import { SIMULATED_FEED, SimulatedFeed } from '../feeds/simulated-feed.js';
import { MetricsServer } from '../ops/metrics/metrics-server.js';
import { followPlan } from '../feeds/follow-plan.js';
import { reloadLines } from './operations.js';
import { jsonOption } from './options.js';
import { skillFound, watchFirstModels } from './first-models.js';
import { startProgress } from './progress.js';
import { openEngine } from './session.js';
import { SIGNAL_HEADER, signalLine } from './signal-line.js';
import { onStopSignal, serviceSignals } from './stop-signals.js';

interface Options {
  readonly config?: string;
  readonly data?: string;
  readonly port?: number;
  readonly simulator: boolean;
  readonly json?: boolean;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError(`"${text}" is not a port.`);
  return port;
}

export function startCommand(): Command {
  return new Command('start')
    .description('start the engine; simulated markets are on by default')
    .option('--config <file>', 'configuration file (JSON)')
    .option('--data <folder>', 'data folder')
    .option('--port <port>', 'gRPC port (0: any free one)', readPort)
    .option('--no-simulator', 'no simulated markets: take data from clients only')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho start
  suho start --data /var/lib/suho --port 7000 --no-simulator

The console is at http://127.0.0.1:8080; console.port is another port, console.enabled false none.
Every setting can be given in the file or as an environment variable: grpc.port is SUHO_GRPC_PORT.`,
    )
    .action(async (options: Options) => {
      const overrides: ConfigInput = {
        ...(options.data === undefined ? {} : { data: options.data }),
        ...(options.port === undefined ? {} : { grpc: { port: options.port } }),
        ...(options.simulator ? {} : { simulator: { enabled: false } }),
      };
      const read = (): Config => loadConfig(options.config, process.env, overrides);
      await run(read, options.json === true);
    });
}

async function run(read: () => Config, json: boolean): Promise<void> {
  const config = read();
  const say = (text: string): void => void (json ? process.stderr : process.stdout).write(`${text}\n`);
  const usesPolygon = config.polygon.tickers.length > 0;
  const key = usesPolygon ? polygonKey(process.env) : '';
  const { stop, reloads } = serviceSignals();
  const stopping = stopRequest(stop);
  const onReload = reloads ? reloadRequests() : undefined;
  const engine = await openEngine(config);
  void engine.failed.then((failure) => {
    process.stderr.write(
      `suho: ${failure.message} What was acknowledged is kept; start again when the cause is fixed.\n`,
    );
    process.exit(1);
  });
  const feed = config.simulator.enabled && !usesPolygon ? new SimulatedFeed(engine) : undefined;
  const polygon = usesPolygon ? polygonFeedOf(engine, key) : undefined;
  const api = new ApiServer(engine, { simulated: feed !== undefined, read });
  onReload?.(() => reload(api, read, say));
  const metrics = new MetricsServer(api.metricsSource());
  const web = new ConsoleServer(engine, api, { simulated: feed !== undefined });
  try {
    if (stopping.isAsked()) return;
    engine.publication.onSignal((published) => {
      const signal = signalJson(published.sequence, published.signal);
      say(json ? JSON.stringify(signal) : signalLine(signal));
    });
    api.health.preparing = true;
    const port = await api.listen();
    const { host, port: wanted } = config.metrics;
    if (wanted !== undefined) {
      const found = await metrics.listen(host, wanted);
      say(`metrics on http://${host}:${found}/metrics`);
    }
    if (config.console.enabled) await openConsole(web, say);
    const prepared = prepare(engine, feed, say, stopping.isAsked).then(() => true);
    if ((await Promise.race([prepared, stopping.asked])) === undefined) {
      // What it is still at fails once the engine stops.
      prepared.catch(() => undefined);
      return;
    }
    api.health.preparing = false;
    say(`serving gRPC on ${config.grpc.host}:${port}; data in ${config.data}; Ctrl-C stops`);
    if (!api.credentialsRequired) {
      say('no credentials are configured: only this machine can connect');
    }
    watchFirstModels(engine, feed !== undefined, say);
    if (!json && feed !== undefined)
      say(`\nSIMULATED markets, ${config.simulator.speed} s of them in a second\n${SIGNAL_HEADER}`);
    feed?.run();
    await polygon?.start(config.tenants.length === 0 ? DEFAULT_TENANT : undefined);
    if (engine.messaging !== undefined) natsFeedOf(engine).start(engine.messaging);
    await stopping.asked;
  } finally {
    say('draining');
    await feed?.stop();
    await polygon?.stop();
    await metrics.stop();
    await web.stop();
    await api.stop();
    for (const { name, lagRows } of await engine.stop())
      say(`${lagRows} journal entries are not yet in ${name}; the next start stores them`);
    say('stopped');
  }
}

/** Listens to SIGHUP from now on. Returns what calls a listener at each; at once for those that came before it. */
function reloadRequests(): (listener: () => void) => void {
  let isAsked = false;
  let tell = (): void => void (isAsked = true);
  process.on('SIGHUP', () => tell());
  return (listener) => {
    tell = listener;
    if (isAsked) listener();
  };
}

/** Reads the configuration again, as SIGHUP asks. */
function reload(api: ApiServer, read: () => Config, say: (text: string) => void): void {
  try {
    for (const line of ['configuration read again', ...reloadLines(api.reload(read))]) say(line);
  } catch (error) {
    say(`the configuration and the certificate stay as they were: ${messageOf(error)}`);
  }
}

/** Serves the console and says where. The engine goes on without it, as when another program has its port. */
async function openConsole(web: ConsoleServer, say: (text: string) => void): Promise<void> {
  try {
    say(`console on ${await web.listen()}`);
  } catch (error) {
    if (!(error instanceof SuhoError)) throw error;
    say(messageOf(error));
  }
}

/** Settles when the process is asked to stop. Asked again, it ends at once: what was acknowledged is on disk. */
function stopRequest(signals: readonly NodeJS.Signals[]): {
  readonly asked: Promise<undefined>;
  readonly isAsked: () => boolean;
} {
  let times = 0;
  const asked = new Promise<undefined>((resolve) => {
    onStopSignal(() => {
      if (++times > 1) process.exit(130);
      resolve(undefined);
    }, signals);
  });
  return { asked, isAsked: () => times > 0 };
}

/**
 * Prepares what is followed: the simulated markets and the configured series. Waits while the journal is full, and leaves
 * out an instrument that has failed: neither may keep the rest from being served.
 */
async function prepare(
  engine: Engine,
  feed: SimulatedFeed | undefined,
  say: (text: string) => void,
  isStopped: () => boolean,
): Promise<void> {
  for (const request of followPlan(engine.config.tenants)) {
    // The simulated markets follow theirs themselves: they come in one timeframe.
    if (feed !== undefined && request.feed === SIMULATED_FEED) continue;
    try {
      await whenTaken(async () => await engine.instruments.follow(request), {
        isStopped,
        onWait: ({ message }) => say(message),
      });
    } catch (error) {
      if (!(error instanceof SuhoError && error.code === 'INSTRUMENT_FAILED')) throw error;
      say(error.message);
    }
  }
  if (feed !== undefined) await prepareSimulation(engine, feed, engine.config, say);
}

/** History and first models for the simulated markets, where there are none yet or none of the current features. */
async function prepareSimulation(
  engine: Engine,
  feed: SimulatedFeed,
  config: Config,
  say: (text: string) => void,
): Promise<void> {
  const baseIds = await feed.open(DEFAULT_TENANT);
  const { historyBars, timeframe } = config.simulator;
  if (baseIds.some((id) => engine.instruments.barsOf(id) < historyBars)) {
    say(
      `first start: inventing ${historyBars} ${timeframe} bars of history for ${config.simulator.symbols.join(', ')}`,
    );
    const progress = startProgress('history');
    await feed.fillHistory(historyBars, (share) => progress.update(share, ''));
    progress.stop();
  }
  for (const { seriesId, tenantIds } of feed.series) {
    if (feed.isStopped) return;
    const routes = tenantIds.map((tenantId) => engine.instruments.routeOf(tenantId, seriesId));
    if (routes.every(isOfCurrentFeatures)) continue;
    const outdated = routes.find((route) => route !== undefined && !isOfCurrentFeatures(route));
    if (outdated !== undefined)
      say(
        `model ${outdated.version} of ${seriesId} was trained on feature set ${outdated.featureSetVersion}, and this engine computes ${FEATURE_SET_VERSION}: training again`,
      );
    await trainFirst(engine, seriesId, say);
  }
}

async function trainFirst(engine: Engine, seriesId: string, say: (text: string) => void): Promise<void> {
  const progress = startProgress(`training ${seriesId}`);
  const through = engine.instruments.closedThrough(seriesId);
  try {
    const { record } = await engine.training.train(seriesId, through, (done, total, stage) =>
      progress.update(done / total, stage),
    );
    say(
      `trained ${record.version} for ${record.symbol} ${record.timeframe} on ${record.rows} bars: ${skillFound(record)}`,
    );
  } catch (error) {
    if (!(error instanceof SuhoError && error.code === 'BAD_INPUT')) throw error;
    say(`no model trained for ${seriesId}: ${error.message}`);
  } finally {
    progress.stop();
  }
}
