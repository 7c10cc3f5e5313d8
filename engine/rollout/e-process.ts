/** Stakes of the bets: a factor of two apart, so that one of them is near the best for any effect. */
const STAKES = [0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8];
/**
 * Share of the wealth that begins with each. Differences between models of one market are best bet on with a half to two:
 * a challenger better by two points becomes production after 10 % fewer bars than with equal shares.
 */
const SHARES = [0.05, 0.05, 0.15, 0.25, 0.25, 0.15, 0.05, 0.05];
/** Share of the wealth that one observation may cost at most. */
const LOSS_MAX = 0.9;

/**
 * Evidence against "the mean of what is observed is at most 0", which may be looked at after every observation and acted on
 * the first time it is large: under that hypothesis it ever reaches 1/α with probability α at most (Ville's inequality;
 * Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting"). It is the wealth of one who
 * begins with 1, parts it between fixed stakes and bets with each on positive observations. Stakes that follow what was
 * observed (online Newton steps, Kelly's from running moments) gained less on the trials of docs/rollout.md.
 */
export class EvidenceProcess {
  readonly #logWealth = Float64Array.from(SHARES, Math.log);
  #logNow = 0;
  #highest = 0;

  /**
   * Takes an observation, whose mean given all before it is at most 0 under the hypothesis, and the least value it could
   * have had, which must be known before it: the stakes are limited by that.
   */
  observe(value: number, least: number): void {
    const stakeMax = least < 0 ? LOSS_MAX / -least : Infinity;
    let highest = -Infinity;
    for (let i = 0; i < STAKES.length; i++) {
      this.#logWealth[i] = this.#logWealth[i]! + Math.log1p(Math.min(STAKES[i]!, stakeMax) * value);
      highest = Math.max(highest, this.#logWealth[i]!);
    }
    let sum = 0;
    for (const wealth of this.#logWealth) sum += Math.exp(wealth - highest);
    this.#logNow = highest + Math.log(sum);
    this.#highest = Math.max(this.#highest, this.#logNow);
  }

  /** The evidence that is left of it. */
  get now(): number {
    return Math.exp(this.#logNow);
  }

  /** The most evidence there ever was, 1 before any. */
  get most(): number {
    return Math.exp(this.#highest);
  }
}
