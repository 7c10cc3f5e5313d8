import { useRef, useState } from 'preact/hooks';
import type { SessionView } from '../engine/console/wire.ts';
import { messageOf, send } from './api.ts';
import icon from './icon.svg';

interface Props {
  /** Why the page asks, when it is not the first time. */
  readonly message: string;
  readonly onDone: (session: SessionView) => void;
}

/** Asks for a credential once; the browser then has a session, and the page keeps nothing. */
export function Login({ message, onDone }: Props) {
  const [error, setError] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const key = field.current?.value.trim() ?? '';
    if (key === '') return;
    setBusy(true);
    try {
      onDone(await send<SessionView>('POST', '/api/session', { key }));
    } catch (failure) {
      setError(messageOf(failure));
    } finally {
      setBusy(false);
    }
  };
  const shown = error === '' ? message : error;
  return (
    <main class="lone">
      <form class="card login" onSubmit={(event) => void submit(event)}>
        <h1>
          <img src={icon} alt="" width="30" height="30" /> Suho console
        </h1>
        {shown !== '' && (
          <p class="error" role="alert">
            {shown}
          </p>
        )}
        <label for="key">API key or token</label>
        <input
          ref={field}
          id="key"
          name="key"
          type="password"
          autocomplete="off"
          required
          spellcheck={false}
        />
        <button type="submit" class="main" disabled={busy}>
          {busy ? 'Checking…' : 'Sign in'}
        </button>
        <p class="hint">
          An operator makes a key with <code>suho keys create --tenant TENANT --role viewer</code>. It is
          checked once and not kept by this page; the session ends after eight hours.
        </p>
      </form>
    </main>
  );
}
