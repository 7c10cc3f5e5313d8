import { Argument, Command } from 'commander';
import { fromProtoTimeframe } from '../api/fields.js';
import type { Instrument__Output as Instrument } from '../api/generated/suho/v1/Instrument.js';
import type { ListInstrumentsResponse__Output as ListInstrumentsResponse } from '../api/generated/suho/v1/ListInstrumentsResponse.js';
import { callsOf } from './client.js';
import { addressOption, jsonOption } from './options.js';
import { formatTable, utc } from './table.js';

interface Options {
  readonly address: string;
  readonly json?: boolean;
}

export function instrumentsCommand(): Command {
  return new Command('instruments')
    .description('show and remove the instruments of a running engine')
    .addCommand(listCommand())
    .addCommand(removeCommand());
}

const call = callsOf('InstrumentService');

function listCommand(): Command {
  return new Command('list')
    .description('show the instruments your tenant publishes; all of them for operators')
    .addOption(addressOption())
    .addOption(jsonOption())
    .action(async ({ address, json }: Options) => {
      const { instruments } = await call<ListInstrumentsResponse>(address, 'ListInstruments', {});
      process.stdout.write(
        json === true ? `${JSON.stringify(instruments.map(inNumbers))}\n` : `${describe(instruments)}\n`,
      );
    });
}

function removeCommand(): Command {
  return new Command('remove')
    .description('stop following an instrument and drop its state; what is stored of it stays')
    .addArgument(new Argument('<id>', 'id of the instrument, as the list shows it'))
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  suho instruments remove acme@published/EURUSD')
    .action(async (id: string, { address, json }: Options) => {
      await call<object>(address, 'RemoveInstrument', { instrument_id: id });
      process.stdout.write(json === true ? `${JSON.stringify({ removed: id })}\n` : `${id} is removed\n`);
    });
}

/** An instrument with its counts and time as numbers. */
function inNumbers(instrument: Instrument): object {
  const { bars, retained_inputs: retained, last_bar_time: last } = instrument;
  return {
    ...instrument,
    bars: Number(bars),
    retained_inputs: Number(retained),
    last_bar_time: last === undefined ? null : Number(last),
  };
}

function describe(instruments: readonly Instrument[]): string {
  const name = (timeframe: Instrument['base_timeframe']): string => fromProtoTimeframe(timeframe) ?? '?';
  const rows = instruments.map((instrument) => [
    instrument.instrument_id,
    name(instrument.base_timeframe),
    instrument.calendar,
    instrument.signal_timeframes.map(name).join(' '),
    instrument.state.toLowerCase(),
    instrument.bars,
    instrument.last_bar_time === undefined ? '' : utc(Number(instrument.last_bar_time)),
    instrument.retained_inputs,
    instrument.error,
  ]);
  return formatTable(
    [
      'instrument',
      'base',
      'calendar',
      'signals',
      'state',
      'bars',
      'last bar (UTC)',
      'retained inputs',
      'error',
    ],
    rows,
  );
}
