// SPDX-License-Identifier: BSD-3-Clause
import assert from 'node:assert/strict';
import test from 'node:test';
import { changeFormat, metricOf, metricsOf, phasesOf, ratioFormat, valueFormat } from '../../page/metric.js';
import { commitShort, commitWords, configurationsOf, contextLabel, contextWords, environmentChanges, nameParse, pathsOf, runLabel, runsPrepare } from '../../page/run.js';
import { csvOf } from '../../page/csv.js';
import { sampleRuns } from './sample.js';

test('runs stand in the order of their commits, then of when they were made', () => {
  const runs = sampleRuns({ commits: 2, kernels: ['debian'] });
  const again = structuredClone(runs[0]);
  again.name = 'again.json';
  again.time = '2026-02-01T00:00:00Z';
  assert.deepEqual(runsPrepare([again, runs[1], runs[0]]).map(({ name }) => name), [runs[0].name, 'again.json', runs[1].name]);
});

test('configurations are called by what differs', () => {
  const plain = sampleRuns({ commits: 1 });
  assert.deepEqual(configurationsOf(runsPrepare(plain)).map(({ label }) => label).sort(), ['debian', 'lts']);
  const runs = [...sampleRuns({ commits: 1, kernels: ['debian'], settings: { transport: 'auto', size: 4 } }), ...sampleRuns({ commits: 1, kernels: ['debian'], settings: { transport: 'smc', size: 4 } })];
  assert.deepEqual(configurationsOf(runsPrepare(runs)).map(({ label }) => label).sort(), ['debian · transport=auto', 'debian · transport=smc']);
});

test('a parameter that older runs do not have parts nothing; long names become numbers', () => {
  const [older, newer] = sampleRuns({ commits: 2, kernels: ['debian'] });
  newer.context.settings = JSON.stringify({ 'qtee.added': 3 });
  assert.deepEqual(configurationsOf(runsPrepare([older, newer])).map(({ label }) => label), ['debian']);
  const long = structuredClone(newer);
  long.context.settings = JSON.stringify({ 'qtee.added': 'x'.repeat(80) });
  assert.deepEqual(configurationsOf(runsPrepare([newer, long])).map(({ label }) => label).sort(), ['debian · qtee.added=3', 'debian · settings 2']);
});

test('short runs, and those of some suites, are a configuration of their own', () => {
  const runs = [...sampleRuns({ commits: 2, kernels: ['debian'] }), ...sampleRuns({ commits: 2, kernels: ['debian'], quick: true, suites: ['invoke'], hour: 13 })];
  assert.deepEqual(configurationsOf(runsPrepare(runs)).map(({ label, runs: some }) => [label, some.length]), [['debian · short · only invoke', 2], ['debian', 2]]);
  assert.equal(runLabel(runs.at(-1)), '2026-01-02 13:00 · debian · short · only invoke · 222222222');
});

test('a run of a tree without git has no commit', () => {
  const [run] = sampleRuns({ commits: 1 });
  assert.equal(commitWords(run), 'commit 111111111');
  run.context.commit = 'none';
  assert.equal(commitShort(run), 'no commit');
  assert.equal(commitWords(run), 'no commit');
});

test('what is known of an environment has names that people use', () => {
  for (const key of Object.keys(sampleRuns({ commits: 1 })[0].context).filter((one) => !['settings', 'commit_subject'].includes(one))) assert.match(contextLabel(key), /^[A-Z][A-Za-z ()]*$/, key);
  assert.equal(contextLabel('qtee.message_in_kib'), 'qtee.message_in_kib');
  assert.deepEqual([['quick', '1'], ['suites', ''], ['commit', 'none'], ['note', ''], ['cpus', undefined], ['caches', []]].map(([key, value]) => contextWords(key, value)), ['short', 'all', 'no commit', '–', '–', '–']);
});

test('paths stand by suite and size', () => {
  const run = { benchmarks: Object.fromEntries(['threads/10x5us/tee', 'invoke/4KiB/tee', 'threads/2x5us/tee', 'invoke/64B/tee', 'invoke/none/tee', 'invoke/15_inputs/tee', 'invoke/1_inputs/tee', 'floor/memcpy_4KiB/floor', 'floor/memcpy_64B/floor', 'floor/getppid/floor', 'new/thing/tee'].map((name) => [name, {}])) };
  assert.deepEqual(pathsOf([run]), ['floor/getppid', 'floor/memcpy_64B', 'floor/memcpy_4KiB', 'invoke/none', 'invoke/64B', 'invoke/4KiB', 'invoke/1_inputs', 'invoke/15_inputs', 'threads/2x5us', 'threads/10x5us', 'new/thing']);
});

test('names with more than three parts', () => {
  assert.deepEqual(nameParse('invoke/16KiB/in-place/qtee-direct'), { suite: 'invoke', path: 'invoke/16KiB/in-place', who: 'qtee-direct' });
});

test('figures as people read them', () => {
  const text = (key, value) => valueFormat(metricOf(key), value).replaceAll('\u00a0', ' ');
  assert.equal(text('kernel_instructions', 8566), '8,566');
  assert.equal(text('allocations', 0), '0');
  assert.equal(text('lock_contentions', 0.01234), '0.0123');
  assert.equal(text('real_time', 812.34), '812 ns');
  assert.equal(text('real_time', 1240), '1.24 µs');
  assert.equal(text('real_time', 8.0e6), '8 ms');
  assert.equal(text('real_time', 2.5e9), '2.5 s');
  assert.equal(text('bytes_zeroed', 22000), '21.5 KiB');
  assert.equal(text('bytes_copied', 136), '136 B');
  assert.equal(text('speedup', 1.961), '1.96×');
  assert.equal(text('kernel_instructions', undefined), '–');
  assert.equal(ratioFormat(0.2212), '0.22×');
  assert.equal(ratioFormat(0.00123456), '1/810');
  assert.equal(ratioFormat(0.01), '0.01×');
  assert.equal(changeFormat(0.0541), '+5.4\u00a0%');
  assert.equal(changeFormat(-0.5), '−50\u00a0%');
  assert.equal(changeFormat(0), '0\u00a0%');
  assert.equal(changeFormat(0.0002), '≈\u00a00\u00a0%');
});

test('unknown counters and phases are shown, after the known ones', () => {
  const benchmark = { zebra: [1], smcs: [1], budget_extra: [1], budget_entry: [1] };
  assert.deepEqual(metricsOf([benchmark]).map(({ key }) => key), ['smcs', 'zebra']);
  assert.deepEqual(phasesOf(benchmark), ['entry', 'extra']);
});

test('environments: what differs, but not when and by which commit', () => {
  const [first, second] = sampleRuns({ commits: 2, kernels: ['debian'] });
  assert.deepEqual(environmentChanges(first, second), []);
  second.context.qemu = '10.1.0';
  assert.deepEqual(environmentChanges(first, second), [['qemu', '10.0.0', '10.1.0']]);
});

test('CSV has each repetition, and quotes', () => {
  const [run] = runsPrepare(sampleRuns({ commits: 1, kernels: ['lts'], repetitions: 2 }));
  run.configuration.label = 'a, "b"';
  const lines = csvOf([run]).trim().split('\n');
  const samples = Object.values(run.benchmarks).flatMap((figures) => Object.values(figures).flat());
  assert.equal(lines.length, samples.length + 1);
  assert.match(lines[1], /^20260101T120000Z-lts\.json,2026-01-01T12:00:00Z,1{40},6\.12\.0-test,"a, ""b""",floor\/getppid\/floor,real_time,0,/);
});
