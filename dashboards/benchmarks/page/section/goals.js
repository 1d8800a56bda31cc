// SPDX-License-Identifier: BSD-3-Clause
//
// What each path is to cost, and whether it does.
import { goalsJudge } from '../compare.js';
import { element, empty, icon, numberCell, table } from '../element.js';
import { ratioFormat, valueFormat } from '../metric.js';
import { whoShort } from '../run.js';
import { section } from './common.js';

const WORDS = { met: 'met', missed: 'missed', unmeasured: 'not measured' };

// How much of the goal is used up; the mark is the goal itself. For what is to be high, how much of it is reached.
function bar({ share, status }) {
  if (share === undefined) return element('td', {});
  const width = Math.min(share / 1.5, 1) * 100;
  return element('td', { class: 'bar-cell' }, element('div', { class: `bar ${status}`, 'aria-hidden': 'true' }, element('i', { style: `width:${width}%` }), element('b', { style: `left:${100 / 1.5}%` })));
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
      const limitWords = goal.of ? `${sign} ${ratioFormat(goal.ratio)} of ${goal.of}${limit === undefined ? '' : ` (${valueFormat(metric, limit)})`}` : `${sign} ${valueFormat(metric, limit)}`;
      return [
        element('td', { class: `status ${status}`, 'data-status': status, 'data-name': `${goal.path}/${goal.who}`, 'data-metric': goal.counter }, icon(status), WORDS[status]),
        element('th', { scope: 'row' }, goal.path), element('td', {}, whoShort(goal.who)), element('td', {}, metric.label),
        numberCell(valueFormat(metric, value), { value: value ?? '' }), element('td', {}, limitWords),
        bar(judgement), numberCell(Number.isFinite(share) ? `${(share * 100).toFixed(Math.abs(share - 1) < 0.01 && share !== 1 ? 1 : 0)}\u00a0%` : '–'),
      ];
    });
    return [
      element('p', { class: 'finding', 'data-met': count('met'), 'data-missed': count('missed') }, words),
      table({ id: 'goals-table', caption: 'Goals and what was measured', head: ['', 'Path', 'Driver', 'Figure', { text: 'Measured', number: true }, 'Goal', 'Share of the goal', { text: '', number: true }], rows }),
    ];
  };
  return section({ id: 'goals', title: 'Goals', text: 'From bench/goals.json; the mark on a bar is the goal.', body });
}
