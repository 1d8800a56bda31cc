// SPDX-License-Identifier: BSD-3-Clause
//
// Made-up results, for tests alone: a few paths over some commits, the same each time. sampleRuns() gives them as the page has them,
// sampleFiles() as bench/ would write them.

function randomOf(seed) {
  let state = seed;
  return () => { state = (state * 1664525 + 1013904223) % 4294967296; return state / 4294967296; };
}

const COSTS = {
  'invoke/none': { mainline: 8566, tee: 2900, qtee: 1900, 'qtee-direct': 1180 },
  'invoke/64B': { mainline: 9961, tee: 3300, qtee: 2350, 'qtee-direct': 1640 },
  'invoke/4KiB': { mainline: 16150, tee: 5600, qtee: 4500, 'qtee-direct': 3800 },
  // Marks that would hide each other, and a long name.
  'invoke/64KiB': { mainline: 102093, tee: 48255, qtee: 47680, 'qtee-direct': 47221 },
  'invoke/64KiB_placed_both': { qtee: 2027, 'qtee-direct': 1568 },
  'objects/release': { mainline: 21000, tee: 3100, qtee: 2600, 'qtee-direct': 1900 },
};
const SHARES = { entry: 0.12, front_end: 0.2, marshal: 0.1, copy: 0.08, objects: 0.1, transport: 0.35, other: 0.05 };

/**
 * commits: how many; slower: {commit index: {name: factor}} of instructions and time from that commit on; quick: short ones; suites: only
 * these; git: whether there are commits; hour: of the day.
 */
export function sampleRuns({ commits = 5, kernels = ['debian', 'lts'], repetitions = 5, noise = 0.01, slower = {}, settings = {}, quick = false, suites = [], git = true, hour = 12 } = {}) {
  const random = randomOf(7);
  const runs = [];
  for (let commit = 0; commit < commits; ++commit) {
    for (const kernel of kernels) {
      const scatter = (value) => Array.from({ length: repetitions }, () => value * (1 + noise * (random() + random() - 1)));
      const constant = (value) => Array(repetitions).fill(value);
      const factor = (name) => Object.entries(slower).filter(([from]) => Number(from) <= commit).reduce((product, [, names]) => product * (names[name] ?? 1), 1);
      const benchmarks = { 'floor/getppid/floor': { real_time: scatter(180), cpu_time: scatter(180), kernel_instructions: constant(499) } };
      benchmarks['floor/memcpy_1KiB/floor'] = { real_time: scatter(90), cpu_time: scatter(90), kernel_instructions: constant(0) };
      for (const [path, costs] of Object.entries(COSTS)) {
        for (const [who, cost] of Object.entries(costs)) {
          if (kernel === 'lts' && who === 'mainline') continue;
          const name = `${path}/${who}`;
          const instructions = Math.round(cost * factor(name));
          const time = cost * 1.4 * factor(name);
          const figures = { real_time: scatter(time), cpu_time: scatter(time), kernel_instructions: constant(instructions), smcs: constant(1), allocations: constant(who === 'mainline' ? 8 : 0), p50_ns: scatter(time * 0.95), p90_ns: scatter(time * 1.2), p99_ns: scatter(time * 2), p999_ns: scatter(time * 9), max_ns: scatter(time * 40) };
          if (who !== 'mainline') {
            let rest = instructions;
            Object.entries(SHARES).forEach(([phase, share]) => {
              const part = phase === 'other' ? rest : Math.round(instructions * share);
              rest -= part;
              figures[`budget_${phase}`] = constant(part);
            });
          }
          benchmarks[name] = figures;
        }
      }
      for (const [who, speedup] of Object.entries({ mainline: 1.01, qtee: 1.02, 'qtee-direct': 1.96 })) {
        if (kernel === 'lts' && who === 'mainline') continue;
        benchmarks[`threads/1x500us/${who}`] = { real_time: scatter(510000), cpu_time: scatter(510000), speedup: constant(1), lock_contentions: constant(0) };
        benchmarks[`threads/2x500us/${who}`] = { real_time: scatter(510000 / speedup), cpu_time: scatter(510000), speedup: scatter(speedup), lock_contentions: scatter(speedup < 1.5 ? 0.9 : 0.0001) };
      }
      if (suites.length) for (const name of Object.keys(benchmarks)) if (![...suites, 'floor'].includes(name.split('/')[0])) delete benchmarks[name];
      const day = String(commit + 1).padStart(2, '0');
      runs.push({
        name: `202601${day}T${hour}0000Z-${kernel}.json`, time: `2026-01-${day}T${hour}:00:00Z`, failures: {}, benchmarks,
        context: {
          date: `2026-01-${day}T${hour}:00:00+00:00`, num_cpus: 2, qtee_schema: '1', quick: quick ? '1' : '0', suites: suites.join(' '),
          ...(git ? { commit: String(commit + 1).repeat(40), commit_time: `2026-01-${day}T10:00:00+00:00`, commit_subject: `test data: change ${commit + 1}`, dirty: '0' } : {}),
          kernel: kernel === 'lts' ? '6.12.0-test' : '7.0.0-test', kernel_name: kernel, machine: 'virtual SoC', cpu_model: 'cortex-a76', cpus: '2', qemu: '10.0.0', icount: '1', settings: JSON.stringify(settings), note: '',
        },
      });
    }
  }
  return runs;
}

/** [{name, text}]: Google Benchmark's JSON of the same. */
export function sampleFiles(options) {
  return sampleRuns(options).map(({ name, context, benchmarks }) => ({
    name,
    text: JSON.stringify({
      context,
      benchmarks: Object.entries(benchmarks).flatMap(([benchmark, figures]) => figures.real_time.map((_, i) => ({
        name: benchmark, run_name: benchmark, run_type: 'iteration', repetitions: figures.real_time.length, repetition_index: i, threads: 1, iterations: 1000, time_unit: 'ns',
        ...Object.fromEntries(Object.entries(figures).map(([key, samples]) => [key, samples[i]])),
      }))),
    }),
  }));
}
