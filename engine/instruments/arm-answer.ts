import type { Route } from '../../actors/signals/route.js';
import type { Signal } from '../../actors/signals/signal.js';

/**
 * What was wrong with an arm's answer. `bad_model`: numbers that are none, or a file that cannot be run; `deadline`: late;
 * `dropped`: there was no time for it, which says nothing of the arm.
 */
export type ArmFailure = 'error' | 'bad_model' | 'deadline' | 'dropped';

/** What an arm that did not serve a bar said of it: the signal it would have made. */
export interface ArmAnswer {
  readonly route: Route;
  readonly signal: Signal | undefined;
  readonly failure: ArmFailure | undefined;
}
