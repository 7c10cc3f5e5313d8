import { MODEL_WEIGHT } from '../../actors/signals/aggregation.js';
import { fromProtoTimeframe } from '../api/fields.js';
import type { ArmForecast__Output as ArmForecast } from '../api/generated/suho/v1/ArmForecast.js';
import type { GateCheck__Output as GateCheck } from '../api/generated/suho/v1/GateCheck.js';
import type { SignalExplanation__Output as SignalExplanation } from '../api/generated/suho/v1/SignalExplanation.js';
import type { SignalOutcome__Output as SignalOutcome } from '../api/generated/suho/v1/SignalOutcome.js';
import type { StoredSignal__Output as StoredSignal } from '../api/generated/suho/v1/StoredSignal.js';
import { directionName } from '../api/signal-encoding.js';
import { figureLine } from './anomalies.js';
import { percent, utc } from './table.js';

/** Columns that the name of a line takes. */
const INDENT = 14;
const MOVES = ['fell', 'stayed', 'rose'];

/** An explanation as people read it: a screenful. */
export function describeExplanation(explanation: SignalExplanation): string {
  const { signal } = explanation;
  if (signal === null) return '';
  return [
    ...header(signal),
    ...section('bar', barLines(explanation)),
    ...section('forecast', forecastLines(signal)),
    ...section('model', modelLines(explanation, signal)),
    ...section('similar', momentLines(explanation)),
    ...section('confidence', confidenceLines(explanation, signal)),
    ...section('gates', explanation.gates.map(gateLine)),
    ...section('anomalies', explanation.anomalies === null ? [] : [figureLine(explanation.anomalies)]),
    ...section('arms', armLines(explanation.arms)),
    ...section('moved by', movedLines(explanation)),
    ...section('timing', timingLines(explanation)),
    ...section('replay', replayLines(explanation)),
  ].join('\n');
}

/** Every feature of an explained bar, by name with its unit. */
export function describeFeatures({ features }: SignalExplanation): string {
  if (features.length === 0) return 'the feature row of the bar is no longer kept';
  return features
    .map(
      ({ name, unit, value }) =>
        `${name.padEnd(32)} ${(value === undefined ? '-' : number(value)).padStart(14)}  ${unit}`,
    )
    .join('\n');
}

function section(name: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `${(i === 0 ? name : '').padEnd(INDENT)}${line}`);
}

function header(signal: StoredSignal): string[] {
  const { symbol, timeframe, bar_close_time: time, direction, confidence, prediction_id: id } = signal;
  const what = `${symbol} ${fromProtoTimeframe(timeframe) ?? ''}, bar closed ${utc(Number(time))} UTC`;
  const why = signal.abstained.length === 0 ? '' : ` because of ${signal.abstained.join(', ')}`;
  return [`${what}: ${directionName(direction)}${why}, confidence ${percent(confidence)}`, id, ''];
}

function barLines({ bar, features }: SignalExplanation): string[] {
  if (bar === null) return ['no longer kept'];
  const volume = bar.volume === undefined ? '' : `, volume ${number(bar.volume)}`;
  const spread =
    bar.bid === undefined || bar.ask === undefined
      ? ''
      : `, spread ${number(((bar.ask - bar.bid) / bar.close) * 1e4)} basis points`;
  const known = features.filter(({ value }) => value !== undefined).length;
  return [
    `open ${price(bar.open)}, high ${price(bar.high)}, low ${price(bar.low)}, close ${price(bar.close)}${volume}${spread}`,
    `${known} of ${features.length} features known (--features shows them)`,
  ];
}

function forecastLines({ forecasts, primary_horizon: primary, outcomes }: StoredSignal): string[] {
  return forecasts.map(({ horizon, down, flat, up, expected_return: expected }) => {
    const came = outcomes.find((outcome) => outcome.horizon === horizon);
    const shares = `down ${percent(down).padStart(7)}  flat ${percent(flat).padStart(7)}  up ${percent(up).padStart(7)}`;
    const name = `${horizon}${horizon === primary ? ' *' : '  '}`;
    return `${name}  ${shares}  expected ${signed(expected)}  ${came === undefined ? 'open' : cameOf(came)}`;
  });
}

function cameOf({ direction, return: change }: SignalOutcome): string {
  // One that stayed moved by less than counts, up or down.
  const by = direction === 0 ? signed(change) : `${Math.abs(change * 100).toFixed(3)} %`;
  return `${MOVES[direction + 1]} by ${by}`;
}

function modelLines(
  { model, model_probabilities: said, patterns }: SignalExplanation,
  signal: StoredSignal,
): string[] {
  const weight = MODEL_WEIGHT / (MODEL_WEIGHT + (patterns?.effective_sample_size ?? 0));
  const [down = NaN, flat = NaN, up = NaN] = said;
  const own =
    said.length === 0
      ? []
      : [
          `it said down ${percent(down)}, flat ${percent(flat)}, up ${percent(up)} over ${signal.primary_horizon}, which weighs ${percent(weight)} of the forecast`,
        ];
  const registered = model?.model;
  if (registered === null || registered === undefined)
    return [`${signal.model_version}, ${signal.arm}; the registry does not have it, or is away`, ...own];
  const { name, family, status, trained_from: from, trained_through: through, rows } = registered;
  const plan = model!.plan.map(
    ({ arm, version, share }) => `${arm} ${version}${share > 0 && share < 1 ? ` on ${percent(share)}` : ''}`,
  );
  return [
    `${signal.model_version} of ${name}, served as ${signal.arm}; ${family}, ${status} now`,
    ...own,
    `trained on ${rows} bars from ${utc(Number(from))} to ${utc(Number(through))}; file ${registered.model_sha256.slice(0, 16)}`,
    `plan now: ${plan.length === 0 ? 'none' : plan.join(', ')}`,
  ];
}

function momentLines({ patterns, moments, signal }: SignalExplanation): string[] {
  if (patterns === null)
    return [signal!.degraded.length === 0 ? 'no longer kept' : `none: ${signal!.degraded.join(', ')}`];
  const { matches, agreement, direction, win_rate_low: low, win_rate_high: high } = patterns;
  const word = ['down', 'flat', 'up'][['SHORT', 'FLAT', 'LONG'].indexOf(directionName(direction))];
  return [
    `${matches} moments, worth ${patterns.effective_sample_size.toFixed(1)}: ${percent(agreement)} ${word} (${percent(low)} to ${percent(high)}), mean ${signed(patterns.mean_return)}`,
    ...moments.map(({ symbol, bar_close_time: time, similarity, outcomes }) => {
      const came = outcomes.map((outcome) => `${outcome.horizon} ${signed(outcome.return)}`).join('  ');
      return `  ${symbol}  ${utc(Number(time))}  ${similarity === undefined ? '    -' : similarity.toFixed(3)}  ${came === '' ? 'no longer kept' : came}`;
    }),
  ];
}

function confidenceLines({ confidence }: SignalExplanation, signal: StoredSignal): string[] {
  if (confidence === null) return ['its record is no longer kept'];
  const { stated, outcomes, hits } = confidence;
  if (outcomes === '0') return [`${percent(stated)} as stated: nothing like it had an outcome yet`];
  return [
    `stated ${percent(stated)}, corrected to ${percent(signal.confidence)}: of ${outcomes} stated about alike ${hits} came true`,
  ];
}

function gateLine({ name, reason, value, limit, passed }: GateCheck): string {
  const saw = value === undefined ? '' : ` ${number(value)}`;
  const asked = limit === undefined ? '' : `, limit ${number(limit)}`;
  return `${passed ? 'passed  ' : 'STOPPED '} ${name}${saw}${asked}${passed ? '' : ` (${reason})`}`;
}

function armLines(arms: readonly ArmForecast[]): string[] {
  return arms.map(({ arm, version, served, direction, forecast, abstained }) => {
    const shares = forecast === null ? '' : `: down ${percent(forecast.down)}, up ${percent(forecast.up)}`;
    const why = abstained.length === 0 ? '' : ` (${abstained.join(', ')})`;
    return `${arm} ${version}${served ? ', served' : ''}${shares}, ${directionName(direction)}${why}`;
  });
}

function movedLines({ moved, features }: SignalExplanation): string[] {
  if (moved === null) return [];
  if (moved.note !== '') return [moved.note];
  const word = moved.direction === 'DIRECTION_LONG' ? 'up' : 'down';
  if (moved.features.length === 0) return ['no input: the model says the same of every row'];
  return moved.features.map(({ name, kind, change }) => {
    const points = `${change >= 0 ? '+' : '-'}${Math.abs(change * 100).toFixed(2)}`.padStart(7);
    const feature = features.find((each) => each.name === name);
    const value = feature?.value === undefined ? 'unknown' : `${number(feature.value)} ${feature.unit}`;
    return `${points} points of ${word}  ${name} (${kind === 'channel' ? 'of the last bars' : value})`;
  });
}

function timingLines({ timing }: SignalExplanation): string[] {
  if (timing === null) return ['no longer kept'];
  return [`model ${timing.inference_ms.toFixed(2)} ms, similar moments ${timing.patterns_ms.toFixed(2)} ms`];
}

function replayLines({ replay }: SignalExplanation): string[] {
  if (replay === null) return [];
  const told = replay.steps.filter(({ outcome }) => outcome !== 'same' && outcome !== 'not_used');
  const same = replay.steps.filter(({ outcome }) => outcome === 'same').map(({ part }) => part);
  return [
    replay.same
      ? `the same signal, bit for bit: ${same.join(', ')}`
      : `same: ${same.length === 0 ? 'nothing' : same.join(', ')}`,
    ...told.map(
      ({ part, outcome, note }) =>
        `${part} ${outcome === 'gone' ? 'cannot be made again' : 'differs'}: ${note}`,
    ),
  ];
}

function signed(share: number): string {
  return `${share < 0 ? '-' : '+'}${Math.abs(share * 100).toFixed(3)} %`;
}

/** A price without the digits that only arithmetic gave it. */
function price(x: number): string {
  return String(Number(x.toPrecision(8)));
}

/** A number with as many digits as tell it apart. */
function number(x: number): string {
  return String(Number(x.toPrecision(5)));
}
