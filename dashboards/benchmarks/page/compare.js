// SPDX-License-Identifier: BSD-3-Clause
//
// What became worse or better from one run to another, and in words.
import { metricOf, metricsOf, phasesOf, phaseLabel, valueFormat, changeFormat, countFormat } from './metric.js';
import { OURS, WHO, isShort, nameParse, pathsOf, suitesOf, whoLabel } from './run.js';
import { holm, median, welch } from './statistics.js';

/** Exact counts: a change by more than this is one. */
export const EXACT_CHANGE = 0.001;
/** Times: a change has to be larger than this, and as improbable as this (Welch's test of their logarithms, Holm's correction). */
export const NOISY_CHANGE = 0.05;
export const NOISY_PROBABILITY = 0.01;
/** From here on it is said that the machine was slower or faster (a logarithm). */
const SHIFT = 0.02;

/** Whether a figure of a run is an exact count. */
export const isExact = (run, metric) => metric.exact && run.context.icount === '1';

/** How exact counts differ: -1, 0 or 1. Beyond the limit, and beyond what repetitions differ among themselves. */
export function exactDirection(before, after) {
  const [a, b] = [median(before), median(after)];
  if (Math.abs(b - a) <= EXACT_CHANGE * Math.abs(a)) return 0;
  if (Math.min(...after) > Math.max(...before)) return 1;
  return Math.max(...after) < Math.min(...before) ? -1 : 0;
}

const logs = (samples) => samples.map((x) => Math.log(Math.max(x, 1e-9)));

/**
 * By how much everything took longer in a run, as a logarithm: the median of what is not ours, floor and mainline's driver.
 * Another machine, or a busier one, is no regression.
 */
export function machineShift(base, run) {
  const ratios = Object.keys(base.benchmarks)
    .filter((name) => !OURS.includes(nameParse(name).who) && run.benchmarks[name])
    .map((name) => [median(base.benchmarks[name].real_time), median(run.benchmarks[name].real_time)])
    .filter(([a, b]) => a > 0 && b > 0)
    .map(([a, b]) => Math.log(b / a));
  return ratios.length ? median(ratios) : 0;
}

/** Whether the machine itself took so much longer or less that times can't be read without that. */
export const isShifted = ({ shift, short }) => !short && Math.abs(shift) > SHIFT;

/** What a run no longer measured, of the suites that it was to measure. */
export function gone(base, run) {
  const suites = suitesOf(run);
  return Object.keys(base.benchmarks).filter((name) => !run.benchmarks[name] && !run.failures[name] && (!suites.length || suites.includes(nameParse(name).suite)));
}

/**
 * All figures that both runs have. Each: name, metric, before and after (medians), samples, change (relative), own (of times: the change beside
 * that of what is not ours), exact, p (times, corrected),
 * and verdict: 'worse', 'better' or 'changed'; 'same': within what counts as a change; 'machine': a time that changed as all did;
 * 'uncertain': more than that, and it may be chance; 'unsure': what repetitions are too few to tell, all that is no count if one of both
 * runs is short, and counts that are not the same if the runs are not of the same length and suites.
 */
export function runsCompare(base, run) {
  const shift = machineShift(base, run);
  const short = isShort(base) || isShort(run);
  // What was measured before in the same boot is in some counts, such as those of objects and memory.
  const unlike = isShort(base) !== isShort(run) || suitesOf(base).join() !== suitesOf(run).join();
  const rows = [];
  for (const name of pathsOf([run]).flatMap((path) => WHO.map((who) => `${path}/${who}`))) {
    const [first, second] = [base.benchmarks[name], run.benchmarks[name]];
    if (!first || !second) continue;
    for (const metric of metricsOf([second], true)) {
      const samples = [first[metric.key], second[metric.key]];
      if (!samples[0]) continue;
      const [before, after] = samples.map(median);
      const row = { name, ...nameParse(name), metric, before, after, samples, exact: isExact(base, metric) && isExact(run, metric) };
      row.change = before === after ? 0 : (after - before) / before;
      rows.push(row);
    }
  }
  const noisy = rows.filter((row) => !row.exact);
  const tested = (row) => (row.metric.judged && OURS.includes(row.who) ? 'judged' : 'shown');
  for (const family of ['judged', 'shown']) {
    const members = noisy.filter((row) => tested(row) === family);
    const raw = members.map(({ metric, samples }) => {
      const offset = metric.kind === 'ns' ? shift : 0;
      if (short) return undefined;
      return welch(logs(samples[0]), logs(samples[1]).map((x) => x - offset));
    });
    holm(raw).forEach((p, i) => { members[i].p = p; });
  }
  for (const row of rows) {
    let direction;
    let small;
    if (row.exact) {
      small = Math.abs(row.change) <= EXACT_CHANGE;
      direction = unlike && !small ? undefined : exactDirection(...row.samples);
    } else if (row.p === undefined) {
      direction = undefined;
    } else {
      const offset = row.metric.kind === 'ns' ? shift : 0;
      row.own = row.change === 0 && offset === 0 ? 0 : Math.exp(Math.log(Math.max(row.after, 1e-9) / Math.max(row.before, 1e-9)) - offset) - 1;
      small = Math.abs(row.own) <= NOISY_CHANGE;
      direction = row.p < NOISY_PROBABILITY && !small ? Math.sign(row.own) : 0;
    }
    if (direction === undefined) row.verdict = row.change === 0 ? 'same' : 'unsure';
    else if (direction === 0 && !small) row.verdict = 'uncertain';
    else if (direction === 0) row.verdict = row.exact || Math.abs(row.change) <= NOISY_CHANGE ? 'same' : 'machine';
    else if (!row.metric.better) row.verdict = 'changed';
    else row.verdict = (direction > 0) === (row.metric.better === 'lower') ? 'worse' : 'better';
  }
  return { base, run, shift, short, rows };
}

/** What is told at the top: judged figures of our driver. The largest change first, exact ones before times. */
export function judged(comparison, verdict) {
  const size = (row) => (Number.isFinite(row.change) ? Math.abs(row.change) : Infinity);
  return comparison.rows
    .filter((row) => row.metric.judged && OURS.includes(row.who) && row.verdict === verdict)
    .sort((a, b) => b.exact - a.exact || size(b) - size(a));
}

function budgetWords({ base, run }, row) {
  if (row.metric.key !== 'kernel_instructions') return '';
  const [first, second] = [base.benchmarks[row.name], run.benchmarks[row.name]];
  const parts = phasesOf(second)
    .map((phase) => [phase, median(second[`budget_${phase}`]) - (median(first[`budget_${phase}`]) ?? NaN)])
    .filter(([, difference]) => Math.abs(difference) >= 1)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .slice(0, 3)
    .map(([phase, difference]) => `${phaseLabel(phase).toLowerCase()} ${difference > 0 ? '+' : '−'}${countFormat(Math.abs(Math.round(difference)))}`);
  return parts.length ? `: ${parts.join(', ')}` : '';
}

/** The parts of a sentence about a row: what, whose, how much. */
export function rowWords(comparison, row) {
  const [before, after] = [valueFormat(row.metric, row.before), valueFormat(row.metric, row.after)];
  const change = row.before === 0 ? '' : ` (${changeFormat(row.change)})`;
  const certainty = row.exact
    ? budgetWords(comparison, row)
    : `${row.metric.kind === 'ns' && isShifted(comparison) ? `, ${changeFormat(row.own)} beside what is not ours` : ''}, p\u00a0${row.p < 0.0001 ? '<\u00a00.0001' : `=\u00a0${row.p.toFixed(4)}`} over ${row.samples[0].length} and ${row.samples[1].length} repetitions`;
  return { path: row.path, who: whoLabel(row.who), what: row.metric.label.toLowerCase().replace('smcs', 'SMCs').replace('cpu', 'CPU'), figures: `${before} → ${after}${change}`, certainty };
}

/** How a run stands to a list of goals: each with value, limit, share (of the limit) and status 'met', 'missed' or 'unmeasured'. */
export function goalsJudge(goals, run) {
  return goals.map((goal) => {
    const metric = metricOf(goal.counter);
    const value = median(run.benchmarks[`${goal.path}/${goal.who}`]?.[goal.counter]);
    const of = goal.of ? median(run.benchmarks[goal.of]?.[goal.counter]) : undefined;
    const limit = goal.of ? (of === undefined ? undefined : of * goal.ratio) : goal.goal;
    if (value === undefined || limit === undefined) return { goal, metric, value, limit, of, least: Boolean(goal.at_least), status: 'unmeasured' };
    const least = goal.at_least ?? metric.better === 'higher';
    const met = least ? value >= limit : value <= limit;
    return { goal, metric, value, limit, of, least, share: limit === 0 ? (value === 0 ? 1 : Infinity) : value / limit, status: met ? 'met' : 'missed' };
  });
}
