/** Runs jobs one at a time; owners take turns, so that one with many jobs delays another by one job at most. */
export class Turns {
  /** Jobs by owner; the owner whose turn is next comes first. */
  readonly #waiting = new Map<string, (() => Promise<void>)[]>();
  #running: Promise<void> | undefined;
  #stopped = false;

  /** Takes a job, which must not reject. It is dropped when {@link stop} comes first. */
  add(owner: string, job: () => Promise<void>): void {
    const jobs = this.#waiting.get(owner);
    if (jobs === undefined) this.#waiting.set(owner, [job]);
    else jobs.push(job);
    this.#running ??= this.#run();
  }

  /** Begins no further job. */
  stop(): void {
    this.#stopped = true;
  }

  /** Settles when the job under way has ended. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#stopped) break;
      const [owner, jobs] = next;
      const job = jobs.shift()!;
      this.#waiting.delete(owner);
      if (jobs.length > 0) this.#waiting.set(owner, jobs);
      await job();
    }
    this.#running = undefined;
  }
}
