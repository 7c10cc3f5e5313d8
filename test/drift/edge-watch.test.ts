import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EdgeWatch, provenWorth, type EdgeFinding } from '../../engine/drift/edge-watch.js';
import { Random } from '../../engine/learning/random.js';

const HOUR = 3_600_000;
const YEAR = 8_760;

const watch = (promised: number, falseAlarmsAYear = 0.25): EdgeWatch =>
  new EdgeWatch({ horizon: 0, promised, outcomesAYear: YEAR, falseAlarmsAYear });

/** Plays hours of a model that states `sure` for one direction, which comes true as often as `right` says. */
function play(
  edge: EdgeWatch,
  hours: number,
  { sure, right, seed }: { sure: number; right: (hour: number) => number; seed: number },
): { readonly hour: number; readonly finding: EdgeFinding }[] {
  const random = new Random(seed);
  const found: { hour: number; finding: EdgeFinding }[] = [];
  for (let hour = 0; hour < hours; hour++) {
    const way = random.next() < 0.5 ? 1 : -1;
    const up = way > 0 ? sure : 1 - sure;
    edge.stated(hour * HOUR, 1 - up, up);
    const finding = edge.resolved(hour * HOUR, random.next() < right(hour) ? way : -way, (hour + 1) * HOUR);
    if (finding !== undefined) found.push({ hour, finding });
  }
  return found;
}

test('a model that keeps its promise is accused no more often than is said, however it speaks', () => {
  for (const sure of [0.52, 0.62, 0.8]) {
    let alarms = 0;
    for (let seed = 1; seed <= 20; seed++)
      alarms += play(watch(1, 1), 5 * YEAR, { sure, right: () => sure, seed }).length;
    assert.ok(alarms <= 100, `${alarms} in 100 years at ${sure}`);
  }
});

test('nor is one that is better than its promise, or that promised nothing and guesses', () => {
  assert.equal(play(watch(0.5), 20 * YEAR, { sure: 0.6, right: () => 0.6, seed: 3 }).length, 0);
  assert.ok(play(watch(0), 20 * YEAR, { sure: 0.6, right: () => 0.5, seed: 4 }).length <= 5);
});

test('an edge that turns round is found within 150 outcomes, one that goes within 700, and the finding tells what happened', () => {
  for (const [after, within] of [
    [0.38, 150],
    [0.5, 700],
  ] as const) {
    const delays: number[] = [];
    for (let seed = 1; seed <= 50; seed++) {
      const right = (hour: number): number => (hour < 2_000 ? 0.62 : after);
      const [first] = play(watch(1), 4_000, { sure: 0.62, right, seed });
      assert.ok(first !== undefined && first.hour >= 2_000, `seed ${seed}`);
      delays.push(first.hour - 2_000);
      const { outcomes, right: hits, stated, logLoss, promisedLogLoss } = first.finding;
      assert.ok(hits / outcomes < 0.6 && Math.abs(stated / outcomes - 0.62) < 1e-9);
      assert.ok(logLoss > promisedLogLoss);
    }
    delays.sort((a, b) => a - b);
    assert.ok(delays[47]! <= within, `to ${after}: ${delays[25]} in the middle, ${delays[47]} at 95 %`);
  }
});

test('a statement is judged when its own outcome is known, and the next one is taken only then', () => {
  const edge = watch(1);
  edge.stated(0, 0.1, 0.9);
  edge.stated(HOUR, 0.9, 0.1);
  // Labels of other rows, the second's too, are not its outcome; nor does one that was lost hold up what follows.
  assert.equal(edge.resolved(-HOUR, -1, HOUR), undefined);
  edge.resolved(0, -1, 4 * HOUR);
  const after = edge.state.evidence;
  assert.ok(after.every((e) => e > 1));
  edge.stated(3 * HOUR, 0.1, 0.9);
  assert.equal(edge.state.pending, undefined);
  edge.stated(4 * HOUR, 0.1, 0.9);
  edge.resolved(5 * HOUR, -1, 9 * HOUR);
  assert.deepEqual([edge.state.evidence, edge.state.pending], [after, undefined]);
});

test('flat outcomes and unknown ones say nothing, nor do statements that are not numbers', () => {
  const edge = watch(1);
  for (const direction of [0, NaN]) {
    edge.stated(0, 0.4, 0.6);
    edge.resolved(0, direction, 0);
  }
  edge.stated(0, NaN, 0.6);
  assert.deepEqual(edge.state.evidence, [0, 0, 0]);
  assert.equal(edge.state.pending, undefined);
});

test('a state goes on where it was', () => {
  const whole = watch(1);
  const first = watch(1);
  const second = watch(1);
  const options = { sure: 0.62, right: () => 0.4, seed: 5 };
  play(whole, 40, options);
  play(first, 40, options);
  second.restore(structuredClone(first.state));
  assert.deepEqual(play(second, 200, { ...options, seed: 6 }), play(whole, 200, { ...options, seed: 6 }));
});

test('the worth of statements is their logistic slope less two standard errors', () => {
  const random = new Random(8);
  const of = (worth: number, n: number): number[] =>
    Array.from({ length: n }, () => {
      const s = random.normal() * 0.5;
      return random.next() < 1 / (1 + Math.exp(-worth * s)) ? s : -s;
    });
  const proven = provenWorth(of(1, 40_000), 1);
  // The information of a logistic slope at 1 is about E[p(1−p)s²] = 0.058 a statement: two errors are 0.042.
  assert.ok(proven > 0.88 && proven < 1, `${proven}`);
  assert.equal(provenWorth(of(0, 1_000), 1), 0);
  assert.equal(provenWorth([], 1), 0);
  assert.ok(provenWorth(of(1, 4_000), 24) < provenWorth(of(1, 4_000), 1));
});
