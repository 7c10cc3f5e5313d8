import type { HealthSnapshot } from '../health.js';
import type { Families, Samples } from './families.js';
import type { MetricsSource } from './source.js';

type Sink = HealthSnapshot['sinks'][number];

/** The journal, the stores that read it, and the servers the engine takes something from. */
export function storeMetrics(add: Families, { health }: MetricsSource): void {
  const sinks = (value: (sink: Sink) => number) => (): Samples =>
    health().sinks.map((sink) => [{ sink: sink.name }, value(sink)]);
  add.gauge({ name: 'suho_journal_bytes', help: 'Size of the journal', read: () => health().journal_bytes });
  add.gauge({
    name: 'suho_journal_bytes_max',
    help: 'Size above which the journal refuses input, bytes',
    read: () => health().journal_bytes_max,
  });
  add.counter({
    name: 'suho_rows_shed_total',
    help: 'Feature rows that left a full journal before their labels were known, since start',
    read: () => health().rows_shed,
  });
  add.gauge({
    name: 'suho_dead_letters',
    help: 'Dead letters kept: failures of actors and records that stores refused',
    read: () => health().dead_letters,
  });
  add.gauge({
    name: 'suho_sink_lag_rows',
    help: 'Journal entries a store has not taken yet',
    labels: ['sink'],
    read: sinks(({ lag_rows: rows }) => rows),
  });
  add.gauge({
    name: 'suho_sink_lag_seconds',
    help: 'Age of the oldest entry a store has not taken yet',
    labels: ['sink'],
    read: sinks(({ lag_seconds: seconds }) => seconds),
  });
  add.gauge({
    name: 'suho_sink_up',
    help: '1 while a store accepts writes',
    labels: ['sink'],
    read: sinks(({ healthy }) => Number(healthy)),
  });
  add.gauge({
    name: 'suho_sink_dead_letters',
    help: 'Records a store refused',
    labels: ['sink'],
    read: sinks(({ dead_letters: letters }) => letters),
  });
  add.gauge({
    name: 'suho_source_up',
    help: '1 while a source of input is connected',
    labels: ['source'],
    read: () => health().sources.map(({ name, healthy }) => [{ source: name }, Number(healthy)]),
  });
}
