// SPDX-License-Identifier: BSD-3-Clause
import assert from 'node:assert/strict';
import test from 'node:test';
import { changePoints } from '../../page/change_point.js';
import { goalsJudge, gone, judged, machineShift, rowWords, runsCompare } from '../../page/compare.js';
import { sampleRuns } from './sample.js';

const NAME = 'invoke/none/qtee';
const twoRuns = (options = {}) => sampleRuns({ commits: 2, kernels: ['debian'], ...options });
const told = (comparison, verdict = 'worse') => judged(comparison, verdict).map(({ name, metric }) => `${name} ${metric.key}`);
const set = (run, name, key, value) => { run.benchmarks[name][key] = run.benchmarks[name][key].map(() => value); };

test('nothing is told of two runs that differ by noise alone', () => {
  const comparison = runsCompare(...twoRuns());
  assert.deepEqual(told(comparison), []);
  assert.deepEqual(told(comparison, 'better'), []);
});

test('exact counts: 0.1 % is nothing, more is told, and says which phase it is in', () => {
  const [base, run] = twoRuns();
  set(run, NAME, 'kernel_instructions', 1901.5);
  assert.deepEqual(told(runsCompare(base, run)), []);
  set(run, NAME, 'kernel_instructions', 1902);
  set(run, NAME, 'budget_transport', 667);
  const comparison = runsCompare(base, run);
  assert.deepEqual(told(comparison), [`${NAME} kernel_instructions`]);
  const words = rowWords(comparison, judged(comparison, 'worse')[0]);
  assert.equal(words.figures, '1,900 → 1,902 (+0.1\u00a0%)');
  assert.equal(words.certainty, ': transport +2');
  assert.deepEqual(told(runsCompare(run, base), 'better'), [`${NAME} kernel_instructions`]);
});

test('from nothing to something is told', () => {
  const [base, run] = twoRuns();
  set(run, NAME, 'allocations', 1);
  const comparison = runsCompare(base, run);
  assert.deepEqual(told(comparison), [`${NAME} allocations`]);
  assert.equal(rowWords(comparison, judged(comparison, 'worse')[0]).figures, '0 → 1');
});

test('counts whose repetitions differ by more than the change are not told', () => {
  const [base, run] = twoRuns();
  base.benchmarks[NAME].kernel_instructions = [1900, 1950, 1900, 1900, 1900];
  set(run, NAME, 'kernel_instructions', 1940);
  assert.deepEqual(told(runsCompare(base, run)), []);
});

test('counts that the machine does not count exactly are judged as times are', () => {
  const [base, run] = twoRuns();
  for (const one of [base, run]) one.context.icount = '0';
  set(run, NAME, 'kernel_instructions', 1904);
  assert.deepEqual(told(runsCompare(base, run)), []);
});

test('times: a change beyond noise is told, one within it is not, and faster is better', () => {
  const [base, run] = twoRuns();
  const slow = structuredClone(run);
  slow.benchmarks[NAME].real_time = slow.benchmarks[NAME].real_time.map((x) => x * 1.2);
  assert.deepEqual(told(runsCompare(base, slow)), [`${NAME} real_time`]);
  assert.deepEqual(told(runsCompare(slow, base), 'better'), [`${NAME} real_time`]);
  const noisy = structuredClone(slow);
  noisy.benchmarks[NAME].real_time = noisy.benchmarks[NAME].real_time.map((x, i) => x * (1 + 0.4 * (i - 2)));
  assert.deepEqual(told(runsCompare(base, noisy)), []);
});

const verdict = (comparison, name, key) => comparison.rows.find((row) => row.name === name && row.metric.key === key).verdict;

test('what may be chance is not called the same, however large it is', () => {
  const [base, run] = twoRuns();
  run.benchmarks[NAME].real_time = run.benchmarks[NAME].real_time.map((x, i) => x * (1.3 + 0.5 * (i - 2)));
  set(run, NAME, 'p50_ns', run.benchmarks[NAME].p50_ns[0] * 1.001);
  run.benchmarks[NAME].kernel_instructions = [1900, 1950, 1950, 1900, 1950];
  const comparison = runsCompare(base, run);
  assert.equal(verdict(comparison, NAME, 'real_time'), 'uncertain');
  assert.equal(verdict(comparison, NAME, 'kernel_instructions'), 'uncertain');
  assert.equal(verdict(comparison, NAME, 'p50_ns'), 'same');
  assert.equal(verdict(comparison, NAME, 'smcs'), 'same');
});

test('short runs: counts are judged beside short ones, times are not, and what they leave out is not gone', () => {
  const [base] = twoRuns();
  const [, short] = twoRuns({ repetitions: 3, quick: true, suites: ['invoke'], slower: { 1: { [NAME]: 1.5 } } });
  for (const [i, run] of [base, short].entries()) run.benchmarks[NAME].user_instructions = run.benchmarks[NAME].smcs.map(() => 672 + 4 * i);
  for (const pair of [[base, short], [short, base]]) {
    const comparison = runsCompare(...pair);
    assert.deepEqual([...told(comparison, 'worse'), ...told(comparison, 'better')], []);
    for (const key of ['real_time', 'kernel_instructions', 'user_instructions']) assert.equal(verdict(comparison, NAME, key), 'unsure');
    assert.equal(verdict(comparison, 'invoke/64B/qtee', 'kernel_instructions'), 'same');
  }
  const before = structuredClone(short);
  set(before, NAME, 'kernel_instructions', 1900);
  before.benchmarks[NAME].real_time = before.benchmarks[NAME].real_time.map((x) => x / 2);
  assert.deepEqual(told(runsCompare(before, short)), [`${NAME} kernel_instructions`]);
  assert.deepEqual(gone(base, short), []);
  delete short.benchmarks[NAME];
  assert.deepEqual(gone(base, short), [NAME]);
});

test('a slower machine is no regression', () => {
  const [base, run] = twoRuns();
  for (const figures of Object.values(run.benchmarks))
    for (const key of Object.keys(figures)) if (key.endsWith('_ns') || key.endsWith('_time')) figures[key] = figures[key].map((x) => x * 1.5);
  assert.ok(Math.abs(machineShift(base, run) - Math.log(1.5)) < 0.02);
  assert.deepEqual(told(runsCompare(base, run)), []);
  assert.equal(verdict(runsCompare(base, run), NAME, 'real_time'), 'machine');
  // Beside that, half of it is faster; and is said to be.
  const fast = structuredClone(run);
  fast.benchmarks[NAME].real_time = fast.benchmarks[NAME].real_time.map((x) => x / 2);
  const comparison = runsCompare(base, fast);
  assert.deepEqual(told(comparison, 'better'), [`${NAME} real_time`]);
  assert.match(rowWords(comparison, judged(comparison, 'better')[0]).certainty, /^, −(49|50|51)(\.\d)?\u00a0% beside what is not ours, p/);
});

test('one repetition is too few for times, not for counts', () => {
  const [base, run] = twoRuns({ repetitions: 1, slower: { 1: { [NAME]: 1.5 } } });
  const comparison = runsCompare(base, run);
  assert.deepEqual(told(comparison), [`${NAME} kernel_instructions`]);
  assert.ok(told(comparison, 'unsure').includes(`${NAME} real_time`));
});

test('a speedup that falls is worse', () => {
  const [base, run] = twoRuns();
  run.benchmarks['threads/2x500us/qtee-direct'].speedup = [1.2, 1.21, 1.19, 1.2, 1.2];
  assert.deepEqual(told(runsCompare(base, run)), ['threads/2x500us/qtee-direct speedup']);
});

test('what is not ours is not told at the top', () => {
  const [base, run] = twoRuns({ slower: { 1: { 'invoke/none/mainline': 1.3 } } });
  assert.deepEqual(told(runsCompare(base, run)), []);
  assert.equal(runsCompare(base, run).rows.find((row) => row.name === 'invoke/none/mainline' && row.metric.key === 'kernel_instructions').verdict, 'worse');
});

test('goals: limits, ratios, those that are to be high, those that are not measured', () => {
  const [run] = twoRuns();
  const goals = [
    { path: 'invoke/none', who: 'qtee', counter: 'kernel_instructions', goal: 1900 },
    { path: 'invoke/none', who: 'qtee', counter: 'kernel_instructions', goal: 1899 },
    { path: 'invoke/none', who: 'qtee', counter: 'allocations', goal: 0 },
    { path: 'invoke/none', who: 'tee', counter: 'kernel_instructions', of: 'invoke/none/mainline', ratio: 0.4 },
    { path: 'threads/2x500us', who: 'qtee', counter: 'speedup', goal: 1.9 },
    { path: 'threads/2x500us', who: 'qtee-direct', counter: 'speedup', goal: 1.9 },
    { path: 'invoke/none', who: 'qtee', counter: 'bytes_copied', goal: 1 },
    { path: 'invoke/none', who: 'qtee', counter: 'smcs', of: 'nothing/at/all', ratio: 1 },
  ];
  assert.deepEqual(goalsJudge(goals, run).map(({ status }) => status), ['met', 'missed', 'met', 'met', 'missed', 'met', 'unmeasured', 'unmeasured']);
  assert.equal(goalsJudge(goals, run)[3].limit, 8566 * 0.4);
});

test('change points: each step of exact counts', () => {
  assert.deepEqual(changePoints([[10, 10], [10, 10], [12, 12], [12, 12], [11, 11]], true), [2, 4]);
  assert.deepEqual(changePoints([[10000], [10005], [9998]], true), []);
});

test('change points: steps of times, where they are, and none in noise', () => {
  const runs = sampleRuns({ commits: 9, kernels: ['debian'], slower: { 4: { [NAME]: 1.3 }, 7: { [NAME]: 0.7 } } });
  assert.deepEqual(changePoints(runs.map((run) => run.benchmarks[NAME].real_time), false), [4, 7]);
  assert.deepEqual(changePoints(runs.map((run) => run.benchmarks['invoke/none/tee'].real_time), false), []);
  assert.deepEqual(changePoints([[100, 101, 100]], false), []);
});
