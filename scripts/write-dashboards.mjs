// Writes the Grafana dashboards of deploy/grafana from what is said here: rows of panels, each a title, a unit and its queries.
// With a folder as its argument it writes there instead; a test compares that with what is committed.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const target = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '..', 'deploy', 'grafana'));
const OF = 'job=~"$job",instance=~"$instance"';
const RATE = '[$__rate_interval]';

const rate = (metric, more = '') => `rate(${metric}{${OF}${more}}${RATE})`;
const by = (labels, query) => `sum by (${labels}) (${query})`;
/** A quantile of how long a stage takes, seconds. */
const quantile = (q, labels, more) =>
  `histogram_quantile(${q}, ${by(`le, ${labels}`, rate('suho_stage_seconds_bucket', more))})`;
const now = (metric, more = '') => `${metric}{${OF}${more}}`;

/** A panel: title, unit, what it shows in a sentence, and queries with their legends. */
const panel = (title, unit, description, ...queries) => ({ title, unit, description, queries });
const stat = (...given) => ({ ...panel(...given), type: 'stat' });

const DASHBOARDS = {
  engine: {
    title: 'Suho: engine',
    rows: [
      [
        stat('Ready', 'bool_yes_no', 'Whether it takes calls and input', [now('suho_ready'), '{{instance}}']),
        stat('Degraded', 'bool_yes_no', 'Whether anything is not as it should be', [
          now('suho_degraded'),
          '{{instance}}',
        ]),
        stat('Version', 'none', 'What runs', [now('suho_build_info'), '{{version}} on Node {{node}}']),
        stat('Uptime', 's', 'Time since start', [now('suho_uptime_seconds'), '{{instance}}']),
      ],
      [
        panel(
          'Input',
          'ops',
          'Bars and quotes taken a second',
          [rate('suho_bars_total'), 'bars {{instance}}'],
          [rate('suho_quotes_total'), 'quotes {{instance}}'],
        ),
        panel(
          'Signals',
          'ops',
          'Signals made a second, and bars without one by reason',
          [rate('suho_signals_total'), 'signals {{instance}}'],
          [by('reason', rate('suho_withheld_total')), 'withheld: {{reason}}'],
        ),
      ],
      [
        panel(
          'From bar to signal',
          's',
          'From the acceptance of a bar until its signal is durable and sent; the goal is 0.2 s for 99 of 100',
          [quantile(0.5, 'instance', ',stage="total"'), 'p50 {{instance}}'],
          [quantile(0.95, 'instance', ',stage="total"'), 'p95 {{instance}}'],
          [quantile(0.99, 'instance', ',stage="total"'), 'p99 {{instance}}'],
        ),
        panel('Where the time goes', 's', '95th percentile of each stage', [
          quantile(0.95, 'stage', ''),
          '{{stage}}',
        ]),
        panel('Slow signals', 'percentunit', 'Later than 200 ms: the goal is 1 %', [
          `1 - ${by('instance', rate('suho_stage_seconds_bucket', ',stage="total",le="0.2"'))} / ${by('instance', rate('suho_stage_seconds_count', ',stage="total"'))}`,
          '{{instance}}',
        ]),
      ],
      [
        panel(
          'Waiting at the door',
          'short',
          'Requests that wait because more comes in than can be done, and rows that may be in work at once',
          [now('suho_door_waiting'), 'waiting {{instance}}'],
          [now('suho_door_rows_max'), 'rows at once {{instance}}'],
        ),
        panel(
          'Overload',
          'ops',
          'Requests that had to wait, and that were refused after it',
          [rate('suho_door_waited_total'), 'waited {{instance}}'],
          [rate('suho_door_refused_total'), 'refused {{instance}}'],
        ),
      ],
      [
        panel('Calls', 'ops', 'Calls that ended a second, by status', [
          by('code', rate('suho_calls_total')),
          '{{code}}',
        ]),
        panel('Failed calls', 'ops', 'By method and reason', [
          by('method, reason', rate('suho_calls_total', ',code!="OK"')),
          '{{method}} {{reason}}',
        ]),
      ],
      [
        panel(
          'Rows not applied',
          'ops',
          'Repeated, late, different or invalid rows a second',
          [rate('suho_duplicates_total'), 'duplicates'],
          [rate('suho_late_total'), 'late'],
          [rate('suho_conflicts_total'), 'conflicts'],
          [rate('suho_rejected_total'), 'rejected'],
        ),
        panel(
          'Actors',
          'short',
          'In memory, with messages waiting, parked',
          [now('suho_actors'), 'actors {{instance}}'],
          [now('suho_queued'), 'messages waiting'],
          [now('suho_parked_actors'), 'parked'],
        ),
      ],
      [
        panel('CPU', 'percentunit', 'Cores in use', [
          `rate(process_cpu_seconds_total{${OF}}${RATE})`,
          '{{instance}}',
        ]),
        panel(
          'Memory',
          'bytes',
          'Resident and heap',
          [now('process_resident_memory_bytes'), 'resident {{instance}}'],
          [now('nodejs_heap_size_used_bytes'), 'heap {{instance}}'],
        ),
        panel('Event loop', 's', 'How late the event loop is: the slowest hundredth', [
          now('nodejs_eventloop_lag_p99_seconds'),
          '{{instance}}',
        ]),
        panel('Streams', 'short', 'Open signal streams', [now('suho_subscribers'), '{{instance}}']),
      ],
    ],
  },
  learning: {
    title: 'Suho: learning',
    rows: [
      [
        stat('Series without a model', 'short', 'Their bars are withheld', [
          now('suho_series_without_model'),
          '{{instance}}',
        ]),
        stat('Models that may not serve', 'short', 'suho status names them', [
          now('suho_models_withheld'),
          '{{instance}}',
        ]),
        stat('Live features that differ', 'short', 'Since start; it must be 0', [
          now('suho_features_differing_total'),
          '{{instance}}',
        ]),
      ],
      [
        stat(
          'Alerts about models',
          'short',
          'Drift of inputs or of outcomes; suho alerts list names them',
          [now('suho_alerts_open'), 'open {{instance}}'],
          [now('suho_alerts_acknowledged'), 'acknowledged {{instance}}'],
        ),
        stat(
          'Models watched for drift',
          'short',
          'One for each series they serve; those without a reference of their training are not watched',
          [now('suho_models_watched'), 'watched {{instance}}'],
          [now('suho_models_without_reference'), 'without a reference {{instance}}'],
        ),
      ],
      [
        panel(
          'Alerts',
          'short',
          'About models, open and acknowledged',
          [now('suho_alerts_open'), 'open {{instance}}'],
          [now('suho_alerts_acknowledged'), 'acknowledged {{instance}}'],
        ),
        panel(
          'Trainings',
          'short',
          'That wait and that run; suho jobs list names them',
          [now('suho_trainings_queued'), 'waiting {{instance}}'],
          [now('suho_trainings_running'), 'running {{instance}}'],
        ),
        panel(
          'Processor time of trainings',
          's',
          'In the last hour, and how much they may take',
          [now('suho_training_cpu_seconds'), 'taken {{instance}}'],
          [now('suho_training_budget_seconds'), 'budget {{instance}}'],
        ),
      ],
      [
        panel('Waiting series', 'short', 'By what they wait for', [
          by('state', now('suho_series_without_model_state')),
          '{{state}}',
        ]),
        panel('Bars without a signal', 'ops', 'By reason', [
          by('reason', rate('suho_withheld_total')),
          '{{reason}}',
        ]),
      ],
      [
        panel('Signals that abstain', 'ops', 'By reason', [
          by('outcome', rate('suho_tenant_outcomes_total', ',outcome=~"abstained:.*"')),
          '{{outcome}}',
        ]),
        panel('Directions', 'ops', 'Signals by direction', [
          by('outcome', rate('suho_tenant_outcomes_total', ',outcome=~"LONG|SHORT|FLAT"')),
          '{{outcome}}',
        ]),
      ],
      [
        panel(
          'Feature rows',
          'ops',
          'Computed a second, and recomputed to compare',
          [rate('suho_feature_rows_total'), 'computed'],
          [rate('suho_features_checked_total'), 'checked'],
        ),
        panel('Trade results', 'ops', 'Taken a second', [rate('suho_trades_total'), '{{instance}}']),
      ],
    ],
  },
  tenants: {
    title: 'Suho: tenants',
    rows: [
      [
        panel('Bars by tenant', 'ops', 'That asked for a signal, the ten busiest', [
          `topk(10, ${by('tenant', rate('suho_tenant_outcomes_total', ',outcome!~"abstained:.*"'))})`,
          '{{tenant}}',
        ]),
        panel('Acting signals by tenant', 'ops', 'LONG and SHORT', [
          `topk(10, ${by('tenant', rate('suho_tenant_outcomes_total', ',outcome=~"LONG|SHORT"'))})`,
          '{{tenant}}',
        ]),
      ],
      [
        panel('Refused by quota', 'ops', 'Requests that a quota refused', [
          by('tenant, quota', rate('suho_tenant_refused_total')),
          '{{tenant}} {{quota}}',
        ]),
        panel('Open streams', 'short', 'By tenant', [
          `topk(10, ${by('tenant', now('suho_tenant_streams'))})`,
          '{{tenant}}',
        ]),
        panel('Instruments', 'short', 'That each tenant publishes', [
          `topk(10, ${by('tenant', now('suho_tenant_instruments'))})`,
          '{{tenant}}',
        ]),
      ],
    ],
  },
  stores: {
    title: 'Suho: stores',
    rows: [
      [
        panel('Journal', 'percentunit', 'How full it is; above 1 input is refused', [
          `suho_journal_bytes{${OF}} / suho_journal_bytes_max{${OF}}`,
          '{{instance}}',
        ]),
        panel('Lag', 's', 'Age of the oldest entry a store has not taken', [
          now('suho_sink_lag_seconds'),
          '{{sink}}',
        ]),
        panel('Entries behind', 'short', 'Journal entries a store has not taken', [
          now('suho_sink_lag_rows'),
          '{{sink}}',
        ]),
      ],
      [
        panel('Stores that accept writes', 'bool_yes_no', 'By store', [now('suho_sink_up'), '{{sink}}']),
        panel('Sources', 'bool_yes_no', 'That are connected', [now('suho_source_up'), '{{source}}']),
        panel(
          'Refused records',
          'short',
          'Dead letters of each store',
          [now('suho_sink_dead_letters'), '{{sink}}'],
          [now('suho_dead_letters'), 'all'],
        ),
      ],
      [
        panel('Rows shed', 'ops', 'Feature rows stored without all labels because the journal was full', [
          rate('suho_rows_shed_total'),
          '{{instance}}',
        ]),
      ],
    ],
  },
};

const WIDTH = 24;
const HEIGHT = 8;

function panelsOf(rows) {
  return rows.flatMap((row, y) =>
    row.map(({ title, unit, description, queries, type = 'timeseries' }, x) => ({
      id: y * 10 + x + 1,
      type,
      title,
      description,
      datasource: { type: 'prometheus', uid: '${datasource}' },
      gridPos: {
        x: Math.floor((x * WIDTH) / row.length),
        y: y * HEIGHT,
        w: Math.floor(WIDTH / row.length),
        h: HEIGHT,
      },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      options:
        type === 'stat'
          ? { textMode: title === 'Version' ? 'name' : 'auto' }
          : { legend: { displayMode: 'list' } },
      targets: queries.map(([expr, legendFormat], i) => ({
        refId: String.fromCharCode(65 + i),
        expr,
        legendFormat,
      })),
    })),
  );
}

const variable = (name, metric, label) => ({
  name,
  type: 'query',
  datasource: { type: 'prometheus', uid: '${datasource}' },
  query: `label_values(${metric}, ${label})`,
  refresh: 2,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
});

mkdirSync(target, { recursive: true });
for (const [name, { title, rows }] of Object.entries(DASHBOARDS)) {
  const dashboard = {
    uid: `suho-${name}`,
    title,
    tags: ['suho'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
        variable('job', 'suho_ready', 'job'),
        variable('instance', 'suho_ready{job=~"$job"}', 'instance'),
      ],
    },
    panels: panelsOf(rows),
  };
  writeFileSync(path.join(target, `${name}.json`), `${JSON.stringify(dashboard, null, 2)}\n`);
}
