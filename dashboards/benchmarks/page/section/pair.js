// SPDX-License-Identifier: BSD-3-Clause
//
// Any two runs side by side.
import { EXACT_CHANGE, NOISY_CHANGE, isShifted, runsCompare } from '../compare.js';
import { choice, element, empty, icon, numberCell, table, tick } from '../element.js';
import { changeFormat, countFormat, valueFormat } from '../metric.js';
import { contextLabel, environmentChanges, isShort, runLabel, whoShort } from '../run.js';
import { stateChoice, stateGet, stateSet } from '../state.js';
import { section } from './common.js';
import { shiftWords } from './summary.js';

const KINDS = [['judged', 'The main ones'], ['exact', 'Exact counts'], ['times', 'Times'], ['all', 'All']];
const WORDS = { worse: 'worse', better: 'better', same: 'same', machine: 'as the machine', uncertain: 'not certain', unsure: 'too few repetitions', changed: 'changed' };
/** What of these verdicts is said above the table, and what is no change. */
const COUNTED = [['changed', 'changed'], ['machine', 'as much as the machine did'], ['uncertain', 'not certain'], ['unsure', 'with too few repetitions to tell']];
const UNCHANGED = ['same', 'machine', 'uncertain', 'unsure'];

// From the middle: to the left less, to the right more; the whole width is a factor of four.
function changeBar(row) {
  const size = Math.min(Math.abs(Math.log2(row.after / row.before)) / 2, 1) * 50;
  const style = row.change < 0 ? `right:50%;width:${size}%` : `left:50%;width:${size}%`;
  return element('td', { class: 'bar-cell' }, Number.isFinite(size) && size ? element('div', { class: `bar two ${row.verdict}`, 'aria-hidden': 'true' }, element('i', { style }), element('b', { style: 'left:50%' })) : null);
}

export function pairSection(page) {
  const names = page.runs.map(({ name }) => name);
  const runOf = (name) => page.runs.find((run) => run.name === name);
  const read = () => {
    const newest = page.configurations[0].runs;
    const second = stateChoice('pair.b', names, newest.at(-1).name);
    const others = page.configurations.slice(1).map(({ runs }) => runs.at(-1));
    const first = stateChoice('pair.a', names, (newest.at(-2) ?? others.find((run) => isShort(run) === isShort(newest.at(-1))) ?? others[0] ?? newest.at(-1)).name);
    return { first, second, kind: stateChoice('pair.kind', KINDS.map(([key]) => key)), changed: stateGet('pair.changed') === '1' };
  };
  let words = '';
  const shownOf = ({ first, second, kind, changed }) => {
    const comparison = runsCompare(runOf(first), runOf(second));
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = comparison.rows.filter((row) => (kind === 'all' || (kind === 'judged' && row.metric.judged) || (kind === 'exact' && row.exact) || (kind === 'times' && row.metric.kind === 'ns')))
      .filter((row) => !changed || !UNCHANGED.includes(row.verdict))
      .filter((row) => wanted.every((word) => `${row.name} ${row.metric.label} ${row.metric.key}`.toLowerCase().includes(word)));
    // Floors that are all the program's own, or paths without an SMC: there is nothing in it to compare.
    const rows = chosen.filter((row) => row.before !== 0 || row.after !== 0);
    return { comparison, rows, nothing: chosen.length - rows.length };
  };
  const results = element('div', { 'aria-live': 'polite' });
  const showResults = () => {
    const chosen = read();
    const { comparison, rows, nothing } = shownOf(chosen);
    const count = (verdict) => rows.filter((row) => row.verdict === verdict).length;
    const differing = environmentChanges(comparison.base, comparison.run);
    const cells = (row) => [
      element('th', { scope: 'row' }, row.path), element('td', { class: 'driver' }, whoShort(row.who)), element('td', { class: 'figure-name' }, row.metric.label),
      numberCell(valueFormat(row.metric, row.before), { side: 'a', name: row.name, metric: row.metric.key, value: row.before }),
      numberCell(valueFormat(row.metric, row.after), { side: 'b', name: row.name, metric: row.metric.key, value: row.after }),
      element('td', { class: 'n change' }, changeFormat(row.change)), isShifted(comparison) ? element('td', { class: 'n own' }, row.own === undefined || row.metric.kind !== 'ns' ? '' : changeFormat(row.own)) : [], changeBar(row),
      element('td', { class: `status ${row.verdict}`, 'data-verdict': row.verdict, title: row.p === undefined ? null : `p = ${row.p.toPrecision(2)}` }, icon(row.verdict), element('span', {}, row.verdict !== 'unsure' ? WORDS[row.verdict] : row.exact ? 'not comparable' : comparison.short ? 'short run' : WORDS.unsure)),
    ];
    results.replaceChildren(
      element('p', { class: 'finding', 'data-rows': rows.length }, [`${countFormat(rows.length)} figures: ${count('worse')} worse, ${count('better')} better, ${count('same')} the same`, ...COUNTED.filter(([verdict]) => count(verdict)).map(([verdict, said]) => `${countFormat(count(verdict))} ${verdict === 'unsure' && comparison.short ? 'not judged' : said}`)].join(', ') + '.'),
      differing.length ? element('p', { class: 'faint' }, `The environments differ: ${differing.map(([key, a, b]) => `${contextLabel(key)} ${a} and ${b}`).join('; ')}.`) : '',
      element('p', { class: 'faint small' }, [`The same: counts within ${EXACT_CHANGE * 100} %, all else within ${NOISY_CHANGE * 100} %. Not certain: more than that, but it may be chance.`,
        comparison.short ? 'A short run has counts, but too few repetitions for times.' : null,
        rows.some((row) => row.exact && row.verdict === 'unsure') ? 'Counts that differ are not comparable where one run is short or of other suites: what was measured before is in them.' : null, isShifted(comparison) ? shiftWords(comparison) : null,
        nothing ? `${nothing} figure${nothing === 1 ? ' that is' : 's that are'} 0 in both runs ${nothing === 1 ? 'is' : 'are'} left out.` : null].filter(Boolean).join(' ')),
      rows.length ? table({ id: 'pair-table', twoLines: true, caption: 'Two runs side by side', head: ['Path', 'Driver', 'Figure', { text: 'First', number: true }, { text: 'Second', number: true }, { text: 'Change', number: true }, ...(isShifted(comparison) ? [{ text: 'Beside not ours', number: true }] : []), '', ''], rows: rows.map(cells) }) : empty('Nothing to show.', 'No figure fits what is chosen above.'));
  };
  const body = () => { showResults(); return results; };
  const search = element('input', { type: 'search', id: 'pair-search', placeholder: 'invoke qtee', oninput: () => { words = search.value; showResults(); } });
  return section({
    id: 'pair', title: 'Side by side', text: 'Any two runs: two commits, two kernels, two settings.', body,
    controls: () => {
      const { first, second, kind, changed } = read();
      const options = page.runOptions();
      return [
        choice({ id: 'pair-a', label: 'First', options, value: first, wide: true, onchange: (value) => stateSet('pair.a', value) }),
        choice({ id: 'pair-b', label: 'Second', options, value: second, wide: true, onchange: (value) => stateSet('pair.b', value) }),
        element('button', { type: 'button', id: 'pair-swap', title: 'Swap the two runs', onclick: () => { stateSet('pair.a', second); stateSet('pair.b', first); } }, '⇄ Swap'),
        choice({ id: 'pair-kind', label: 'Figures', options: KINDS, value: kind, onchange: (value) => stateSet('pair.kind', value) }),
        element('label', { class: 'control', for: 'pair-search' }, element('span', {}, 'Find'), search),
        tick({ id: 'pair-changed', label: 'Only what changed', checked: changed, onchange: (value) => stateSet('pair.changed', value ? '1' : '0') }),
      ];
    },
  });
}
