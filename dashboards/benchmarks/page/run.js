// SPDX-License-Identifier: BSD-3-Clause
//
// Runs, what they are called, and which of them may be compared over time.

export const OURS = ['tee', 'qtee', 'qtee-direct'];
export const WHO = ['floor', 'mainline', ...OURS];
const WHO_LABELS = { floor: 'Floor', mainline: 'Mainline /dev/teeN', tee: 'Ours /dev/teeN', qtee: 'Ours /dev/qtee', 'qtee-direct': 'Ours, direct transport' };
const WHO_SHORT = { floor: 'floor', mainline: 'mainline', tee: '/dev/teeN', qtee: '/dev/qtee', 'qtee-direct': 'direct' };

export const whoLabel = (who) => WHO_LABELS[who] ?? who;
export const whoShort = (who) => WHO_SHORT[who] ?? who;

/** "invoke/64B/qtee" is suite "invoke", path "invoke/64B", who "qtee". */
export function nameParse(name) {
  const last = name.lastIndexOf('/');
  return { suite: name.slice(0, name.indexOf('/')), path: name.slice(0, last), who: name.slice(last + 1) };
}

// "64B" before "1KiB", "2x500us" before "10x500us", sizes before "1_inputs", and that before "15_inputs".
function pathKey(path) {
  const units = { B: 1, KiB: 1024, MiB: 1048576 };
  const padded = (number, unit) => String(Number(number) * (units[unit] ?? 1)).padStart(12, '0');
  return path.split('/').map((part) => {
    const counted = /^(\d+)_(.*)$/.exec(part);
    if (counted) return `~${counted[2]}${padded(counted[1])}`;
    return part === 'none' ? '' : part.replace(/(\d+)(B|KiB|MiB)?/g, (_, number, unit) => padded(number, unit));
  }).join('/');
}

const SUITES = ['floor', 'invoke', 'objects', 'callbacks', 'memory', 'threads', 'tracing', 'pools'];

/** The paths of these runs, suites in the order in which bench/ has them. */
export function pathsOf(runs) {
  const rank = (path) => { const at = SUITES.indexOf(path.split('/')[0]); return at < 0 ? SUITES.length : at; };
  const paths = [...new Set(runs.flatMap((run) => Object.keys(run.benchmarks)).map((name) => nameParse(name).path))];
  return paths.sort((a, b) => rank(a) - rank(b) || (pathKey(a) < pathKey(b) ? -1 : 1));
}

const day = (time) => new Date(time).toISOString();
/** UTC, to the minute. */
export const timeFormat = (time) => day(time).slice(0, 16).replace('T', ' ');

/** Whether git knew the tree that a run is of. */
export const hasCommit = (run) => run.context.commit !== 'none';
export const commitShort = (run) => (hasCommit(run) ? `${run.context.commit.slice(0, 9)}${run.context.dirty === '1' ? '+' : ''}` : 'no commit');
/** "commit d9eb415", "no commit". */
export const commitWords = (run) => (hasCommit(run) ? `commit ${commitShort(run)}` : 'no commit');

/** Made with QUICK=1: times of few and short repetitions, and not of all paths. */
export const isShort = (run) => run.context.quick === '1';
/** The suites that a run was to measure; none: all. */
export const suitesOf = (run) => (run.context.suites ?? '').split(' ').filter(Boolean);
const suitesWords = (run) => (suitesOf(run).length ? [`only ${suitesOf(run).join(', ')}`] : []);
export const settingsOf = (run) => JSON.parse(run.context.settings);

/** "2026-11-23 21:03 · debian · d9eb415 · my label": in the order in which people look for one. */
export function runLabel(run) {
  return [timeFormat(run.time), run.configuration.label, commitShort(run), run.context.note].filter(Boolean).join(' · ');
}

const settingText = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** A configuration with a longer name gets a number; what is in it stands with its runs. */
const LABEL_LENGTH = 60;

const PART_WORDS = { machine: (value) => value, cpu_model: (value) => value, icount: (value) => (value === '1' ? 'exact counts' : 'no exact counts') };

/**
 * Sorts the runs by their commits and then by when they were made, and gives each its configuration: the kernel, machine, settings, suites
 * and whether it is short, which have to be the same in runs that are compared over time. A configuration is called by its kernel and by
 * what else is not the same in all of them.
 */
export function runsPrepare(runs) {
  const order = (run) => [new Date(run.context.commit_time).getTime(), new Date(run.time).getTime()];
  runs.sort((a, b) => order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1]);
  const parts = runs.map((run) => new Map([
    ...['machine', 'cpu_model', 'icount'].map((key) => [key, run.context[key]]),
    ...Object.entries(settingsOf(run)).map(([key, value]) => [key, settingText(value)]),
  ]));
  const keys = [...new Set(parts.flatMap((map) => [...map.keys()]))].sort();
  // A parameter that an older driver does not have is no difference yet.
  const differing = keys.filter((key) => new Set(parts.filter((map) => map.has(key)).map((map) => map.get(key))).size > 1);
  const labels = new Map();
  runs.forEach((run, i) => {
    const values = differing.filter((key) => parts[i].has(key)).map((key) => PART_WORDS[key]?.(parts[i].get(key)) ?? `${key}=${parts[i].get(key)}`);
    const kernel = [run.context.kernel_name, ...(isShort(run) ? ['short'] : []), ...suitesWords(run)].join(' · ');
    const key = [kernel, ...values].join(' · ');
    if (!labels.has(key)) {
      const others = [...labels.keys()].filter((other) => other.startsWith(`${kernel} · `)).length;
      labels.set(key, key.length <= LABEL_LENGTH ? key : `${kernel} · settings ${others + 1}`);
    }
    run.configuration = { key, label: labels.get(key) };
  });
  return runs;
}

/** The configurations, that of the newest run first. */
export function configurationsOf(runs) {
  const found = new Map();
  for (const run of [...runs].reverse()) {
    if (!found.has(run.configuration.key)) found.set(run.configuration.key, { ...run.configuration, runs: [] });
    found.get(run.configuration.key).runs.unshift(run);
  }
  return [...found.values()];
}

const CONTEXT_LABELS = {
  kernel_name: 'Kernel', kernel: 'Kernel release', machine: 'Machine', cpu_model: 'CPU model', cpus: 'CPUs', qemu: 'QEMU', icount: 'Exact counts', quick: 'Length', suites: 'Suites',
  commit: 'Commit', commit_time: 'Commit time', dirty: 'Uncommitted changes', note: 'Note', date: 'Date', qtee_schema: 'Format of the results', num_cpus: 'CPUs (Google Benchmark)', mhz_per_cpu: 'MHz per CPU',
  host_name: 'Host name', executable: 'Program', caches: 'Caches', load_avg: 'Load average', library_version: 'Google Benchmark', library_build_type: 'Google Benchmark is built for', json_schema_version: 'Format of Google Benchmark',
  cpu_scaling_enabled: 'CPU frequency scaling', aslr_enabled: 'Random addresses',
};
const yesNo = (value) => ({ 0: 'no', 1: 'yes', false: 'no', true: 'yes' })[value] ?? value;
const CONTEXT_WORDS = { quick: (value) => (value === '1' ? 'short' : 'full'), suites: (value) => value || 'all', commit: (value) => (value === 'none' ? 'no commit' : value), dirty: yesNo, icount: yesNo, cpu_scaling_enabled: yesNo, aslr_enabled: yesNo };

/** What the environment of a run has, as people call it; a driver's parameter keeps its name. */
export const contextLabel = (key) => CONTEXT_LABELS[key] ?? key;
export function contextWords(key, value) {
  const words = value === undefined ? undefined : CONTEXT_WORDS[key]?.(value) ?? settingText(value);
  return words === undefined || words === '' || words === '[]' ? '–' : words;
}

/** What differs between the environments of two runs, parameters that both have included: [[key, first, second]], values in words. Not how much they measured. */
export function environmentChanges(first, second) {
  const ignored = new Set(['settings', 'date', 'commit', 'commit_time', 'commit_subject', 'dirty', 'load_avg', 'note', 'executable', 'mhz_per_cpu', 'host_name', 'caches', 'quick', 'suites']);
  const keys = [...new Set([...Object.keys(first.context), ...Object.keys(second.context)])].filter((key) => !ignored.has(key));
  const settings = [first, second].map(settingsOf);
  const both = Object.keys(settings[0]).filter((key) => key in settings[1]);
  return [...keys.map((key) => [key, contextWords(key, first.context[key]), contextWords(key, second.context[key])]), ...both.map((key) => [key, settingText(settings[0][key]), settingText(settings[1][key])])].filter(([, a, b]) => a !== b);
}
