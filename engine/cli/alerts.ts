import { Argument, Command, Option } from 'commander';
import type { AcknowledgeAlertResponse__Output as AcknowledgeAlertResponse } from '../api/generated/suho/v1/AcknowledgeAlertResponse.js';
import type { Alert__Output as Alert } from '../api/generated/suho/v1/Alert.js';
import type { ListAlertsResponse__Output as ListAlertsResponse } from '../api/generated/suho/v1/ListAlertsResponse.js';
import { callsOf } from './client.js';
import { addressOption, jsonOption } from './options.js';
import { formatTable, utc } from './table.js';

interface Options {
  readonly address: string;
  readonly json?: boolean;
}

export function alertsCommand(): Command {
  return new Command('alerts')
    .description(
      'show what monitors found wrong with the models of a running engine; acknowledge or close it',
    )
    .addCommand(listCommand())
    .addCommand(changeCommand('acknowledge', 'AcknowledgeAlert', 'take an open alert as seen'))
    .addCommand(
      changeCommand('close', 'CloseAlert', 'close an alert; when its cause is found again, it is a new one'),
    );
}

const call = callsOf('AlertService');

function listCommand(): Command {
  return new Command('list')
    .description('show alerts, newest first')
    .addOption(new Option('--all', 'closed ones too'))
    .addOption(addressOption())
    .addOption(jsonOption())
    .action(async ({ address, json, all = false }: Options & { readonly all?: boolean }) => {
      const { alerts } = await call<ListAlertsResponse>(address, 'ListAlerts', { all });
      process.stdout.write(
        json === true ? `${JSON.stringify(alerts.map(inNumbers))}\n` : `${describe(alerts)}\n`,
      );
    });
}

function changeCommand(name: string, method: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addArgument(new Argument('<id>', 'id of the alert, as the list shows it'))
    .addOption(addressOption())
    .addOption(jsonOption())
    .addHelpText('after', `\nExample:\n  suho alerts ${name} 0a6f2c1e-7d1f-4b53-9a50-2f6c2d1b7e11`)
    .action(async (id: string, { address, json }: Options) => {
      const { alert } = await call<AcknowledgeAlertResponse>(address, method, { alert_id: id });
      process.stdout.write(
        json === true
          ? `${JSON.stringify(inNumbers(alert!))}\n`
          : `${alert!.kind} of ${alert!.series}: ${stateOf(alert!)}\n`,
      );
    });
}

function stateOf({ state }: Alert): string {
  return state.replace('ALERT_STATE_', '').toLowerCase();
}

/** An alert as the API gives it, its times as numbers and its figures as an object. */
function inNumbers(alert: Alert): object {
  const { acknowledged_at: acknowledged, closed_at: closed } = alert;
  return {
    ...alert,
    state: stateOf(alert),
    details: JSON.parse(alert.details) as object,
    raised_at: Number(alert.raised_at),
    ...(acknowledged === undefined ? {} : { acknowledged_at: Number(acknowledged) }),
    ...(closed === undefined ? {} : { closed_at: Number(closed) }),
  };
}

function describe(alerts: readonly Alert[]): string {
  if (alerts.length === 0) return 'no alerts';
  const table = formatTable(
    ['raised (UTC)', 'series', 'version', 'kind', 'severity', 'state', 'id'],
    alerts.map((alert) => [
      utc(Number(alert.raised_at)),
      alert.series,
      alert.version,
      alert.kind,
      alert.severity,
      stateOf(alert),
      alert.alert_id,
    ]),
  );
  return [table, ...alerts.map(({ series, version, summary }) => `${series} ${version}: ${summary}`)].join(
    '\n',
  );
}
