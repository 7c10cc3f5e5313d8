import type { SeriesView, SessionView, Update } from '../../engine/console/wire.ts';
import type { Route } from '../route.ts';

/** What every page is given. */
export interface PageProps {
  readonly route: Route;
  readonly session: SessionView;
  readonly series: readonly SeriesView[];
  /** The series that is chosen; undefined while there is none. */
  readonly chosen: SeriesView | undefined;
  readonly update: Update | undefined;
  /** Counts up whenever the engine came back, so that everything is asked for again. */
  readonly renew: number;
}
