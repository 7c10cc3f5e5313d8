import type { ModelDetail, ModelView, ScoreView } from '../../engine/console/wire-models.ts';
import { count, decimal, percent, utcDay } from '../format.ts';
import { Card, Meter, ScrollTable } from '../parts/parts.tsx';

/** Out-of-fold accuracy with its interval beside what needs no model, on one scale. */
export function Scores({ model }: { readonly model: ModelView }) {
  return (
    <Card title="Walk-forward scores">
      <p class="hint">
        Each fold is predicted by a model trained only on what came before it. The line is the 95 % interval
        of the accuracy, over samples that do not overlap; ◇ always says the commonest class, △ repeats the
        last direction.
      </p>
      {model.scores.length === 0 && <p class="hint">The registry has no scores of this version.</p>}
      {model.scores.map((score, i) => (
        <Score key={score.horizon} score={score} hasEdge={model.edge[i] === true} />
      ))}
    </Card>
  );
}

function Score({ score, hasEdge }: { readonly score: ScoreView; readonly hasEdge: boolean }) {
  const at = (x: number): string => `${Math.max(0, Math.min(1, x)) * 100}%`;
  const { accuracy, low, high, majority, lastDirection, directional } = score;
  const text = `${score.horizon}: accuracy ${percent(accuracy)}, 95 % interval ${percent(low)} to ${percent(high)}, majority ${percent(majority)}, last direction ${percent(lastDirection)}`;
  return (
    <div class="score">
      <div class="horizon-head">
        <strong>{score.horizon}</strong>
        <span class={`tag ${hasEdge ? 'good' : ''}`}>{hasEdge ? 'skill' : 'no skill'}</span>
        <span class="hint">
          {percent(accuracy)} of {count(score.samples)} ({count(score.effectiveSamples)} independent), z{' '}
          {decimal(score.z, 1)}
        </span>
      </div>
      <div class="dot-plot" role="img" aria-label={text}>
        <span class="interval" style={{ left: at(low), width: `calc(${at(high)} - ${at(low)})` }} />
        <span class="dot" style={{ left: at(accuracy) }} />
        <span class="glyph" style={{ left: at(majority) }}>
          ◇
        </span>
        <span class="glyph" style={{ left: at(lastDirection) }}>
          △
        </span>
      </div>
      <div class="scale" aria-hidden="true">
        <span>0 %</span>
        <span>50 %</span>
        <span>100 %</span>
      </div>
      <p class="hint">
        Up or down, where it moved: {percent(directional.accuracy)} of {count(directional.samples)}, always
        the commoner way {percent(directional.baseline)} (z {decimal(directional.z, 1)})
      </p>
    </div>
  );
}

type Fold = ModelDetail['folds'][number];

/** Whether an edge held from stretch to stretch, or came from one of them. */
export function Folds({ folds }: { readonly folds: readonly Fold[] }) {
  return (
    <Card title="Walk-forward, fold by fold" class="wide">
      {folds.length === 0 ? (
        <p class="hint">This version was registered without its folds; one that is trained now keeps them.</p>
      ) : (
        <>
          <p class="hint">
            How often the leaning was right where the market moved, less what always leaning the commoner way
            would have been: to the right of the line is better.
          </p>
          <ScrollTable
            label="Folds, oldest first"
            columns={[
              'Tested on',
              { number: 'Trained on' },
              ...folds[0]!.horizons.map(({ horizon }) => horizon),
            ]}
          >
            {folds.map((fold) => (
              <tr key={fold.from}>
                <td>
                  {utcDay(fold.from)} to {utcDay(fold.through)}
                </td>
                <td class="number">{count(fold.trainedRows)} rows</td>
                {fold.horizons.map((one) => (
                  <td key={one.horizon}>
                    <Gain of={one} />
                  </td>
                ))}
              </tr>
            ))}
          </ScrollTable>
        </>
      )}
    </Card>
  );
}

/** Gains of so many points fill a half of the bar. */
const GAIN_MAX = 0.15;

function Gain({ of }: { readonly of: Fold['horizons'][number] }) {
  const { directional, baseline, logLoss, baseLogLoss, samples, horizon } = of;
  const gain = directional - baseline;
  const width = (Math.min(1, Math.abs(gain) / GAIN_MAX) * 50).toFixed(1);
  const text = `${horizon}: ${percent(directional)} against ${percent(baseline)} of ${samples}, log-loss ${decimal(logLoss, 4)} against ${decimal(baseLogLoss, 4)}`;
  return (
    <div class="gain" title={text}>
      <div class="gain-bar" role="img" aria-label={text}>
        <span
          class={gain >= 0 ? 'up' : 'down'}
          style={{ width: `${width}%`, left: gain >= 0 ? '50%' : `${50 - Number(width)}%` }}
        />
      </div>
      <span class="number">
        {gain >= 0 ? '+' : ''}
        {(gain * 100).toFixed(1)}
      </span>
    </div>
  );
}

/** Features that are shown. */
const FEATURES = 15;

/** What it relies on, and which kinds of model it was chosen from. */
export function Importance({ detail }: { readonly detail: ModelDetail }) {
  const strongest = detail.importance.slice(0, FEATURES);
  const most = Math.max(1e-9, ...strongest.map(({ logLoss }) => logLoss));
  return (
    <Card title="What it relies on">
      {strongest.length === 0 ? (
        <p class="hint">The registry does not know which features this version relies on.</p>
      ) : (
        <>
          <p class="hint">
            How much worse its log-loss becomes when a feature is shuffled, on rows it had not seen.
          </p>
          <ul class="timing">
            {strongest.map(({ feature, logLoss }) => (
              <li key={feature}>
                <span class="name">{feature}</span>
                <Meter share={logLoss / most} label={`${feature}: ${logLoss.toFixed(5)}`} />
                <span class="number">{logLoss.toFixed(5)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {detail.families.length > 0 && (
        <p class="hint">
          Kinds that were tried, by log-loss in validation:{' '}
          {detail.families
            .toSorted((a, b) => a.logLoss - b.logLoss)
            .map(
              ({ family, logLoss, chosen, fits }) =>
                `${family} ${decimal(logLoss, 4)} (best in ${chosen} of ${fits})`,
            )
            .join('; ')}
          .
        </p>
      )}
    </Card>
  );
}
