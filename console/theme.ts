export type Theme = 'light' | 'dark';

const KEY = 'suho-theme';
const listeners = new Set<() => void>();

function chosen(): Theme | undefined {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : undefined;
}

const system = matchMedia('(prefers-color-scheme: dark)');

/** The theme that is shown: the one that was chosen here, else the system's. */
export function themeNow(): Theme {
  return chosen() ?? (system.matches ? 'dark' : 'light');
}

/** Shows the theme, and tells what draws on a canvas. */
export function applyTheme(): void {
  document.documentElement.dataset['theme'] = themeNow();
  for (const listener of listeners) listener();
}

system.addEventListener('change', applyTheme);

export function toggleTheme(): void {
  localStorage.setItem(KEY, themeNow() === 'dark' ? 'light' : 'dark');
  applyTheme();
}

/** Calls back when the theme changes; the function given back ends that. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** A colour of the style sheet, such as `--up`, for a canvas. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
