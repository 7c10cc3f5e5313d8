import { useEffect, useState } from 'preact/hooks';

/** Where the page is: `#/market?series=…`. */
export interface Route {
  readonly page: string;
  readonly params: Readonly<Record<string, string>>;
}

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { page: path === '' ? 'market' : path, params: Object.fromEntries(new URLSearchParams(query)) };
}

export function hrefOf(page: string, params: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(params).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const query = new URLSearchParams(given).toString();
  return `#/${page}${query === '' ? '' : `?${query}`}`;
}

export function goTo(page: string, params: Readonly<Record<string, string | undefined>> = {}): void {
  location.hash = hrefOf(page, params);
}

export function useRoute(): Route {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const changed = (): void => setRoute(read());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}
