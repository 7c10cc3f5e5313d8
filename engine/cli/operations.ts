import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import type { DrainResponse__Output as DrainResponse } from '../api/generated/suho/v1/DrainResponse.js';
import type { ReloadConfigResponse__Output as ReloadConfigResponse } from '../api/generated/suho/v1/ReloadConfigResponse.js';
import { SuhoError } from '../errors.js';
import { auditFile, type AuditEntry } from '../ops/audit-log.js';
import type { ReloadReport } from '../ops/reload.js';
import { callsOf } from './client.js';
import { addressOption, countOption, dataOption, jsonOption, readCount } from './options.js';
import { formatTable } from './table.js';

interface Options {
  readonly address: string;
  readonly json?: boolean;
}

const call = callsOf('OperatorService');

export function drainCommand(): Command {
  return new Command('drain')
    .description('make a running engine take no more input, and wait for its stores; for operators')
    .option('--resume', 'take input again')
    .addOption(new Option('--wait <seconds>', 'how long to wait').argParser(readCount).default(60))
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho drain && systemctl stop suho
  suho drain --resume

A draining engine is not ready, answers publishers UNAVAILABLE, and goes on streaming. Exit code 1: a store is still behind;
stopping is safe all the same, the journal keeps what it has not taken.`,
    )
    .action(async ({ resume, wait, ...options }: Options & { resume?: boolean; wait: number }) => {
      const request = { resume: resume === true, wait_seconds: wait };
      const { behind } = await call<DrainResponse>(options.address, 'Drain', request, (wait + 30) * 1000);
      if (options.json === true) process.stdout.write(`${JSON.stringify({ behind })}\n`);
      else if (resume === true) process.stdout.write('takes input again\n');
      else if (behind.length === 0) process.stdout.write('drained: the stores have everything\n');
      for (const { name, lag_rows: rows } of options.json === true || resume === true ? [] : behind)
        process.stdout.write(`${rows} journal entries are not yet in ${name}\n`);
      if (resume !== true && behind.length > 0) process.exitCode = 1;
    });
}

export function reloadCommand(): Command {
  return new Command('reload')
    .description(
      'make a running engine read its configuration again (tenants, keys, quotas, gates) and its certificate; for operators',
    )
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  suho reload\n\nSo does SIGHUP to an engine without a terminal, such as a service. Settings that need a restart are named.',
    )
    .action(async (options: Options) => {
      const report = await call<ReloadConfigResponse>(options.address, 'ReloadConfig', {}, 10_000);
      const { tenants, need_restart: needRestart, certificate_changed: changed } = report;
      const expiresAt = report.certificate_expires_at;
      const certificate = expiresAt === undefined ? undefined : { changed, expiresAt: Number(expiresAt) };
      const lines =
        options.json === true ? [JSON.stringify(report)] : reloadLines({ tenants, needRestart, certificate });
      for (const line of lines) process.stdout.write(`${line}\n`);
    });
}

/** What a reload did, in sentences. */
export function reloadLines({ tenants, needRestart, certificate }: ReloadReport): readonly string[] {
  return [
    `tenants that changed: ${tenants.join(', ') || 'none'}`,
    ...(certificate === undefined
      ? []
      : [
          `certificate ${certificate.changed ? 'changed' : 'as before'}, valid until ${new Date(certificate.expiresAt).toISOString()}`,
        ]),
    ...(needRestart.length === 0 ? [] : [`take effect at the next start: ${needRestart.join(', ')}`]),
  ];
}

export function auditCommand(): Command {
  return new Command('audit')
    .description('show what engineers and operators did to the engine of a data folder, newest last')
    .addOption(dataOption())
    .addOption(countOption('--last <n>', 'entries to show', 50))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  suho audit --last 200 --json')
    .action(({ data, last, json }: { data: string; last: number; json?: boolean }) => {
      const file = auditFile(path.resolve(data));
      const lines = [`${file}.1`, file].flatMap((one) =>
        existsSync(one)
          ? readFileSync(one, 'utf8')
              .split('\n')
              .filter((line) => line !== '')
          : [],
      );
      if (lines.length === 0 && !existsSync(path.join(data, 'suho.json')))
        throw new SuhoError('NOT_FOUND', `There is no data folder at ${path.resolve(data)}.`);
      const entries = lines.slice(-last);
      if (json === true) {
        for (const line of entries) process.stdout.write(`${line}\n`);
        return;
      }
      const rows = entries.map((line) => {
        const { time, tenant, user, role, peer, action, outcome } = JSON.parse(line) as AuditEntry;
        return [time, user === '' ? tenant : `${tenant}/${user}`, role, peer, action, outcome];
      });
      process.stdout.write(`${formatTable(['time', 'who', 'role', 'from', 'action', 'outcome'], rows)}\n`);
    });
}
