/** A series without a model, as health names it. */
interface Waiting {
  readonly name: string;
  readonly state: string;
  readonly bars: number;
  readonly bars_needed: number;
  readonly bars_missing: number;
  readonly reason: string;
}

/** What a series without a model waits for, in words. */
export function waitingLine({ name, state, bars, bars_needed, bars_missing, reason }: Waiting): string {
  const because = reason === '' ? '' : `: ${reason}`;
  switch (state) {
    case 'queued':
      return `${name}: ${bars} bars, its first model is trained next in turn`;
    case 'training':
      return `${name}: its first model is being trained on ${bars} bars`;
    case 'failed':
      return `${name}: no first model yet${because}${bars_missing > 0 ? ` It is trained again with ${bars_missing} bars more.` : ' It is tried again soon.'}`;
    case 'off':
      return `${name}: ${bars} bars, but no model: training.firstModels is off, so it gets none by itself`;
    default:
      return bars_missing > 0
        ? `${name}: ${bars} of the ${bars_needed} bars that make its first model, ${bars_missing} are missing${because}`
        : `${name}: ${bars} bars, enough for its first model${because}`;
  }
}
