import cliProgress from 'cli-progress';

/** A bar on standard error while something long runs; silent where no one watches. */
export interface Progress {
  update(share: number, stage: string): void;
  stop(): void;
}

export function startProgress(label: string): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new cliProgress.SingleBar(
    {
      format: `${label} {bar} {percentage}% {stage}`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
    },
    cliProgress.Presets.shades_grey,
  );
  bar.start(100, 0, { stage: '' });
  return {
    update: (share, stage) => bar.update(Math.round(100 * Math.min(1, share)), { stage }),
    stop: () => bar.stop(),
  };
}

/** A counter on standard error where the end is not known. */
export function startCounter(label: string): { update(n: number, stage: string): void; stop(): void } {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new cliProgress.SingleBar({
    format: `${label} {value} rows, {duration_formatted} {stage}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(0, 0, { stage: '' });
  return { update: (n, stage) => bar.update(n, { stage }), stop: () => bar.stop() };
}
