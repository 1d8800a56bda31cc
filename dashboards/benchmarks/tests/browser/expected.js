// SPDX-License-Identifier: BSD-3-Clause
//
// What the page has to show, from the results files alone: nothing of the page's own code.
import fs from 'node:fs';
import path from 'node:path';

function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Map from a file's name to {text, context, values: Map from "suite/path/who figure" to the median}. */
export function filesRead(folder) {
  const files = new Map();
  for (const name of fs.readdirSync(folder).filter((one) => one.endsWith('.json')).sort()) {
    const text = fs.readFileSync(path.join(folder, name), 'utf8');
    const { context, benchmarks } = JSON.parse(text);
    const samples = new Map();
    for (const entry of benchmarks.filter(({ run_type: type }) => type !== 'aggregate'))
      for (const [figure, value] of Object.entries(entry)) {
        if (typeof value !== 'number') continue;
        const key = `${(entry.run_name ?? entry.name).split('/').filter((part) => !/^(repeats|iterations|threads|min_time):|^(manual|real|process)_time$/.test(part)).join('/')} ${figure}`;
        samples.set(key, [...(samples.get(key) ?? []), value]);
      }
    files.set(name, { text, context, values: new Map([...samples].map(([key, some]) => [key, median(some)])) });
  }
  return files;
}
