// SPDX-License-Identifier: BSD-3-Clause
//
// What is measured: its name, its unit, which way is better, and whether it is an exact count.

/**
 * kind: 'count', 'bytes', 'ns' or 'times' (a ratio). exact: the same in each repetition, if the machine counts instructions.
 * judged: a change is told at the top of the page. better: 'lower' or 'higher'; none if nobody can say.
 */
const METRICS = [
  { key: 'kernel_instructions', label: 'Kernel instructions', more: 'more', kind: 'count', exact: true, judged: true },
  { key: 'smcs', label: 'SMCs', kind: 'count', exact: true, judged: true },
  { key: 'allocations', label: 'Allocations', kind: 'count', exact: true, judged: true },
  { key: 'bytes_copied', label: 'Bytes copied', kind: 'bytes', exact: true, judged: true },
  { key: 'bytes_zeroed', label: 'Bytes zeroed', kind: 'bytes', exact: true, judged: true },
  { key: 'user_instructions', label: 'User instructions', kind: 'count', exact: true, judged: true },
  { key: 'over_none', label: 'Instructions beyond no arguments', kind: 'count', exact: true },
  { key: 'lock_contentions', label: 'Lock contentions', kind: 'count' },
  { key: 'real_time', label: 'Time', kind: 'ns', judged: true },
  { key: 'cpu_time', label: 'CPU time', kind: 'ns' },
  { key: 'p50_ns', label: 'Time, median (p50)', kind: 'ns' },
  { key: 'p90_ns', label: 'Time, p90', kind: 'ns' },
  { key: 'p99_ns', label: 'Time, p99', kind: 'ns', judged: true },
  { key: 'p999_ns', label: 'Time, p99.9', kind: 'ns' },
  { key: 'max_ns', label: 'Time, longest', kind: 'ns' },
  { key: 'speedup', label: 'Speedup', kind: 'times', better: 'higher', judged: true },
].map((metric) => ({ better: 'lower', exact: false, judged: false, ...metric }));

const KNOWN = new Map(METRICS.map((metric) => [metric.key, metric]));

/** Of the kernel's instructions, in the order in which a call goes through them. */
export const PHASES = ['entry', 'front_end', 'marshal', 'copy', 'objects', 'transport', 'other'];
const PHASE_LABELS = { entry: 'Entry and exit', front_end: 'Front end', marshal: 'Marshalling', copy: 'Copies', objects: 'Objects', transport: 'Transport', other: 'Other' };

export const phaseLabel = (phase) => PHASE_LABELS[phase] ?? phase.replaceAll('_', ' ');

/** The phases that a benchmark has figures of: the known ones first. */
export function phasesOf(benchmark) {
  const found = Object.keys(benchmark).filter((key) => key.startsWith('budget_')).map((key) => key.slice(7));
  return [...PHASES.filter((phase) => found.includes(phase)), ...found.filter((phase) => !PHASES.includes(phase))];
}

export function metricOf(key) {
  const known = KNOWN.get(key);
  if (known) return known;
  if (key.startsWith('budget_')) return { key, label: `Instructions: ${phaseLabel(key.slice(7)).toLowerCase()}`, kind: 'count', better: 'lower', exact: true, judged: false };
  return { key, label: key.replaceAll('_', ' '), kind: key.endsWith('_ns') ? 'ns' : 'count', better: null, exact: false, judged: false };
}

/** Those that any of these benchmarks has, in the order of the list above; phases of the budget only if asked for. */
export function metricsOf(benchmarks, withBudget = false) {
  const found = new Set(benchmarks.flatMap((benchmark) => Object.keys(benchmark)));
  const others = [...found].filter((key) => !KNOWN.has(key) && (withBudget || !key.startsWith('budget_'))).sort();
  return [...METRICS.filter((metric) => found.has(metric.key)), ...others.map(metricOf)];
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const significant = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

const scaled = (value, units) => {
  const unit = units.find(([size]) => value >= size) ?? units.at(-1);
  return `${value / unit[0] >= 1000 ? whole.format(value / unit[0]) : significant.format(value / unit[0])}\u00a0${unit[1]}`;
};

/** As people read it: "8,566", "1.24 µs", "4 KiB", "1.97×". */
export function valueFormat(metric, value) {
  if (value === undefined || value === null || Number.isNaN(value)) return '–';
  switch (metric.kind) {
    case 'ns': return value === 0 ? '0\u00a0ns' : scaled(value, [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs'], [1, 'ns']]);
    case 'bytes': return value < 10240 ? `${countFormat(value)}\u00a0B` : scaled(value, [[2 ** 20, 'MiB'], [2 ** 10, 'KiB']]);
    case 'times': return `${value.toFixed(2)}×`;
    default: return countFormat(value);
  }
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
/** The same where there is little room: "10K". */
export const valueShort = (metric, value) => (metric.kind === 'count' ? compact.format(value) : valueFormat(metric, value));

export function countFormat(value) {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? whole.format(value) : significant.format(value);
}

/** A ratio: "0.18×", "12×", "1/240". */
export function ratioFormat(ratio) {
  if (!Number.isFinite(ratio)) return '–';
  if (ratio > 0 && ratio < 0.0095) return `1/${whole.format(Number((1 / ratio).toPrecision(2)))}`;
  return `${ratio >= 100 ? whole.format(ratio) : ratio >= 0.1 ? ratio.toFixed(2) : significant.format(ratio)}×`;
}

/** A change: "+5.4 %", "−12 %", "≈ 0 %" below 0.05 %, "0 %", "new" where there was nothing. */
export function changeFormat(change) {
  if (!Number.isFinite(change)) return 'new';
  const percent = Math.abs(change) * 100;
  if (percent === 0) return '0\u00a0%';
  if (percent < 0.05) return '≈\u00a00\u00a0%';
  const digits = percent >= 100 ? whole.format(percent) : significant.format(Math.round(percent * 10) / 10);
  return `${change > 0 ? '+' : '−'}${digits}\u00a0%`;
}
