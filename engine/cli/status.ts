import { Command } from 'commander';
import type { EngineHealth } from '../api/contract.js';
import { callUnary, connect } from './client.js';
import { addressOption, jsonOption } from './options.js';
import { formatTable } from './table.js';

interface Options {
  readonly address: string;
  readonly json?: boolean;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('show the status of a running engine')
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExit status 0: serving. 1: no engine answers, or it is degraded.')
    .action(async ({ address, json }: Options) => {
      const client = connect(address, 'EngineService');
      try {
        const health = await callUnary<EngineHealth>(client, 'GetHealth', {}, address);
        process.stdout.write(json === true ? `${JSON.stringify(health)}\n` : describe(health));
        if (health.degraded || health.state !== 'serving') process.exitCode = 1;
      } finally {
        client.close();
      }
    });
}

function describe(health: EngineHealth): string {
  const withheld = Object.entries(health.withheld).map(([reason, n]) => `${reason} ${n}`);
  const sinks = health.sinks.map(({ name, healthy, lag_rows, lag_seconds, error }) => [
    name,
    healthy ? 'ok' : 'away',
    String(lag_rows),
    `${lag_seconds.toFixed(1)} s`,
    error,
  ]);
  const sources = health.sources.map(({ name, healthy, error }) => [
    `${name} (source)`,
    healthy ? 'ok' : 'away',
    '',
    '',
    error,
  ]);
  return [
    `${health.state}${health.degraded ? ', degraded' : ''}${health.simulated ? ', on SIMULATED data' : ''}; Suho ${health.version}, up ${Math.round(health.uptime_seconds)} s`,
    `${health.actors} actors (${health.parked_actors} parked), ${health.queued} messages queued, ${health.dead_letters} dead letters`,
    `since start: ${health.bars} bars, ${health.quotes} quotes in (${health.rejected} rejected, ${health.duplicates} repeated, ${health.late} late), ${health.feature_rows} feature rows, ${health.signals} signals, ${health.trades} trades`,
    `withheld: ${withheld.length === 0 ? 'none' : withheld.join(', ')}`,
    `journal: ${(health.journal_bytes / 1e6).toFixed(1)} of ${(health.journal_bytes_max / 1e6).toFixed(0)} MB; ${health.subscribers} subscribers`,
    `features: ${health.features_checked} live rows computed again from history, ${health.features_differing} different`,
    formatTable(['store', 'state', 'behind (rows)', 'behind', 'error'], [...sinks, ...sources]),
    '',
  ].join('\n');
}
