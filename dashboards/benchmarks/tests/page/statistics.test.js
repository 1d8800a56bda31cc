// SPDX-License-Identifier: BSD-3-Clause
import assert from 'node:assert/strict';
import test from 'node:test';
import { holm, median, quantile, welch } from '../../page/statistics.js';

const near = (actual, expected, tolerance = 1e-4) => assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

test('quantiles lie between samples', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(quantile([0, 10], 0.25), 2.5);
  assert.equal(median([]), undefined);
});

test('welch: p as tables have it', () => {
  // The same scatter and size: Student's t, 2.776 at 4 degrees of freedom is 5 %.
  const half = 2.776445 / 2 * Math.sqrt(2 / 3);
  near(welch([-1 - half, -half, 1 - half], [-1 + half, half, 1 + half]), 0.05);
  // 4.604 at 4 degrees of freedom is 1 %.
  const wide = 4.604095 / 2 * Math.sqrt(2 / 3);
  near(welch([-1 - wide, -wide, 1 - wide], [-1 + wide, wide, 1 + wide]), 0.01);
  // One set without scatter: a t test against a constant, 4.303 at 2 degrees of freedom is 5 %.
  near(welch([-1, 0, 1], [4.302653 / Math.sqrt(3), 4.302653 / Math.sqrt(3), 4.302653 / Math.sqrt(3)]), 0.05);
});

test('welch: what needs no test', () => {
  assert.equal(welch([1], [1, 2]), undefined);
  assert.equal(welch([5, 5], [5, 5]), 1);
  assert.equal(welch([5, 5], [6, 6]), 0);
  assert.equal(welch([1, 2, 3], [1, 2, 3]), 1);
});

test('holm raises each by how many are left, and keeps the order', () => {
  const [a, b, c, d] = holm([0.01, 0.04, undefined, 0.03]);
  near(a, 0.03, 1e-12);
  near(b, 0.06, 1e-12);
  assert.equal(c, undefined);
  near(d, 0.06, 1e-12);
  assert.deepEqual(holm([0.9, 0.8]), [1, 1]);
});
