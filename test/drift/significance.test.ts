import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benjaminiHochberg, studentTail } from '../../engine/drift/significance.js';

test("Student's tail is that of SciPy", () => {
  // scipy.stats.t.sf(t, freedom) · 2, SciPy 1.15.
  for (const [t, freedom, expected] of [
    [2, 7, 0.08561932856297605],
    [9.6, 7, 2.7982600131940654e-5],
    [5.6, 15, 5.065395829885104e-5],
    [4, 31, 3.653050535646433e-4],
  ] as const)
    assert.ok(Math.abs(studentTail(t, freedom) / expected - 1) < 1e-9, `${t} at ${freedom}`);
});

test("Benjamini and Hochberg's own example has four discoveries at 5 %", () => {
  // Benjamini and Hochberg 1995, section 3.1: 15 p-values of a study of myocardial infarction.
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
    0.759, 1,
  ];
  assert.deepEqual(benjaminiHochberg([...p].reverse(), 0.05), [14, 13, 12, 11]);
  assert.deepEqual(benjaminiHochberg([0.9, 0.8], 0.05), []);
});
