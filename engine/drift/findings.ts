import { CATALOGUE } from '../../actors/features/catalogue.js';
import { HORIZONS } from '../../actors/features/labels.js';
import type { NewAlert } from './alert-store.js';
import type { InputFinding } from './input-drift.js';
import type { Finding } from './model-monitor.js';

/** Inputs that a sentence names. */
const NAMED = 3;
/** Inputs that the details list. */
const LISTED = 25;

type Told = Pick<NewAlert, 'kind' | 'severity' | 'summary' | 'details'>;

/** A finding in one sentence with its figures, and in numbers. */
export function describeFinding(finding: Finding): Told {
  switch (finding.kind) {
    case 'input_drift':
      return inputs(finding.input);
    case 'anomaly_drift': {
      const { rows, columns } = finding.input;
      const { ks, psi, p } = columns[0]!;
      return {
        kind: 'anomaly_drift',
        severity: 'warning',
        summary: `The anomaly scores of the last ${rows} bars are not those of training (KS ${ks.toFixed(2)}, PSI ${psi.toFixed(2)}).`,
        details: { rows, ks, psi, p },
      };
    }
    case 'performance': {
      const { horizon, since, outcomes, right, stated, logLoss, promisedLogLoss, evidence } = finding.edge;
      const mean = (sum: number): string => (sum / outcomes).toFixed(3);
      return {
        kind: 'performance',
        severity: 'critical',
        summary: `Of the last ${outcomes} moves over ${HORIZONS[horizon]!} the model had the direction of ${percent(right / outcomes)}, having stated ${percent(stated / outcomes)}: log-loss ${mean(logLoss)} instead of the promised ${mean(promisedLogLoss)}.`,
        details: {
          horizon: HORIZONS[horizon],
          since,
          outcomes,
          right,
          stated,
          logLoss,
          promisedLogLoss,
          evidence,
        },
      };
    }
  }
}

function inputs({ rows, columns }: InputFinding): Told {
  const drifts = columns.map(({ column, ks, psi, p }) => ({ feature: CATALOGUE[column]!.name, ks, psi, p }));
  const named = drifts
    .slice(0, NAMED)
    .map(({ feature, ks, psi }) => `${feature} (KS ${ks.toFixed(2)}, PSI ${psi.toFixed(2)})`)
    .join(', ');
  const others = drifts.length > NAMED ? ' and others' : '';
  return {
    kind: 'input_drift',
    severity: 'warning',
    summary: `${drifts.length} of ${CATALOGUE.length} inputs are not distributed as in training over the last ${rows} rows counted: ${named}${others}.`,
    details: { rows, drifted: drifts.length, features: drifts.slice(0, LISTED) },
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
