import { Command, InvalidArgumentError, Option } from 'commander';
import type { Timeframe } from '../../actors/market/timeframe.js';
import { TIMEFRAMES } from '../../actors/market/timeframe.js';
import { fromProtoTimeframe, toProtoTimeframe } from '../api/fields.js';
import type { AnomalyFigures__Output as AnomalyFigures } from '../api/generated/suho/v1/AnomalyFigures.js';
import type { AnomalyGroup__Output as AnomalyGroup } from '../api/generated/suho/v1/AnomalyGroup.js';
import type { ListAnomaliesResponse__Output as ListAnomaliesResponse } from '../api/generated/suho/v1/ListAnomaliesResponse.js';
import type { StoredSignal__Output as StoredSignal } from '../api/generated/suho/v1/StoredSignal.js';
import { directionName } from '../api/signal-encoding.js';
import { callsOf } from './client.js';
import { addressOption, countOption, dateOption, jsonOption, readSymbol, readTimeframe } from './options.js';
import { formatTable, percent, utc } from './table.js';

interface Options {
  readonly address: string;
  readonly symbol?: string;
  readonly timeframe?: Timeframe;
  readonly from?: number;
  readonly to?: number;
  readonly above: number;
  readonly count: number;
  readonly json?: boolean;
}

const HORIZONS = ['1h', '4h', '1d'];
const LIST_MS = 30_000;

const call = callsOf('SignalService');

function readScore(text: string): number {
  const score = Number(text);
  if (!(score > 0 && Number.isFinite(score)))
    throw new InvalidArgumentError(`"${text}" is not a score above 0.`);
  return score;
}

export function anomaliesCommand(): Command {
  return new Command('anomalies')
    .description(
      'list anomalous moments, what came of them, and whether withholding their signals is worth it',
    )
    .addOption(new Option('--symbol <symbol>', 'only this symbol').argParser(readSymbol))
    .addOption(
      new Option('--timeframe <timeframe>', `only this one (${TIMEFRAMES.join(' ')})`).argParser(
        readTimeframe,
      ),
    )
    .addOption(dateOption('--from <date>', 'only bars that closed at or after it'))
    .addOption(dateOption('--to <date>', 'only bars that closed before it'))
    .addOption(
      new Option('--above <score>', 'only higher anomaly scores; the tenant’s gate maxAnomaly without it')
        .argParser(readScore)
        .default(0, 'the gate'),
    )
    .addOption(countOption('--count <n>', 'newest moments to list, up to 1000', 20))
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  suho anomalies
  suho anomalies --symbol EURUSD --timeframe 1h --above 2

A score is the autoencoder's reconstruction error over its 99th percentile in training. A withheld signal counts by what it leaned to.`,
    )
    .action(async (options: Options) => {
      const { address, symbol, timeframe, from, to, above, count, json } = options;
      const request = {
        symbols: symbol === undefined ? [] : [symbol],
        timeframes: timeframe === undefined ? [] : [toProtoTimeframe(timeframe)],
        ...(from === undefined ? {} : { from_time: from }),
        ...(to === undefined ? {} : { to_time: to }),
        above,
        page_size: count,
      };
      const answer = await call<ListAnomaliesResponse>(address, 'ListAnomalies', request, LIST_MS);
      process.stdout.write(`${json === true ? JSON.stringify(inNumbers(answer)) : describe(answer)}\n`);
    });
}

function inNumbers({ anomalies, figures, ...rest }: ListAnomaliesResponse): object {
  const group = (of: AnomalyGroup | null): object => ({
    ...of,
    signals: Number(of?.signals),
    withheld: Number(of?.withheld),
    known: Number(of?.known),
  });
  return {
    ...rest,
    anomalies: anomalies.map((signal) => ({ ...signal, bar_close_time: Number(signal.bar_close_time) })),
    figures: figures.map((of) => ({ ...of, anomalous: group(of.anomalous), usual: group(of.usual) })),
  };
}

function describe({ anomalies, figures, above, gate_action: action }: ListAnomaliesResponse): string {
  const listed =
    anomalies.length === 0
      ? `no moment with a score above ${above}`
      : formatTable(
          ['bar close (UTC)', 'symbol', 'tf', 'score', 'signal', 'leaned to', ...HORIZONS, 'right', 'id'],
          anomalies.map(rowOf),
        );
  return [
    listed,
    ...figures.map(figureLine),
    `a signal above the gate ${action === 'note' ? 'acts and says so' : 'abstains'}`,
  ].join('\n');
}

function rowOf(signal: StoredSignal): string[] {
  const { symbol, timeframe, bar_close_time: time, anomaly, direction, outcomes } = signal;
  const forecast = signal.forecasts.find(({ horizon }) => horizon === signal.primary_horizon);
  const { down = 0, flat = 0, up = 0 } = forecast ?? {};
  const leaned = up >= down && up > flat ? 1 : down > up && down > flat ? -1 : 0;
  const came = HORIZONS.map((horizon) => {
    const outcome = outcomes.find((each) => each.horizon === horizon);
    return outcome === undefined ? '' : percentOf(outcome.return);
  });
  const primary = outcomes.find(({ horizon }) => horizon === signal.primary_horizon);
  return [
    utc(Number(time)),
    symbol,
    fromProtoTimeframe(timeframe) ?? '?',
    anomaly.toFixed(2),
    directionName(direction),
    ['down', 'flat', 'up'][leaned + 1]!,
    ...came,
    primary === undefined ? '' : primary.direction === leaned ? 'yes' : 'no',
    signal.prediction_id,
  ];
}

/** What an anomaly gate is worth, in a sentence. */
export function figureLine({ symbol, timeframe, above, anomalous, usual, ...rest }: AnomalyFigures): string {
  if (anomalous === null || usual === null) return '';
  const { shortfall, shortfall_low: low = -1, shortfall_high: high = 1 } = rest;
  const worth =
    shortfall === undefined
      ? 'nothing to compare yet'
      : `${points(shortfall)} fewer right (${points(low)} to ${points(high)}): ${verdictOf(low, high)}`;
  const withheld = anomalous.withheld === '0' ? '' : `, ${anomalous.withheld} withheld`;
  return `${symbol} ${fromProtoTimeframe(timeframe) ?? '?'}: ${anomalous.signals} above ${above}${withheld}, ${rightOf(anomalous)}; ${usual.signals} usual, ${rightOf(usual)}; ${worth}`;
}

function verdictOf(low: number, high: number): string {
  if (low > 0) return 'anomalous moments do worse';
  return high < 0 ? 'anomalous moments do better' : 'not shown to do worse';
}

function rightOf({ known, right, mean_return: mean }: AnomalyGroup): string {
  if (right === undefined) return 'no outcome yet';
  return `of ${known} known ${percent(right)} right${mean === undefined ? '' : `, mean ${percentOf(mean)}`}`;
}

function points(share: number): string {
  return `${(share * 100).toFixed(1)} points`;
}

function percentOf(share: number): string {
  return `${share < 0 ? '' : '+'}${(share * 100).toFixed(3)} %`;
}
