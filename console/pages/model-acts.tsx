import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ModelDetail, ModelView, OutlookView } from '../../engine/console/wire-models.ts';
import { messageOf, send, useAnswer, type Answer } from '../api.ts';
import { Card, Choice, Waiting } from '../parts/parts.tsx';

/** What can be done to a model, as the server names it and as people do. */
const TITLES: Readonly<Record<string, string>> = {
  promote: 'Promote',
  shadow: 'Try as a shadow',
  canary: 'Try as a canary',
  ab: 'Start an A/B test',
  rollback: 'Roll back',
  withdraw: 'Take out of use',
  archive: 'Archive',
};

interface Props {
  readonly model: ModelView;
  /** Undefined until they are known. */
  readonly acts: ModelDetail['acts'] | undefined;
  readonly series: string;
  readonly lineage: ComponentChildren;
  readonly onChanged: () => void;
}

/** The acts on a model, each with a confirmation that says what happens; what cannot be done says why. */
export function ModelActs({ model, acts = [], series, lineage, onChanged }: Props) {
  const [asked, setAsked] = useState<string>();
  const [said, setSaid] = useState('');
  const refusals = [...new Set(acts.flatMap(({ refusal }) => (refusal === null ? [] : [refusal])))];
  const [only] = refusals;
  const none = acts.length > 0 && acts.every(({ refusal }) => refusal !== null);
  return (
    <Card title={`${model.version}: ${model.status}`} class="wide">
      {lineage}
      <div class="acts">
        {acts.map(({ change, refusal }) => (
          <button
            key={change}
            type="button"
            class="main"
            // A refused act can still be reached by keyboard, so that its reason is heard.
            aria-disabled={refusal === null ? undefined : 'true'}
            title={refusal ?? undefined}
            aria-describedby={refusal === null ? undefined : `why-${change}`}
            onClick={() => refusal === null && setAsked(change)}
          >
            {TITLES[change] ?? change}
          </button>
        ))}
      </div>
      {acts.map(
        ({ change, refusal }) =>
          refusal !== null && (
            <p key={change} id={`why-${change}`} class="visually-hidden">
              {refusal}
            </p>
          ),
      )}
      {none && refusals.length === 1 && <p class="hint">{only}</p>}
      <p role="status">{said}</p>
      {asked !== undefined && (
        <Confirmation
          key={asked}
          change={asked}
          model={model}
          series={series}
          onDone={(message) => {
            setAsked(undefined);
            if (message === undefined) return;
            setSaid(message);
            onChanged();
          }}
        />
      )}
    </Card>
  );
}

interface ConfirmationProps {
  readonly change: string;
  readonly model: ModelView;
  readonly series: string;
  /** Told what came of it; without words when it was left. */
  readonly onDone: (message?: string) => void;
}

function Confirmation({ change, model, series, onDone }: ConfirmationProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [terms, setTerms] = useState<TermsOf>({
    percentage: change === 'ab' ? 50 : 10,
    days: 30,
    automatic: true,
  });
  const [reason, setReason] = useState('');
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const asked = askedOf(change, terms);
  const of = { series, model: model.key };
  const outlook = useAnswer<OutlookView>(
    asked === undefined ? undefined : '/api/outlook',
    { ...of, ...asked, automatic: terms.automatic ? '1' : '0' },
    0,
    true,
  );
  useEffect(() => dialog.current?.showModal(), []);
  const refusal = outlook.value?.refusal ?? null;
  const confirm = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const { status } = await send<{ readonly status: string }>('POST', '/api/model/change', {
        ...of,
        ...asked,
        automatic: terms.automatic,
        reason,
      });
      dialog.current?.close();
      onDone(`${model.version} is ${status} now.`);
    } catch (error) {
      setFailure(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={() => onDone()}>
      <form onSubmit={(event) => void confirm(event)}>
        <h2 id="confirm-title">
          {TITLES[change]}: {model.version}?
        </h2>
        <Terms change={change} terms={terms} onTerms={setTerms} />
        <Expected outlook={outlook} />
        <Why reason={reason} onReason={setReason} />
        {failure !== '' && (
          <p class="error" role="alert">
            {failure}
          </p>
        )}
        <div class="acts">
          <button
            type="submit"
            class="main"
            disabled={busy || refusal !== null || reason.trim() === '' || outlook.value === undefined}
          >
            {TITLES[change]}
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface WhyProps {
  readonly reason: string;
  readonly onReason: (reason: string) => void;
}

function Why({ reason, onReason }: WhyProps) {
  return (
    <label>
      Why, for the record
      <input
        type="text"
        required
        maxLength={500}
        value={reason}
        placeholder="better in validation"
        onInput={(event) => onReason(event.currentTarget.value)}
      />
    </label>
  );
}

/** What the act will do, or why it cannot be done. */
function Expected({ outlook: { value, error, loading } }: { readonly outlook: Answer<OutlookView> }) {
  return (
    <div class="outlook" role="status">
      {value === undefined ? (
        <Waiting error={error} loading={loading} />
      ) : (
        <p>{value.refusal ?? value.sentence}</p>
      )}
    </div>
  );
}

/** Acts that give a model a share of the bars. */
const SHARED: ReadonlySet<string> = new Set(['canary', 'ab']);

/** How a model is to be tried. */
interface TermsOf {
  readonly percentage: number;
  readonly days: number;
  readonly automatic: boolean;
}

/** An act with its terms; undefined while they make no sense. */
function askedOf(change: string, { percentage, days }: TermsOf) {
  const share = SHARED.has(change) ? { share: percentage / 100 } : {};
  const until = change === 'ab' ? { days } : {};
  const isValid = percentage > 0 && percentage < 100 && days > 0;
  return isValid ? { change, ...share, ...until } : undefined;
}

interface TermsProps {
  readonly change: string;
  readonly terms: TermsOf;
  readonly onTerms: (terms: TermsOf) => void;
}

function Terms({ change, terms, onTerms }: TermsProps) {
  return (
    <>
      {SHARED.has(change) && (
        <Amount
          title="Share of the bars, %"
          max={99}
          value={terms.percentage}
          onValue={(percentage) => onTerms({ ...terms, percentage })}
        />
      )}
      {change === 'ab' && (
        <Amount
          title="Days at most"
          max={3650}
          value={terms.days}
          onValue={(days) => onTerms({ ...terms, days })}
        />
      )}
      {(change === 'shadow' || change === 'canary') && (
        <Choice checked={terms.automatic} onChange={(automatic) => onTerms({ ...terms, automatic })}>
          Outcomes move it on or out by themselves
        </Choice>
      )}
    </>
  );
}

interface AmountProps {
  readonly title: string;
  readonly max: number;
  readonly value: number;
  readonly onValue: (value: number) => void;
}

/** A number from one on. */
function Amount({ title, max, value, onValue }: AmountProps) {
  return (
    <label>
      {title}
      <input
        type="number"
        min="1"
        max={max}
        required
        value={value}
        onInput={(event) => onValue(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}
