import { createReadStream } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parse } from 'csv-parse';
import type { ReportTradeRequest } from '../api/generated/suho/v1/ReportTradeRequest.js';
import type { ReportTradeResponse__Output as ReportTradeResponse } from '../api/generated/suho/v1/ReportTradeResponse.js';
import { SuhoError, messageOf } from '../errors.js';
import { readTradeReport } from '../feedback/trade-report.js';
import { callUnary, connect } from './client.js';
import { addressOption, dateOption, jsonOption } from './options.js';

interface Options {
  readonly address: string;
  readonly json?: boolean;
}

interface ReportOptions extends Options {
  readonly trade: string;
  readonly prediction: string;
  readonly pnl?: number;
  readonly slippage?: number;
  readonly reason?: string;
}

function readNumber(text: string): number {
  const n = Number(text);
  if (text.trim() === '' || !Number.isFinite(n)) throw new InvalidArgumentError(`"${text}" is not a number.`);
  return n;
}

function numberOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(readNumber);
}

/** Checks a report here, so that what is wrong is said before a call, and puts it in the call's words. */
function toRequest(given: Readonly<Record<string, unknown>>): ReportTradeRequest {
  const report = readTradeReport(given, Date.now());
  return {
    trade_id: report.tradeId,
    prediction_id: report.predictionId,
    side: `DIRECTION_${report.side}`,
    quantity: report.quantity,
    entry_time: report.entryTime,
    entry_price: report.entryPrice,
    exit_time: report.exitTime,
    exit_price: report.exitPrice,
    commission: report.commission,
    financing: report.financing,
    exit_reason: report.exitReason,
    market_conditions: {},
    ...(report.pnlMoney === undefined ? {} : { pnl_money: report.pnlMoney }),
    ...(report.currency === undefined ? {} : { currency: report.currency }),
    ...(report.slippagePips === undefined ? {} : { slippage_pips: report.slippagePips }),
  };
}

function reportCommand(): Command {
  return new Command('report')
    .description('report a closed trade that was made on a signal')
    .addOption(new Option('--trade <id>', 'your id of the trade').makeOptionMandatory())
    .addOption(new Option('--prediction <id>', 'prediction_id of the signal').makeOptionMandatory())
    .addOption(new Option('--side <side>', 'side').choices(['LONG', 'SHORT']).makeOptionMandatory())
    .addOption(
      numberOption('--quantity <n>', 'units of the base currency, contracts or shares').makeOptionMandatory(),
    )
    .addOption(dateOption('--entry-time <moment>', 'when it began').makeOptionMandatory())
    .addOption(numberOption('--entry-price <price>', 'price it began at').makeOptionMandatory())
    .addOption(dateOption('--exit-time <moment>', 'when it ended').makeOptionMandatory())
    .addOption(numberOption('--exit-price <price>', 'price it ended at').makeOptionMandatory())
    .addOption(numberOption('--pnl <money>', 'profit after costs; computed when left out'))
    .addOption(new Option('--currency <code>', 'currency of money; the quote currency when left out'))
    .addOption(numberOption('--commission <money>', 'cost, positive').default(0))
    .addOption(numberOption('--financing <money>', 'cost of holding, positive').default(0))
    .addOption(numberOption('--slippage <pips>', 'slippage in pips'))
    .addOption(new Option('--reason <text>', 'reason of the exit').default(''))
    .addOption(addressOption())
    .addOption(jsonOption())
    .action(async (options: ReportOptions) => {
      const { address, json, trade, prediction, pnl, slippage, reason, ...rest } = options;
      const request = toRequest({
        ...rest,
        tradeId: trade,
        predictionId: prediction,
        pnlMoney: pnl,
        slippagePips: slippage,
        exitReason: reason,
      });
      const client = connect(address, 'FeedbackService');
      try {
        const answer = await callUnary<ReportTradeResponse>(client, 'ReportTrade', request, address);
        process.stdout.write(json === true ? `${JSON.stringify(answer)}\n` : describe(trade, answer));
        if (answer.answer === 'TRADE_ANSWER_UNKNOWN_PREDICTION') process.exitCode = 2;
      } finally {
        client.close();
      }
    });
}

function importCommand(): Command {
  return new Command('import')
    .description('report the closed trades of a CSV, one per row; duplicates are ignored')
    .argument(
      '<file>',
      'CSV with the columns trade_id, prediction_id, side, quantity, entry_time, entry_price, exit_time, exit_price and any of pnl_money, currency, commission, financing, slippage_pips, exit_reason; times in epoch ms or ISO 8601',
    )
    .addOption(addressOption())
    .addOption(jsonOption())
    .action(async (file: string, { address, json }: Options) => {
      const client = connect(address, 'FeedbackService');
      const counts = { ACCEPTED: 0, DUPLICATE: 0, UNKNOWN_PREDICTION: 0 };
      const isCounted = (answer: string): answer is keyof typeof counts => answer in counts;
      let line = 1;
      try {
        const rows = createReadStream(file).pipe(parse({ columns: true, trim: true }));
        for await (const row of rows as AsyncIterable<Readonly<Record<string, string>>>) {
          line++;
          const request = toRequest(fromRow(row));
          const { answer } = await callUnary<ReportTradeResponse>(client, 'ReportTrade', request, address);
          const told = answer.replace(/^TRADE_ANSWER_/, '');
          if (isCounted(told)) counts[told]++;
        }
      } catch (error) {
        const told = JSON.stringify(counts);
        if (error instanceof SuhoError)
          throw new SuhoError(error.code, `Row ${line} of ${file}: ${error.message} So far: ${told}.`);
        throw new SuhoError('BAD_FILE', `${file} cannot be read: ${messageOf(error)}. So far: ${told}.`);
      } finally {
        client.close();
      }
      process.stdout.write(
        json === true
          ? `${JSON.stringify(counts)}\n`
          : `${counts.ACCEPTED} trades taken, ${counts.DUPLICATE} known already, ${counts.UNKNOWN_PREDICTION} on predictions that are not yours\n`,
      );
    });
}

export function tradesCommand(): Command {
  return new Command('trades')
    .description('report trade results to a running engine')
    .addCommand(reportCommand())
    .addCommand(importCommand());
}

/** A row's columns in the words of a report; an empty field is one left out. */
function fromRow(row: Readonly<Record<string, string>>): Record<string, unknown> {
  const report: Record<string, unknown> = {};
  for (const [column, text] of Object.entries(row)) {
    if (text === '') continue;
    const name = column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (name.endsWith('Time')) report[name] = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
    else report[name] = /^(tradeId|predictionId|side|currency|exitReason)$/.test(name) ? text : Number(text);
  }
  return report;
}

function describe(tradeId: string, answer: ReportTradeResponse): string {
  if (answer.answer === 'TRADE_ANSWER_UNKNOWN_PREDICTION')
    return `trade ${tradeId}: you have no such prediction\n`;
  const money = `${answer.pnl_money.toFixed(2)} ${answer.currency}`;
  const state = answer.answer === 'TRADE_ANSWER_ACCEPTED' ? 'taken' : 'known already';
  return `trade ${tradeId} is ${state}: ${money}, ${answer.pnl_pips.toFixed(1)} pips, ${answer.pnl_percent.toFixed(3)} %\n`;
}
