// SPDX-License-Identifier: BSD-3-Clause
//
// What each path is to cost, and whether it does.
import { goalsJudge } from '../compare.js';
import { element, empty, icon, numberCell, table } from '../element.js';
import { countFormat, ratioFormat, valueFormat } from '../metric.js';
import { nameParse, whoShort } from '../run.js';
import { section } from './common.js';

const WORDS = { met: 'met', missed: 'missed', unmeasured: 'not measured' };

// How much of the goal is used up; the mark is the goal itself. For what is to be high, how much of it is reached.
function bar({ share, status }) {
  if (share === undefined) return element('td', { class: 'bar-cell' });
  const width = Math.min(share / 1.5, 1) * 100;
  return element('td', { class: 'bar-cell' }, element('div', { class: `bar ${status}`, 'aria-hidden': 'true' }, element('i', { style: `width:${width}%` }), element('b', { style: `left:${100 / 1.5}%` })));
}

// "mainline" where the path is the same, "floor/memcpy_1MiB" where the floor is.
function ofWords({ path, of }) {
  const { path: other, who } = nameParse(of);
  return other === path ? whoShort(who) : other.startsWith(`${who}/`) ? other : `${other} on ${whoShort(who)}`;
}

export function goalsSection(page) {
  const body = () => {
    if (!page.goals.length) return empty('No goals.', 'They are in bench/goals.json.');
    const judgements = goalsJudge(page.goals, page.run());
    const count = (status) => judgements.filter((judgement) => judgement.status === status).length;
    const words = `${count('met')} met, ${count('missed')} missed, ${count('unmeasured')} not measured in this run.`;
    const rows = [...judgements].sort((a, b) => (a.status === 'missed' ? 0 : a.status === 'met' ? 1 : 2) - (b.status === 'missed' ? 0 : b.status === 'met' ? 1 : 2)).map((judgement) => {
      const { goal, metric, value, limit, status, share } = judgement;
      const sign = judgement.least ? '≥' : '≤';
      const limitWords = goal.of ? `${sign} ${ratioFormat(goal.ratio)} of ${ofWords(goal)}${limit === undefined ? '' : ` (${valueFormat(metric, limit)})`}` : `${sign} ${valueFormat(metric, limit)}`;
      return [
        element('td', { class: `status ${status}`, 'data-status': status, 'data-name': `${goal.path}/${goal.who}`, 'data-metric': goal.counter }, icon(status), element('span', {}, WORDS[status])),
        element('th', { scope: 'row' }, goal.path), element('td', { class: 'driver' }, whoShort(goal.who)), element('td', { class: 'figure-name' }, metric.label),
        numberCell(valueFormat(metric, value), { value: value ?? '' }), element('td', { class: goal.of && nameParse(goal.of).path !== goal.path ? 'limit long' : 'limit' }, limitWords),
        bar(judgement), numberCell(Number.isFinite(share) ? `${Math.abs(share - 1) < 0.01 && share !== 1 ? (share * 100).toFixed(1) : countFormat(Math.round(share * 100))}\u00a0%` : '–'),
      ];
    });
    return [
      element('p', { class: 'finding', 'data-met': count('met'), 'data-missed': count('missed') }, words),
      table({ id: 'goals-table', twoLines: true, caption: 'Goals and what was measured', head: ['', 'Path', 'Driver', 'Figure', { text: 'Measured', number: true }, 'Goal', 'Share of the goal', { text: '', number: true }], rows }),
    ];
  };
  return section({ id: 'goals', title: 'Goals', text: ['From bench/goals.json', element('span', { class: 'not-narrow' }, '; the mark on a bar is the goal'), '.'], body });
}
