// SPDX-License-Identifier: BSD-3-Clause
//
// What became worse, in words, and what became better: of each configuration, its newest run against the one before.
import { gone, isShifted, judged, goalsJudge, rowWords, runsCompare, EXACT_CHANGE, NOISY_CHANGE } from '../compare.js';
import { element, empty, icon } from '../element.js';
import { changeFormat } from '../metric.js';
import { commitWords, contextLabel, environmentChanges, timeFormat } from '../run.js';
import { section } from './common.js';

function sentence(comparison, row) {
  const words = rowWords(comparison, row);
  return element('li', { 'data-name': row.name, 'data-metric': row.metric.key, 'data-verdict': row.verdict, 'data-before': row.before, 'data-after': row.after },
    icon(row.verdict), element('span', {}, element('strong', {}, words.path), ` · ${words.who}: ${words.what} `,
      element('strong', { class: 'figure' }, words.figures), element('span', { class: 'faint' }, words.certainty)));
}

const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

export const shiftWords = ({ shift }) => `All that is not ours took ${changeFormat(Math.exp(shift) - 1).replace(/^[+−]/, '')} ${shift > 0 ? 'longer' : 'less'}: the machine was another, busier or idler. Times are judged relative to that.`;

function configurationCard(page, configuration) {
  const run = configuration.runs.at(-1);
  const base = configuration.runs.at(-2);
  const goals = goalsJudge(page.goals, run).filter((goal) => goal.status !== 'unmeasured');
  const met = goals.filter((goal) => goal.status === 'met').length;
  const failures = Object.entries(run.failures);
  const facts = [
    `${timeFormat(run.time)} UTC, ${commitWords(run)}`,
    goals.length ? `${met} of ${plural(goals.length, 'goal')} met` : null,
  ].filter(Boolean).join(' · ');
  const head = (words, verdict) => element('div', { class: 'card-head' }, element('h3', {}, configuration.label), element('span', { class: `pill ${verdict}` }, icon(verdict), words),
    element('p', { class: 'faint' }, facts));
  const failed = failures.map(([name, why]) => element('li', { class: 'failed', 'data-name': name }, icon('worse'), element('span', {}, element('strong', {}, name), ` failed: ${why}`)));
  if (!base) {
    return { worse: failed.length, card: element('article', { class: 'card', 'data-configuration': configuration.key }, head('first run', 'same'), failed.length ? element('ul', { class: 'told' }, failed) : null,
      element('p', {}, 'Only one run of this configuration: there is nothing to compare it with yet.')) };
  }
  const comparison = runsCompare(base, run);
  const [worse, better] = [judged(comparison, 'worse'), judged(comparison, 'better')];
  const [unsure, uncertain] = [judged(comparison, 'unsure').length, judged(comparison, 'uncertain').length];
  const missing = gone(base, run);
  const environment = environmentChanges(base, run);
  const notes = [
    comparison.short ? 'Short runs: counts are compared, times are not.' : null,
    isShifted(comparison) ? shiftWords(comparison) : null,
    !comparison.short && unsure ? `${plural(unsure, 'figure')} with too few repetitions to be judged.` : null,
    uncertain ? `${plural(uncertain, 'more change')} that may be chance.` : null,
    ...environment.slice(0, 4).map(([key, a, b]) => `${contextLabel(key)} changed from ${a} to ${b}.`),
  ].filter(Boolean);
  const pill = worse.length + failed.length ? head(plural(worse.length + failed.length, 'regression'), 'worse') : head('no regressions', better.length ? 'better' : 'met');
  return { worse: worse.length + failed.length, compared: true, card: element('article', { class: 'card', 'data-configuration': configuration.key }, pill,
    element('p', { class: 'faint' }, `Compared with ${timeFormat(base.time)}, ${commitWords(base)}${base.context.commit_subject ? `: ${base.context.commit_subject}` : ''}`),
    worse.length + failed.length ? element('ul', { class: 'told' }, failed, worse.map((row) => sentence(comparison, row))) : null,
    better.length ? element('details', { open: !worse.length && better.length <= 8 }, element('summary', {}, plural(better.length, 'improvement')), element('ul', { class: 'told' }, better.map((row) => sentence(comparison, row)))) : null,
    notes.length ? element('ul', { class: 'notes' }, notes.map((note) => element('li', {}, note))) : null,
    missing.length ? element('details', { class: 'gone' }, element('summary', {}, `${plural(missing.length, 'benchmark')} no longer measured`), element('p', { class: 'faint small' }, missing.join(', '))) : null) };
}

export function summarySection(page) {
  const body = () => {
    const cards = page.configurations.map((configuration) => configurationCard(page, configuration)).sort((a, b) => b.worse - a.worse);
    const worse = cards.reduce((sum, { worse: count }) => sum + count, 0);
    const compared = cards.some((card) => card.compared);
    const verdict = worse ? 'worse' : compared ? 'met' : 'same';
    const words = worse ? plural(worse, 'regression') : compared ? 'No regressions' : 'Nothing to compare yet';
    if (!page.runs.length) return empty('No runs.', 'make bench writes them.');
    return [element('p', { class: `verdict ${verdict}`, 'data-regressions': worse }, icon(verdict), words), element('div', { class: 'cards' }, cards.map(({ card }) => card)),
      element('p', { class: 'faint small' }, `Exact counts are told from ${EXACT_CHANGE * 100} % up, and beyond what repetitions differ by. Times from ${NOISY_CHANGE * 100} % up, if Welch's test over the repetitions, ` +
        'corrected for their number after Holm, finds a probability below 1 % that it is chance, and relative to what is not ours (floor, mainline). Short runs (QUICK=1) are compared with short ones alone.')];
  };
  return section({ id: 'summary', title: 'What changed', text: 'The newest run of each kernel and its settings, against the one before it.', body });
}
