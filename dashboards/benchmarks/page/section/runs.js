// SPDX-License-Identifier: BSD-3-Clause
//
// Every run: where and with what it was made, and its data to take away.
import { csvOf } from '../csv.js';
import { fileRead } from '../data.js';
import { element, fileSave } from '../element.js';
import { commitShort, contextLabel, contextWords, environmentChanges, hasCommit, settingsOf, timeFormat } from '../run.js';
import { section } from './common.js';

export function runsSection(page) {
  const card = (run) => {
    const { runs } = page.configurations.find(({ key }) => key === run.configuration.key);
    const before = runs[runs.indexOf(run) - 1];
    const changed = new Map(before ? environmentChanges(before, run).map(([key, old]) => [key, old]) : []);
    const { settings, commit_subject: subject, ...context } = run.context;
    const line = ([key, value]) => [element('dt', {}, contextLabel(key)), element('dd', { class: changed.has(key) ? 'changed' : null, 'data-key': key }, contextWords(key, value), changed.has(key) ? element('span', { class: 'faint' }, ` (was ${changed.get(key)})`) : null)];
    return element('details', { class: 'run', 'data-run': run.name },
      element('summary', {}, element('span', { class: 'when' }, timeFormat(run.time)), element('strong', {}, run.configuration.label), element(hasCommit(run) ? 'code' : 'span', {}, commitShort(run)),
        element('span', { class: 'what' }, subject), run.context.note ? element('span', { class: 'pill note' }, run.context.note) : null, changed.size ? element('span', { class: 'pill changed' }, 'environment changed') : null),
      element('dl', {}, Object.entries(context).map(line), Object.entries(settingsOf(run)).map(([key, value]) => line([key, value]))),
      element('p', {}, `${Object.keys(run.benchmarks).length} benchmarks. `, element('button', { type: 'button', class: 'download', 'data-run': run.name, onclick: async () => fileSave(run.name, await fileRead(run.name), 'application/json') }, `Download ${run.name}`)));
  };
  const body = () => [
    element('div', { class: 'controls' },
      element('button', { type: 'button', id: 'runs-csv', onclick: () => fileSave('qtee-benchmarks.csv', csvOf(page.runs), 'text/csv') }, 'Download all as CSV'),
      element('button', { type: 'button', id: 'runs-json', onclick: () => fileSave('qtee-benchmarks.json', JSON.stringify({ runs: page.runs, goals: page.goals }), 'application/json') }, 'Download all as JSON')),
    [...page.runs].reverse().map(card),
  ];
  return section({ id: 'runs', title: 'Runs', text: 'Where and with what each was made; raw data to take away. The newest commit first.', body });
}
