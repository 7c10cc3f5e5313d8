import { Counter, Gauge, type Histogram, type Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;
/** Values of a family, each with its labels. */
export type Samples = Iterable<readonly [Labels, number]>;

/** A family as it is declared: what it is called, what it tells, and by what it is told apart. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Its values now. It is called once for each scrape. */
  readonly read: () => number | Samples;
}

/**
 * Declares families that are read when they are asked for: the engine counts once, in its rooms, and a scrape reads that. A
 * counter only grows while the process lives; its name ends in `_total`.
 */
export class Families {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  counter({ name, help, labels = [], read }: Family): void {
    const counter: Counter = new Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [],
      collect: (): void => {
        counter.reset();
        for (const [of, value] of samplesOf(read())) counter.inc(of, value);
      },
    });
    this.#registry.registerMetric(counter);
  }

  gauge({ name, help, labels = [], read }: Family): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [],
      collect: (): void => {
        gauge.reset();
        for (const [of, value] of samplesOf(read())) gauge.set(of, value);
      },
    });
    this.#registry.registerMetric(gauge);
  }

  /** A histogram that is kept as things happen. */
  histogram(histogram: Histogram): void {
    this.#registry.registerMetric(histogram);
  }
}

function samplesOf(read: number | Samples): Samples {
  return typeof read === 'number' ? [[{}, read]] : read;
}
