// SPDX-License-Identifier: BSD-3-Clause
//
// sample_write.js DIR: made-up results files, with one path that the last commit makes worse.
import fs from 'node:fs';
import path from 'node:path';
import { sampleFiles } from './sample.js';

const [folder] = process.argv.slice(2);
fs.mkdirSync(folder, { recursive: true });
const slower = { 2: { 'invoke/4KiB/qtee': 0.9, 'invoke/4KiB/tee': 0.92 }, 5: { 'invoke/64B/qtee': 1.08 } };
// Only one kernel's newest run has it, so that it is told once.
const kernels = { debian: slower, qcom: { 2: slower[2] } };
for (const [kernel, changes] of Object.entries(kernels))
  for (const { name, text } of sampleFiles({ commits: 6, kernels: [kernel], repetitions: 9, slower: changes })) fs.writeFileSync(path.join(folder, name), text);
