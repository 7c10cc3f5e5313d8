import { Argument, Command, Option } from 'commander';
import type { CancelTrainingJobResponse__Output as CancelTrainingJobResponse } from '../api/generated/suho/v1/CancelTrainingJobResponse.js';
import type { ListTrainingJobsResponse__Output as ListTrainingJobsResponse } from '../api/generated/suho/v1/ListTrainingJobsResponse.js';
import type { RetrainSeriesResponse__Output as RetrainSeriesResponse } from '../api/generated/suho/v1/RetrainSeriesResponse.js';
import type { TrainingJob__Output as TrainingJob } from '../api/generated/suho/v1/TrainingJob.js';
import { callsOf } from './client.js';
import { addressOption, jsonOption, readSymbol } from './options.js';
import { formatTable, utc } from './table.js';

interface Options {
  readonly address: string;
  readonly json?: boolean;
}

const call = callsOf('TrainingService');

export function jobsCommand(): Command {
  return new Command('jobs')
    .description('show and cancel the trainings of a running engine')
    .addCommand(
      new Command('list')
        .description('show trainings, newest first')
        .addOption(new Option('--open', 'only those that wait or run'))
        .addOption(addressOption())
        .addOption(jsonOption())
        .action(async ({ address, json, open = false }: Options & { readonly open?: boolean }) => {
          const { jobs } = await call<ListTrainingJobsResponse>(address, 'ListTrainingJobs', {
            open_only: open,
          });
          process.stdout.write(
            json === true ? `${JSON.stringify(jobs.map(inNumbers))}\n` : `${describe(jobs)}\n`,
          );
        }),
    )
    .addCommand(
      new Command('cancel')
        .description('end a training that waits or runs; the models in use stay')
        .addArgument(new Argument('<id>', 'id of the job, as the list shows it'))
        .addOption(addressOption())
        .addOption(jsonOption())
        .action(async (id: string, { address, json }: Options) => {
          const { job } = await call<CancelTrainingJobResponse>(address, 'CancelTrainingJob', { job_id: id });
          process.stdout.write(
            json === true
              ? `${JSON.stringify(inNumbers(job!))}\n`
              : `training of ${job!.series}: ${job!.status}\n`,
          );
        }),
    );
}

export function retrainCommand(): Command {
  return new Command('retrain')
    .description('queue a training of a running engine; the model it makes is tried beside the one in use')
    .addArgument(new Argument('<symbol>', 'symbol, such as EURUSD').argParser(readSymbol))
    .addOption(new Option('--timeframe <timeframe>', 'only this timeframe').default(''))
    .addOption(new Option('--feed <feed>', 'only this feed').default(''))
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  suho retrain EURUSD --timeframe 1h')
    .action(
      async (
        symbol: string,
        { address, json, timeframe, feed }: Options & { readonly timeframe: string; readonly feed: string },
      ) => {
        const { jobs } = await call<RetrainSeriesResponse>(address, 'RetrainSeries', {
          symbol,
          timeframe,
          feed,
        });
        process.stdout.write(
          json === true ? `${JSON.stringify(jobs.map(inNumbers))}\n` : `${describe(jobs)}\n`,
        );
      },
    );
}

/** A job as the API gives it, its times as numbers. */
function inNumbers(job: TrainingJob): object {
  const { started_at: started, finished_at: finished } = job;
  return {
    ...job,
    queued_at: Number(job.queued_at),
    ...(started === undefined ? {} : { started_at: Number(started) }),
    ...(finished === undefined ? {} : { finished_at: Number(finished) }),
  };
}

function describe(jobs: readonly TrainingJob[]): string {
  if (jobs.length === 0) return 'no trainings';
  const table = formatTable(
    ['queued (UTC)', 'series', 'cause', 'status', 'version', 'CPU', 'id'],
    jobs.map((job) => [
      utc(Number(job.queued_at)),
      job.series,
      job.cause,
      job.status,
      job.version,
      `${job.cpu_seconds.toFixed(1)} s`,
      job.job_id,
    ]),
  );
  const why = jobs.map(
    ({ series, cause, error, reason }) => `${series} ${cause}: ${error === '' ? reason : error}`,
  );
  return [table, ...why].join('\n');
}
