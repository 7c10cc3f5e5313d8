/** A tenant's waiting jobs, oldest first, by the models they are for. */
interface Line<Job> {
  readonly models: Map<string, Set<Job>>;
  size: number;
}

/** All that waits for one pair of models. */
interface Model<Job> {
  readonly lines: Set<Line<Job>>;
  jobs: number;
}

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
  /** Models a job is for, and the tenants that wait for it: nearly always one. */
  readonly #holders = new Map<Job, { readonly model: string; tenants: readonly string[] }>();
  #places = 0;

  constructor({ max }: FairQueueOptions) {
    this.#max = max;
  }

  /** Jobs that wait. */
  get size(): number {
    return this.#holders.size;
  }

  /**
   * Lets a job wait for its tenant's turn. Says whether there was a place for it, and which job lost its own
   * for it.
   */
  offer(
    tenantId: string,
    model: string,
    job: Job,
  ): { readonly accepted: boolean; readonly pushedOut?: Job | undefined } {
    if (this.#places < this.#max) {
      this.#hold(tenantId, model, job);
      return { accepted: true };
    }
    const held = this.#tenants.get(tenantId)?.size ?? 0;
    const tenants = this.#tenants.size + (held === 0 ? 1 : 0);
    if (held >= Math.floor(this.#max / tenants)) return { accepted: false };
    const pushedOut = this.#pushOut();
    this.#hold(tenantId, model, job);
    return { accepted: true, pushedOut };
  }

  /** Lets a job that waits already be taken at another tenant's turn too, when that comes first. */
  join(tenantId: string, job: Job): void {
    const holders = this.#holders.get(job);
    if (holders === undefined || holders.tenants.includes(tenantId) || this.#places >= this.#max) return;
    this.#hold(tenantId, holders.model, job);
  }

  /** Models whose turn it is and how many jobs wait for them; undefined when nothing waits. */
  next(): { readonly model: string; readonly waiting: number } | undefined {
    for (const { models } of this.#tenants.values())
      for (const model of models.keys()) return { model, waiting: this.#models.get(model)!.jobs };
    return undefined;
  }

  /** Takes the batch whose turn it is, `max` jobs at most. */
  take(max: number): Job[] {
    for (const [tenantId, line] of this.#tenants) {
      for (const [model, jobs] of line.models) {
        // The end of both rounds.
        this.#tenants.delete(tenantId);
        this.#tenants.set(tenantId, line);
        line.models.delete(model);
        line.models.set(model, jobs);
        return this.#fill(model, line, max);
      }
    }
    return [];
  }

  /** Empties the queue. */
  clear(): Job[] {
    const jobs = [...this.#holders.keys()];
    for (const job of jobs) this.#drop(job);
    return jobs;
  }

  #fill(model: string, first: Line<Job>, max: number): Job[] {
    const taken: Job[] = [];
    const lines = [first, ...[...this.#models.get(model)!.lines].filter((line) => line !== first)];
    // A set's iterator goes on where jobs before it, or after it, are dropped.
    const waiting = lines.map((line) => line.models.get(model)!.values());
    while (taken.length < max) {
      const before = taken.length;
      for (const jobs of waiting) {
        if (taken.length === max) break;
        const oldest = jobs.next();
        if (oldest.done === true) continue;
        this.#drop(oldest.value);
        taken.push(oldest.value);
      }
      if (taken.length === before) break;
    }
    return taken;
  }

  #hold(tenantId: string, modelName: string, job: Job): void {
    let line = this.#tenants.get(tenantId);
    if (line === undefined) this.#tenants.set(tenantId, (line = { models: new Map(), size: 0 }));
    let jobs = line.models.get(modelName);
    let model = this.#models.get(modelName);
    if (model === undefined) this.#models.set(modelName, (model = { lines: new Set(), jobs: 0 }));
    if (jobs === undefined) {
      line.models.set(modelName, (jobs = new Set()));
      model.lines.add(line);
    }
    const holders = this.#holders.get(job);
    if (holders === undefined) {
      this.#holders.set(job, { model: modelName, tenants: [tenantId] });
      model.jobs++;
    } else holders.tenants = [...holders.tenants, tenantId];
    jobs.add(job);
    line.size++;
    this.#places++;
  }

  #drop(job: Job): void {
    const { model, tenants } = this.#holders.get(job)!;
    for (const tenantId of tenants) this.#release(tenantId, model, job);
    this.#forget(job, model);
  }

  #release(tenantId: string, model: string, job: Job): void {
    const line = this.#tenants.get(tenantId)!;
    const jobs = line.models.get(model)!;
    jobs.delete(job);
    line.size--;
    this.#places--;
    if (jobs.size === 0) {
      line.models.delete(model);
      this.#models.get(model)!.lines.delete(line);
    }
    if (line.size === 0) this.#tenants.delete(tenantId);
  }

  #forget(job: Job, name: string): void {
    this.#holders.delete(job);
    const model = this.#models.get(name)!;
    model.jobs--;
    if (model.jobs === 0) this.#models.delete(name);
  }

  /** Takes a place from the tenant that holds most; returns its job unless another tenant waits for it too. */
  #pushOut(): Job | undefined {
    let longest = '';
    let most = 0;
    for (const [tenantId, { size }] of this.#tenants) {
      if (size > most) [longest, most] = [tenantId, size];
    }
    const [jobs] = this.#tenants.get(longest)!.models.values();
    const [oldest] = jobs!;
    const holders = this.#holders.get(oldest!)!;
    this.#release(longest, holders.model, oldest!);
    holders.tenants = holders.tenants.filter((tenantId) => tenantId !== longest);
    if (holders.tenants.length > 0) return undefined;
    this.#forget(oldest!, holders.model);
    return oldest;
  }
}
