// SPDX-License-Identifier: BSD-3-Clause
import assert from 'node:assert/strict';
import test from 'node:test';
import { covered, dodge, logScale } from '../../page/scale.js';

test('a logarithmic axis is about as long as what is on it', () => {
  const { min, max, ticks } = logScale([985, 1505768], 10);
  assert.ok(min < 985 && min > 500 && max > 1505768 && max < 3e6, `${min} to ${max}`);
  assert.deepEqual(ticks, [1000, 3000, 10000, 30000, 100000, 300000, 1000000]);
  assert.deepEqual(logScale([985, 1505768], 4).ticks, [1000, 10000, 100000, 1000000]);
  assert.deepEqual(logScale([1, 1e12], 4).ticks, [1, 1e4, 1e8, 1e12]);
  assert.ok(logScale([985, 1505768], 10, 3).min < 985 / 2);
});

test('a logarithmic axis of little has ticks at round numbers as well', () => {
  for (const values of [[1300, 1400], [7, 7], [99, 101], [0.0012, 0.0013], [2000, 2000]]) {
    const { min, max, ticks } = logScale(values);
    assert.ok(ticks.length >= 2 && min <= values[0] && max >= values[1] && ticks.every((tick) => tick >= min && tick <= max), `${values}: ${min} ${ticks} ${max}`);
  }
});

test('marks that would hide each other stand apart, in their order; others stay', () => {
  assert.deepEqual(dodge([10, 100, 12, 11], 5, 8), [-8, 0, 0, 8]);
  assert.deepEqual(dodge([10, 20], 5, 8), [0, 0]);
  assert.deepEqual(dodge([], 5, 8), []);
});

test('what lies under later lines is known', () => {
  assert.deepEqual(covered([[0, 10], [1, 50], [2, undefined]], 5), [[2, 0], [1, 0], [0, 0]]);
});
