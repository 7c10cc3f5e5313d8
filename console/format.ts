const DATE_TIME = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'UTC',
  dateStyle: 'short',
  timeStyle: 'short',
});
const DATE = new Intl.DateTimeFormat('sv-SE', { timeZone: 'UTC', dateStyle: 'short' });
const COUNT = new Intl.NumberFormat('en-US');

/** "2024-08-22 16:00", UTC. */
export function utc(ms: number | null | undefined): string {
  return ms == null ? '–' : DATE_TIME.format(ms);
}

export function utcDay(ms: number): string {
  return DATE.format(ms);
}

export function percent(x: number | null | undefined, digits = 1): string {
  return x == null || !Number.isFinite(x) ? '–' : `${(x * 100).toFixed(digits)} %`;
}

export function signedPercent(x: number | null | undefined, digits = 2): string {
  if (x == null || !Number.isFinite(x)) return '–';
  return `${x > 0 ? '+' : ''}${(x * 100).toFixed(digits)} %`;
}

export function count(x: number): string {
  return COUNT.format(x);
}

/** A price with as many digits as its size asks for. */
export function price(x: number): string {
  const size = Math.abs(x);
  return x.toFixed(digitsOf(size));
}

export function digitsOf(size: number): number {
  if (size >= 1_000) return 2;
  return size >= 20 ? 3 : 5;
}

export function decimal(x: number | null | undefined, digits = 2): string {
  return x == null || !Number.isFinite(x) ? '–' : x.toFixed(digits);
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

export function bytes(x: number): string {
  if (x < 1e6) return `${(x / 1e3).toFixed(0)} kB`;
  return x < 1e9 ? `${(x / 1e6).toFixed(0)} MB` : `${(x / 1e9).toFixed(2)} GB`;
}

const REASONS: Readonly<Record<string, string>> = {
  model_error: 'the model failed or gave invalid numbers',
  no_edge: 'the model showed no skill in validation',
  flat_predicted: 'no direction is likelier than standing still',
  low_confidence: 'up and down are too close to each other',
  low_quality: 'the quality of the data is too low',
  anomalous: 'the market is unlike anything in training',
  cost_exceeds_return: 'the expected return does not cover the spread',
  patterns_deadline: 'the search for similar moments took too long',
  patterns_error: 'the search for similar moments failed',
  patterns_none_yet: 'there are no similar moments yet',
  no_model: 'there is no model yet',
  warming_up: 'the features are warming up',
  model_deadline: 'the model did not answer in time',
  feature_set_mismatch: 'the model was trained on other features',
};

/** A reason code in words. */
export function reason(code: string): string {
  return REASONS[code] ?? code.replaceAll('_', ' ');
}

/** A camelCase or snake_case name in words. */
export function words(name: string): string {
  return name
    .replaceAll(/([A-Z]+)/g, (capitals) => ` ${capitals.toLowerCase()}`)
    .replaceAll('_', ' ')
    .trim();
}
