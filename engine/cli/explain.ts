import { Argument, Command, Option } from 'commander';
import type { SignalExplanation__Output as SignalExplanation } from '../api/generated/suho/v1/SignalExplanation.js';
import { callsOf } from './client.js';
import { describeExplanation, describeFeatures } from './explanation-text.js';
import { addressOption, countOption, jsonOption } from './options.js';

interface Options {
  readonly address: string;
  readonly moved: number;
  readonly replay: boolean;
  readonly features?: boolean;
  readonly json?: boolean;
}

/** A signal is made again from all bars of its series. */
const EXPLAIN_MS = 120_000;

const call = callsOf('SignalService');

export function explainCommand(): Command {
  return new Command('explain')
    .description('show how a signal came to be, and make it again from what is kept')
    .addArgument(
      new Argument('<prediction-id>', 'id of the signal, as signals --json and the console show it'),
    )
    .addOption(countOption('--moved <n>', 'inputs that moved the forecast to show; 0: none', 8))
    .addOption(new Option('--no-replay', 'do not make the signal again'))
    .addOption(new Option('--features', 'show every feature of the bar'))
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho explain 5f0d2a7c-8a52-5a39-9f6d-0d1c1c0f7a11
  suho explain 5f0d2a7c-8a52-5a39-9f6d-0d1c1c0f7a11 --features
  suho explain 5f0d2a7c-8a52-5a39-9f6d-0d1c1c0f7a11 --json --moved 50

A replay takes the stored bars, the model's file and the similar moments, and makes the signal again: the same bit for bit, or it
says what differs or is no longer kept. An input moved the forecast by as much as its probability falls, in the mean, when a value
that training had stands in its place. Set SUHO_API_KEY if the engine requires a key.`,
    )
    .action(async (id: string, { address, moved, replay, features, json }: Options) => {
      const request = { prediction_id: id, replay, moved_features: moved };
      const explanation = await call<SignalExplanation>(address, 'ExplainSignal', request, EXPLAIN_MS);
      const text = features === true ? describeFeatures : describeExplanation;
      process.stdout.write(`${json === true ? JSON.stringify(inNumbers(explanation)) : text(explanation)}\n`);
    });
}

/** An explanation as the API gives it, its times and counts as numbers. */
function inNumbers(explanation: SignalExplanation): object {
  const { signal, bar, moments, confidence } = explanation;
  return {
    ...explanation,
    signal: signal === null ? null : { ...signal, bar_close_time: Number(signal.bar_close_time) },
    bar: bar === null ? null : { ...bar, open_time: Number(bar.open_time) },
    moments: moments.map((moment) => ({ ...moment, bar_close_time: Number(moment.bar_close_time) })),
    confidence:
      confidence === null
        ? null
        : { ...confidence, outcomes: Number(confidence.outcomes), hits: Number(confidence.hits) },
  };
}
