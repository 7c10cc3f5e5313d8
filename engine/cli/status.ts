import { Command } from 'commander';
import type { EngineHealth__Output as EngineHealth } from '../api/generated/suho/v1/EngineHealth.js';
import { readHealth, type HealthSnapshot } from '../ops/health.js';
import { callUnary, connect } from './client.js';
import { addressOption, jsonOption } from './options.js';
import { formatTable } from './table.js';
import { waitingLine } from './waiting.js';

/** Series without a model that are shown; `--json` has up to 1,000. */
const WAITING_SHOWN = 20;

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
        const health = readHealth(await callUnary<EngineHealth>(client, 'GetHealth', {}, address));
        process.stdout.write(json === true ? `${JSON.stringify(health)}\n` : describe(health));
        if (health.degraded || health.state !== 'serving') process.exitCode = 1;
      } finally {
        client.close();
      }
    });
}

function describe(health: HealthSnapshot): string {
  const withheld = Object.entries(health.withheld).map(([reason, n]) => `${reason} ${n}`);
  const sinks = health.sinks.map((sink) => [
    sink.name,
    sink.healthy ? 'ok' : 'away',
    health.of_tenant ? '' : String(sink.lag_rows),
    `${sink.lag_seconds.toFixed(1)} s`,
    health.of_tenant ? '' : String(sink.dead_letters),
    sink.error,
  ]);
  const sources = health.sources.map(({ name, healthy, error }) => [
    `${name} (source)`,
    healthy ? 'ok' : 'away',
    '',
    '',
    '',
    error,
  ]);
  return [
    `${health.state}${health.degraded ? ', degraded' : ''}${health.simulated ? ', on SIMULATED data' : ''}; Suho ${health.version}, up ${Math.round(health.uptime_seconds)} s`,
    ...(health.of_tenant ? ofTenant(health) : ofEngine(health)),
    `withheld: ${withheld.length === 0 ? 'none' : withheld.join(', ')}`,
    ...(health.rows_shed > 0
      ? [
          `${health.rows_shed} rows left the journal before their labels were known: journal.maxMegabytes is too small`,
        ]
      : []),
    ...(health.latencies.length === 0
      ? []
      : [
          `time in the last minutes: ${health.latencies
            .map(
              ({ stage, p50_ms: p50, p99_ms: p99 }) => `${stage} ${milliseconds(p50)}, ${milliseconds(p99)}`,
            )
            .join('; ')} (p50, p99 in ms)`,
        ]),
    ...(health.door.waited === 0
      ? []
      : [
          `at the door: ${health.door.waiting} requests wait, ${health.door.waited} had to since start, ${health.door.refused} of them too long and refused; ${health.door.rows_max} rows may be in work`,
        ]),
    formatTable(['store', 'state', 'behind (rows)', 'behind', 'refused', 'error'], [...sinks, ...sources]),
    ...troubles(health),
    ...waiting(health),
    '',
  ].join('\n');
}

/** What a tenant sees of its own. */
function ofTenant({ signals, subscribers }: HealthSnapshot): string[] {
  return [`your tenant since start: ${signals} signals; ${subscribers} subscribers`];
}

/** Counts of the whole engine. */
function ofEngine(health: HealthSnapshot): string[] {
  return [
    `${health.actors} actors (${health.parked_actors} parked), ${health.queued} messages queued, ${health.dead_letters} dead letters`,
    `since start: ${health.bars} bars, ${health.quotes} quotes in (${health.rejected} rejected, ${health.duplicates} repeated, ${health.late} late, ${health.conflicts} in conflict), ${health.feature_rows} feature rows, ${health.signals} signals, ${health.trades} trades`,
    `journal: ${(health.journal_bytes / 1e6).toFixed(1)} of ${(health.journal_bytes_max / 1e6).toFixed(0)} MB; ${health.subscribers} subscribers`,
    `features: ${health.features_checked} live rows computed again from history, ${health.features_differing} different`,
  ];
}

function milliseconds(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}

/** Instruments that are not live and models that may not serve, each in a line. */
function troubles({ instruments, withheld_models: models }: HealthSnapshot): string[] {
  return [
    ...instruments.map(
      ({ name, state, error }) => `instrument ${name}: ${state}${error === '' ? '' : `, ${error}`}`,
    ),
    ...models.map(
      ({ model_id: id, version, reason }) => `model ${version} (${id.slice(0, 12)}) withheld: ${reason}`,
    ),
  ];
}

/** Series that have no model yet, each in a line. */
function waiting({ first_models: { waiting: count, series } }: HealthSnapshot): string[] {
  const shown = series.slice(0, WAITING_SHOWN);
  return [
    ...shown.map((one) => waitingLine(one)),
    ...(count > shown.length ? [`${count - shown.length} more series have no model yet`] : []),
  ];
}
