import { Command, InvalidArgumentError } from 'commander';
import { timeframeMs } from '../../actors/market/timeframe.js';
import { DEFAULT_TENANT } from '../api/authentication.js';
import { ApiServer } from '../api/server.js';
import { signalJson } from '../api/signal-encoding.js';
import { loadConfig, type Config, type ConfigInput } from '../config.js';
import { Engine } from '../engine.js';
import { NatsFeed } from '../feeds/nats-feed.js';
import { SimulatedFeed } from '../feeds/simulated-feed.js';
import { MetricsServer } from '../ops/metrics.js';
import { jsonOption } from './options.js';
import { startProgress } from './progress.js';
import { SIGNAL_HEADER, signalLine } from './signal-line.js';

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
    .description('start the engine: on simulated markets unless told otherwise')
    .option('--config <file>', 'configuration file (JSON)')
    .option('--data <folder>', 'data folder')
    .option('--port <port>', 'gRPC port (0: any free one)', readPort)
    .option('--no-simulator', 'no simulated markets: data comes over gRPC only')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho start
  suho start --data /var/lib/suho --port 7000 --no-simulator

Every setting can be given in the file or as an environment variable: grpc.port is SUHO_GRPC_PORT.`,
    )
    .action(async (options: Options) => {
      const overrides: ConfigInput = {
        ...(options.data === undefined ? {} : { data: options.data }),
        ...(options.port === undefined ? {} : { grpc: { port: options.port } }),
        ...(options.simulator ? {} : { simulator: { enabled: false } }),
      };
      await run(loadConfig(options.config, process.env, overrides), options.json === true);
    });
}

async function run(config: Config, json: boolean): Promise<void> {
  const say = (text: string): void => void (json ? process.stderr : process.stdout).write(`${text}\n`);
  let stop: (() => void) | undefined;
  const stopped = new Promise<undefined>((resolve) => (stop = () => resolve(undefined)));
  let asked = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // Asked again, it does not wait for anything: what was acknowledged is on disk.
      if (++asked > 1) process.exit(130);
      stop?.();
    });
  }

  const engine = await Engine.open(config);
  void engine.failed.then((failure) => {
    process.stderr.write(
      `suho: ${failure.message} What was acknowledged is kept; start again once it can be.\n`,
    );
    process.exit(1);
  });
  const feed = config.simulator.enabled ? new SimulatedFeed(engine) : undefined;
  const api = new ApiServer(engine, { simulated: feed !== undefined });
  const metrics = new MetricsServer(() => api.health.snapshot());
  try {
    engine.onSignal((published) => {
      api.hub.publish(published);
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
    const prepared = prepare(engine, feed, config, say).then(() => true);
    if ((await Promise.race([prepared, stopped])) === undefined) {
      // What it is still at fails once the engine stops.
      prepared.catch(() => undefined);
      return;
    }
    api.health.preparing = false;
    say(`serving gRPC on ${config.grpc.host}:${port}; data in ${config.data}; Ctrl-C stops`);
    if (!api.credentialsRequired) {
      say('no credentials are configured: only this machine can connect');
    }
    if (!json && feed !== undefined)
      say(`\nSIMULATED markets, ${config.simulator.speed} s of them in a second\n${SIGNAL_HEADER}`);
    feed?.run();
    if (engine.messaging !== undefined) new NatsFeed(engine).start(engine.messaging);
    await stopped;
  } finally {
    say('draining');
    await feed?.stop();
    await metrics.stop();
    await api.stop();
    await engine.stop();
    say('stopped');
  }
}

/** Makes ready what is followed: the simulated markets, or the configured series. */
async function prepare(
  engine: Engine,
  feed: SimulatedFeed | undefined,
  config: Config,
  say: (text: string) => void,
): Promise<void> {
  if (feed !== undefined) {
    await prepareSimulation(engine, feed, config, say);
    return;
  }
  for (const tenant of config.tenants) {
    for (const { feed: name, symbol, timeframe } of tenant.series)
      await engine.follow({ feed: name, symbol, base: timeframe, tenantId: tenant.id, timeframe });
  }
}

/** History and first models for the simulated markets, where there are none yet. */
async function prepareSimulation(
  engine: Engine,
  feed: SimulatedFeed,
  config: Config,
  say: (text: string) => void,
): Promise<void> {
  const seriesIds = await feed.open(DEFAULT_TENANT);
  const { historyBars, timeframe } = config.simulator;
  const tenantId = config.tenants[0]?.id ?? DEFAULT_TENANT;
  if (seriesIds.some((id) => engine.barsOf(id) < historyBars)) {
    say(
      `first start: inventing ${historyBars} ${timeframe} bars of history for ${config.simulator.symbols.join(', ')}`,
    );
    const progress = startProgress('history');
    await feed.fillHistory(historyBars, (share) => progress.update(share, ''));
    progress.stop();
  }
  for (const seriesId of seriesIds) {
    if (engine.route(tenantId, seriesId) !== undefined) continue;
    const progress = startProgress(`training ${seriesId}`);
    const through = engine.lastClosedBar(seriesId) + timeframeMs(timeframe);
    const { record } = await engine.train(seriesId, through, (done, total, stage) =>
      progress.update(done / total, stage),
    );
    progress.stop();
    const found = record.edge.some(Boolean) ? 'skill found' : 'no skill found, it will abstain';
    say(
      `trained ${record.version} for ${record.symbol} ${record.timeframe} on ${record.rows} bars: ${found}`,
    );
  }
}
