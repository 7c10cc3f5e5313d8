/** What one tenant has waiting for one pair of models, oldest first. */
class Fifo<Job> {
  readonly line: Line<Job>;
  readonly model: Model<Job>;
  /** Those before `#head` have been taken; of those behind it some may have left at another tenant's turn. */
  #places: Place<Job>[] = [];
  #head = 0;
  /** Jobs that still wait here. */
  size = 0;

  constructor(line: Line<Job>, model: Model<Job>) {
    this.line = line;
    this.model = model;
  }

  push(place: Place<Job>): void {
    this.#places.push(place);
    this.size++;
  }

  /** The one that has waited longest; undefined when nothing waits here. */
  oldest(): Place<Job> | undefined {
    while (this.#head < this.#places.length && !this.#places[this.#head]!.fifos.includes(this)) this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#places.length) {
      this.#places = this.#places.slice(this.#head);
      this.#head = 0;
    }
    return this.#places[this.#head];
  }
}

/** A tenant's waiting jobs by the models they are for. */
interface Line<Job> {
  readonly tenantId: string;
  readonly models: Map<string, Fifo<Job>>;
  size: number;
}

/** All that waits for one pair of models. */
interface Model<Job> {
  readonly name: string;
  readonly fifos: Set<Fifo<Job>>;
  jobs: number;
}

/** Where a job waits: with each tenant that asked for it, nearly always one. Nowhere, once it has left. */
export interface Place<Job> {
  readonly job: Job;
  readonly model: string;
  fifos: readonly Fifo<Job>[];
}

/** What came of an offer: the place of the job, or none; and which job lost its own for it. */
export interface Offered<Job> {
  readonly place: Place<Job> | undefined;
  readonly pushedOut?: Job | undefined;
}

const NOWHERE: readonly never[] = [];

export interface FairQueueOptions {
  /** Places in all. A job takes one for each tenant that waits for it. */
  readonly max: number;
}

/**
 * Jobs that wait for a worker, fair between tenants. Tenants take turns, and so do a tenant's models within its
 * turns; a turn takes one batch. A batch is filled up with rows of every tenant that waits for the same models,
 * one of each in turn, so that it mixes tenants and is full when it can be.
 *
 * At the limit a tenant that holds less than its share (the places divided by the tenants that wait) gets in, and
 * the tenant that holds most loses the job that waited longest for the models of its next turn: the one nearest its
 * deadline. Any other job is refused. So no tenant can fill the queue against another, and one that is alone has all
 * of it.
 */
export class FairQueue<Job> {
  readonly #max: number;
  /** In the order of their turns: a Map keeps the order of insertion. */
  readonly #tenants = new Map<string, Line<Job>>();
  readonly #models = new Map<string, Model<Job>>();
  #places = 0;
  #jobs = 0;

  constructor({ max }: FairQueueOptions) {
    this.#max = max;
  }

  /** Jobs that wait. */
  get size(): number {
    return this.#jobs;
  }

  /** Lets a job wait for its tenant's turn, when there is a place for it. */
  offer(tenantId: string, model: string, job: Job): Offered<Job> {
    if (this.#places < this.#max) return { place: this.#hold(tenantId, model, job) };
    const held = this.#tenants.get(tenantId)?.size ?? 0;
    const tenants = this.#tenants.size + (held === 0 ? 1 : 0);
    if (held >= Math.floor(this.#max / tenants)) return { place: undefined };
    const pushedOut = this.#pushOut();
    return { place: this.#hold(tenantId, model, job), pushedOut };
  }

  /** Lets a job that waits already be taken at another tenant's turn too, when that comes first. */
  join(tenantId: string, place: Place<Job>): void {
    const { fifos } = place;
    if (fifos.length === 0 || this.#places >= this.#max) return;
    if (fifos.some(({ line }) => line.tenantId === tenantId)) return;
    const fifo = this.#fifo(tenantId, place.model);
    place.fifos = [...fifos, fifo];
    this.#enter(fifo, place);
  }

  /** Models whose turn it is and how many jobs wait for them; undefined when nothing waits. */
  next(): { readonly model: string; readonly waiting: number } | undefined {
    for (const { models } of this.#tenants.values())
      for (const { model } of models.values()) return { model: model.name, waiting: model.jobs };
    return undefined;
  }

  /** Takes the batch whose turn it is, `max` jobs at most. */
  take(max: number): Job[] {
    for (const [tenantId, line] of this.#tenants) {
      for (const [model, fifo] of line.models) {
        // The end of both rounds.
        this.#tenants.delete(tenantId);
        this.#tenants.set(tenantId, line);
        line.models.delete(model);
        line.models.set(model, fifo);
        return this.#fill(fifo, max);
      }
    }
    return [];
  }

  /** Empties the queue. */
  clear(): Job[] {
    const jobs: Job[] = [];
    for (let batch = this.take(Infinity); batch.length > 0; batch = this.take(Infinity)) jobs.push(...batch);
    return jobs;
  }

  #fill(first: Fifo<Job>, max: number): Job[] {
    const taken: Job[] = [];
    const fifos = [first, ...[...first.model.fifos].filter((fifo) => fifo !== first)];
    while (taken.length < max) {
      const before = taken.length;
      for (const fifo of fifos) {
        if (taken.length === max) break;
        const oldest = fifo.oldest();
        if (oldest === undefined) continue;
        this.#drop(oldest);
        taken.push(oldest.job);
      }
      if (taken.length === before) break;
    }
    return taken;
  }

  #hold(tenantId: string, model: string, job: Job): Place<Job> {
    const fifo = this.#fifo(tenantId, model);
    const place: Place<Job> = { job, model, fifos: [fifo] };
    this.#enter(fifo, place);
    fifo.model.jobs++;
    this.#jobs++;
    return place;
  }

  #enter(fifo: Fifo<Job>, place: Place<Job>): void {
    fifo.push(place);
    fifo.line.size++;
    this.#places++;
  }

  #fifo(tenantId: string, name: string): Fifo<Job> {
    let line = this.#tenants.get(tenantId);
    if (line === undefined)
      this.#tenants.set(tenantId, (line = { tenantId, models: new Map<string, Fifo<Job>>(), size: 0 }));
    let fifo = line.models.get(name);
    if (fifo !== undefined) return fifo;
    let model = this.#models.get(name);
    if (model === undefined) this.#models.set(name, (model = { name, fifos: new Set<Fifo<Job>>(), jobs: 0 }));
    fifo = new Fifo(line, model);
    line.models.set(name, fifo);
    model.fifos.add(fifo);
    return fifo;
  }

  /** The job leaves, wherever it waits. */
  #drop(place: Place<Job>): void {
    for (const fifo of place.fifos) this.#release(fifo);
    this.#forget(place);
  }

  #release(fifo: Fifo<Job>): void {
    const { line, model } = fifo;
    fifo.size--;
    line.size--;
    this.#places--;
    if (fifo.size === 0) {
      line.models.delete(model.name);
      model.fifos.delete(fifo);
    }
    if (line.size === 0) this.#tenants.delete(line.tenantId);
  }

  #forget(place: Place<Job>): void {
    const { model } = place.fifos[0]!;
    place.fifos = NOWHERE;
    this.#jobs--;
    model.jobs--;
    if (model.jobs === 0) this.#models.delete(model.name);
  }

  /** Takes a place from the tenant that holds most; returns its job unless another tenant waits for it too. */
  #pushOut(): Job | undefined {
    let longest: Line<Job> | undefined;
    for (const line of this.#tenants.values()) if (line.size > (longest?.size ?? 0)) longest = line;
    const [fifo] = longest!.models.values();
    const oldest = fifo!.oldest()!;
    this.#release(fifo!);
    if (oldest.fifos.length === 1) {
      this.#forget(oldest);
      return oldest.job;
    }
    oldest.fifos = oldest.fifos.filter((other) => other !== fifo);
    return undefined;
  }
}
