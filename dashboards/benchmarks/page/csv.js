// SPDX-License-Identifier: BSD-3-Clause
//
// All figures, for a spreadsheet.

/** One line per repetition and figure. */
export function csvOf(runs) {
  const quoted = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value);
  const lines = [['run', 'time', 'commit', 'kernel', 'configuration', 'benchmark', 'figure', 'repetition', 'value']];
  for (const run of runs)
    for (const [name, figures] of Object.entries(run.benchmarks))
      for (const [figure, samples] of Object.entries(figures))
        samples.forEach((value, i) => lines.push([run.name, run.time, run.context.commit, run.context.kernel, run.configuration.label, name, figure, i, value]));
  return lines.map((line) => line.map(quoted).join(',')).join('\n') + '\n';
}
