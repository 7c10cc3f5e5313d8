import { useCallback, useEffect, useState } from 'preact/hooks';
import type { SeriesView, SessionView, Update } from '../engine/console/wire.ts';
import { ApiFailure, ask, listen, send, signedOut, useAnswer, whenSignedOut } from './api.ts';
import icon from './icon.svg';
import { Login } from './login.tsx';
import { DataPage } from './pages/data.tsx';
import { MarketPage } from './pages/market.tsx';
import { ModelsPage } from './pages/models.tsx';
import { OperationsPage } from './pages/operations.tsx';
import { RelationsPage } from './pages/relations.tsx';
import type { PageProps } from './pages/page-props.ts';
import { hrefOf, useRoute } from './route.ts';
import { themeNow, toggleTheme } from './theme.ts';

const PAGES = [
  ['market', 'Market'],
  ['models', 'Models'],
  ['data', 'Data'],
  ['relations', 'Relations'],
  ['operations', 'Operations'],
] as const;

/** Session first, then the page. */
export function App() {
  const [session, setSession] = useState<SessionView>();
  const [message, setMessage] = useState('');
  const check = useCallback(async () => {
    try {
      setSession(await ask<SessionView>('/api/session'));
      setMessage('');
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 401) {
        setSession({ required: true, caller: null, simulated: false });
        return;
      }
      setMessage(error instanceof ApiFailure ? error.message : 'The engine does not answer; trying again.');
      setTimeout(() => void check(), 2_000);
    }
  }, []);
  useEffect(() => {
    whenSignedOut((why) => {
      setMessage(why);
      setSession({ required: true, caller: null, simulated: false });
    });
    void check();
  }, []);
  if (session === undefined)
    return (
      <main class="lone">
        <p role="status">{message === '' ? 'Connecting…' : message}</p>
      </main>
    );
  if (session.caller === null)
    return (
      <Login
        message={message}
        onDone={(begun) => {
          setMessage('');
          setSession(begun);
        }}
      />
    );
  return <Shell session={session} />;
}

/** Series that pages choose from; asked for again while the engine prepares and now and then later. */
function useSeries(renew: number, state: string | undefined): readonly SeriesView[] | undefined {
  const [turn, setTurn] = useState(0);
  const { value } = useAnswer<readonly SeriesView[]>('/api/series', {}, `${renew} ${state} ${turn}`);
  useEffect(() => {
    const timer = setInterval(
      () => setTurn((n) => n + 1),
      value?.length === 0 || state !== 'serving' ? 3_000 : 30_000,
    );
    return () => clearInterval(timer);
  }, [value?.length === 0, state]);
  return value;
}

/** The series of the address, else the first with signals. */
function chosenOf(series: readonly SeriesView[], id: string | undefined): SeriesView | undefined {
  return series.find((one) => one.id === id) ?? series.find(({ signals }) => signals) ?? series[0];
}

function Shell({ session }: { readonly session: SessionView }) {
  const route = useRoute();
  const [update, setUpdate] = useState<Update>();
  const [connected, setConnected] = useState(true);
  const [renew, setRenew] = useState(0);
  const series = useSeries(renew, update?.state);
  const chosen = series === undefined ? undefined : chosenOf(series, route.params['series']);
  const health = route.page === 'operations' ? 1 : 0;
  useEffect(() => {
    if (series === undefined) return undefined;
    let wasAway = false;
    return listen({ series: chosen?.id, health }, setUpdate, (is) => {
      setConnected(is);
      if (is && wasAway) setRenew((n) => n + 1);
      wasAway = !is;
    });
  }, [series === undefined, chosen?.id, health]);
  const props = { route, session, series: series ?? [], chosen, update, renew };
  const name = PAGES.find(([page]) => page === route.page)?.[1] ?? 'Market';
  useEffect(() => {
    document.title = `${name} – Suho console`;
  }, [name]);
  return (
    <>
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>('#content')?.focus();
        }}
      >
        Skip to the content
      </a>
      <Header session={session} page={route.page} chosen={chosen} update={update} connected={connected} />
      {session.simulated && (
        <aside class="banner simulated" aria-label="Simulated data">
          <strong>SIMULATED</strong> These markets are invented by the engine. Nothing here is a real price.
        </aside>
      )}
      {connected && update?.state === 'preparing' && series?.length !== 0 && (
        <aside class="banner preparing" aria-label="Progress">
          The engine is preparing: it trains a first model for each market. Signals begin in a minute or two,
          and this page fills by itself.
        </aside>
      )}
      {!connected && (
        <aside class="banner away" aria-label="Connection">
          <span role="alert">
            The engine does not answer. What you see is its last state; this page tries again every two
            seconds.
          </span>
        </aside>
      )}
      <main id="content" tabIndex={-1} aria-label={name}>
        <h1 class="visually-hidden">{name}</h1>
        {series === undefined ? <p role="status">Loading…</p> : <Page {...props} />}
      </main>
      <Footer />
    </>
  );
}

function Page(props: PageProps) {
  switch (props.route.page) {
    case 'models':
      return <ModelsPage {...props} />;
    case 'data':
      return <DataPage {...props} />;
    case 'relations':
      return <RelationsPage {...props} />;
    case 'operations':
      return <OperationsPage {...props} />;
    default:
      return <MarketPage {...props} />;
  }
}

interface HeaderProps {
  readonly session: SessionView;
  readonly page: string;
  readonly chosen: SeriesView | undefined;
  readonly update: Update | undefined;
  readonly connected: boolean;
}

function Header({ session, page, chosen, update, connected }: HeaderProps) {
  const [theme, setTheme] = useState(themeNow());
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <header class="top">
      <a class="brand" href="#/market">
        <img src={icon} alt="" width="26" height="26" /> Suho
      </a>
      <nav aria-label="Pages">
        {PAGES.map(([name, title]) => (
          <a
            key={name}
            href={hrefOf(name, { series: chosen?.id })}
            aria-current={page === name ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <div class="who">
        <State update={update} connected={connected} />
        <span class="caller" title={`Role: ${session.caller?.role ?? ''}`}>
          {session.caller?.tenantId} · {session.caller?.role}
        </span>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            toggleTheme();
            setTheme(themeNow());
          }}
        >
          {other === 'dark' ? 'Dark' : 'Light'}
        </button>
        {session.required && (
          <button type="button" class="quiet" onClick={() => void signOut()}>
            Sign out
          </button>
        )}
      </div>
    </header>
  );
}

async function signOut(): Promise<void> {
  await send('DELETE', '/api/session').catch(() => undefined);
  signedOut('');
}

function State({ update, connected }: { readonly update: Update | undefined; readonly connected: boolean }) {
  const [kind, text] = !connected
    ? ['bad', 'away']
    : update === undefined
      ? ['idle', 'connecting']
      : update.state !== 'serving'
        ? ['idle', update.state]
        : update.degraded
          ? ['warn', 'degraded']
          : ['good', 'serving'];
  return (
    <span role="status">
      <a class={`pill ${kind}`} href="#/operations" title="How the engine is">
        {text}
      </a>
    </span>
  );
}

function Footer() {
  return (
    <footer class="foot">
      <span>Times are UTC.</span>
      <span>
        Price charts: TradingView Lightweight Charts™, © 2025{' '}
        <a href="https://www.tradingview.com/" rel="noreferrer noopener" target="_blank">
          TradingView, Inc.
        </a>
      </span>
    </footer>
  );
}
