// SPDX-License-Identifier: BSD-3-Clause
//
// sample_write.js DIR: made-up results files, with one path that the last commit makes worse; short ones, of the same commit, slower and
// without what is slow; and some of a tree without git.
import fs from 'node:fs';
import path from 'node:path';
import { sampleFiles } from './sample.js';

const [folder] = process.argv.slice(2);
fs.mkdirSync(folder, { recursive: true });
const slower = { 2: { 'invoke/4KiB/qtee': 0.9, 'invoke/4KiB/tee': 0.92 }, 5: { 'invoke/64B/qtee': 1.08 } };
// Only one kernel's newest run has it, so that it is told once.
const write = (options) => { for (const { name, text } of options) fs.writeFileSync(path.join(folder, name), text); };
write(sampleFiles({ commits: 6, kernels: ['debian'], repetitions: 9, slower }));
write(sampleFiles({ commits: 7, kernels: ['qcom'], repetitions: 9, slower: { 2: slower[2] } }));
write(sampleFiles({ commits: 2, kernels: ['lts'], repetitions: 9, git: false }));
for (const [hour, factor] of [[13, 1.6], [14, 2]]) {
  const [{ name, text }] = sampleFiles({ commits: 6, kernels: ['debian'], repetitions: 3, slower, quick: true, suites: ['invoke'], hour }).slice(-1);
  const json = JSON.parse(text);
  for (const entry of json.benchmarks) for (const key of Object.keys(entry)) if (/(_time|_ns)$/.test(key) && /qtee$/.test(entry.name)) entry[key] *= factor;
  if (hour === 14) json.benchmarks = json.benchmarks.filter((entry) => !entry.name.startsWith('invoke/64KiB_placed_both/'));
  write([{ name, text: JSON.stringify(json) }]);
}
