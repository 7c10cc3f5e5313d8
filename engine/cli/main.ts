#!/usr/bin/env node
import { Command } from 'commander';
import { SuhoError, messageOf, systemFailure } from '../errors.js';
import { VERSION } from '../version.js';
import { alertsCommand } from './alerts.js';
import { anomaliesCommand } from './anomalies.js';
import { backfillCommand } from './backfill.js';
import { backupCommand, restoreCommand } from './backup.js';
import { backtestCommand } from './backtest.js';
import { barsCommand } from './bars.js';
import { completionCommand } from './completion.js';
import { deadLettersCommand } from './dead-letters.js';
import { doctorCommand } from './doctor.js';
import { explainCommand } from './explain.js';
import { experimentCommand } from './experiment.js';
import { featuresCommand } from './features.js';
import { instrumentsCommand } from './instruments.js';
import { jobsCommand, retrainCommand } from './jobs.js';
import { keysCommand } from './keys.js';
import { modelsCommand } from './models.js';
import { auditCommand, drainCommand, reloadCommand } from './operations.js';
import { patternsCommand } from './patterns.js';
import { polygonCommand } from './polygon.js';
import { relationsCommand } from './relations.js';
import { replayCommand } from './replay.js';
import { schemaCommand } from './schema.js';
import { signalsCommand } from './signals.js';
import { sqlCommand } from './sql.js';
import { startCommand } from './start.js';
import { statusCommand } from './status.js';
import { tradesCommand } from './trades.js';
import { trainCommand } from './train.js';
import { upgradeCommand } from './upgrade.js';
import { verifyCommand } from './verify.js';
import { versionCommand } from './version.js';

/** 1: the program's own failure. 2: something the user can put right. */
const EXIT_FAILURE = 1;
const EXIT_USER = 2;

const program = new Command('suho')
  .description(
    'Real-time signal engine for trading: market data in, machine-learning and pattern signals out.',
  )
  .version(VERSION)
  .showHelpAfterError('(suho --help shows the commands)')
  .configureHelp({ sortSubcommands: true });

for (const command of [
  startCommand,
  replayCommand,
  relationsCommand,
  barsCommand,
  backfillCommand,
  backtestCommand,
  featuresCommand,
  experimentCommand,
  explainCommand,
  anomaliesCommand,
  trainCommand,
  signalsCommand,
  statusCommand,
  deadLettersCommand,
  sqlCommand,
  verifyCommand,
  instrumentsCommand,
  keysCommand,
  modelsCommand,
  schemaCommand,
  tradesCommand,
  doctorCommand,
  patternsCommand,
  polygonCommand,
  backupCommand,
  restoreCommand,
  upgradeCommand,
  drainCommand,
  reloadCommand,
  auditCommand,
  versionCommand,
  completionCommand,
  alertsCommand,
  jobsCommand,
  retrainCommand,
]) {
  program.addCommand(command());
}

/** Says what ended the command, in one line, and chooses the exit status. */
function report(error: unknown): number {
  const own = error instanceof SuhoError;
  const system = systemFailure(error);
  const other = system === undefined ? messageOf(error).split('\n')[0] : `It failed: ${system}.`;
  process.stderr.write(`suho: ${own ? error.message : other}\n`);
  if (!own && process.env['SUHO_DEBUG'] !== undefined && error instanceof Error)
    process.stderr.write(`${error.stack}\n`);
  return own && error.code !== 'STORE_UNAVAILABLE' ? EXIT_USER : EXIT_FAILURE;
}

process.on('uncaughtException', (error) => process.exit(report(error)));
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
