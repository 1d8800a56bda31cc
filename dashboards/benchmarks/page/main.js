// SPDX-License-Identifier: BSD-3-Clause
//
// The benchmark dashboard.
import { chartsDraw } from './chart.js';
import { dataRead } from './data.js';
import { choice, element, empty } from './element.js';
import { keysListen } from './keys.js';
import { isDark, themeListen, themeSet } from './palette.js';
import { configurationsOf, hasCommit, runLabel, runsPrepare, timeFormat } from './run.js';
import { budgetSection } from './section/budget.js';
import { goalsSection } from './section/goals.js';
import { historySection } from './section/history.js';
import { latencySection } from './section/latency.js';
import { mainlineSection } from './section/mainline.js';
import { pairSection } from './section/pair.js';
import { runsSection } from './section/runs.js';
import { summarySection } from './section/summary.js';
import { threadsSection } from './section/threads.js';
import { stateChoice, stateGet, stateListen, stateSet } from './state.js';

// Each: its short name in the navigation, what makes it, and what it shows depends on.
const SECTIONS = [
  ['Changes', summarySection, []],
  ['Mainline', mainlineSection, ['run', 'mainline.metric', 'mainline.suite']],
  ['Goals', goalsSection, ['run']],
  ['History', historySection, ['history.path', 'history.metric', 'history.kernel']],
  ['Latency', latencySection, ['run', 'latency.path']],
  ['Budget', budgetSection, ['run', 'budget.who', 'budget.share']],
  ['Threads', threadsSection, ['run', 'threads.work']],
  ['Side by side', pairSection, ['pair.a', 'pair.b', 'pair.kind', 'pair.changed']],
  ['Runs', runsSection, []],
];

function pageOf({ runs, goals }) {
  runsPrepare(runs);
  const configurations = configurationsOf(runs);
  const names = runs.map(({ name }) => name);
  return {
    runs, goals, configurations,
    /** The run that sections about one run show: the newest, until another is chosen. */
    run: () => runs.find(({ name }) => name === stateChoice('run', names, configurations[0].runs.at(-1).name)),
    runOptions: () => configurations.map(({ label, runs: some }) => ({ group: label, options: [...some].reverse().map((run) => [run.name, runLabel(run)]) })),
  };
}

function themeButton() {
  const button = element('button', { type: 'button', id: 'theme', onclick: () => { themeSet(isDark() ? 'light' : 'dark'); stateSet('theme', isDark() ? 'dark' : 'light'); } });
  const told = () => { button.textContent = isDark() ? 'Light' : 'Dark'; button.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`); };
  themeListen(told);
  told();
  return button;
}

function show(page) {
  const sections = SECTIONS.map(([title, make, keys]) => {
    const made = make(page);
    made.update();
    stateListen(keys, made.update);
    return [made.id, title, made];
  });
  const first = timeFormat(page.runs[0].time).slice(0, 10);
  const commits = new Set(page.runs.filter(hasCommit).map((run) => run.context.commit)).size;
  const counted = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;
  const help = keysListen(sections, [['t', 'light or dark', () => document.getElementById('theme').click()], ['/', 'find in the side by side view', () => { document.getElementById('pair').scrollIntoView(); document.getElementById('pair-search').focus(); }]]);
  const runControl = element('div', { class: 'run-control' });
  const runChoice = () => runControl.replaceChildren(choice({ id: 'run', label: 'Run', options: page.runOptions(), value: page.run().name, wide: true, onchange: (value) => stateSet('run', value) }));
  runChoice();
  const links = sections.map(([id, title]) => element('a', { href: `#${id}`, onclick: (event) => { event.preventDefault(); document.getElementById(id).scrollIntoView(); } }, title));
  document.getElementById('page').replaceChildren(
    element('header', {},
      element('div', { class: 'brand' }, element('h1', {}, 'QTEE driver benchmarks'),
        element('p', {}, `${counted(page.runs.length, 'run')}${commits ? ` of ${counted(commits, 'commit')}` : ''} on ${counted(page.configurations.length, 'configuration')}, since ${first}`)),
      element('button', { type: 'button', id: 'help', 'aria-label': 'Keys', onclick: () => help.showModal() }, '?'), themeButton()),
    element('nav', { 'aria-label': 'Sections' }, element('div', { class: 'links' }, links), runControl),
    element('main', { id: 'main', tabindex: '-1' }, sections.map(([, , made]) => made)),
    element('footer', {}, element('p', {}, 'Made by make dashboard. Times in UTC. Counts are medians over repetitions, per call. Charts: Apache ECharts (Apache-2.0); type: Inter (OFL-1.1).')),
    help);
  const here = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      const link = links[sections.findIndex(([id]) => id === target.id)];
      link.toggleAttribute('aria-current', isIntersecting);
      if (isIntersecting) link.parentElement.scrollLeft = link.offsetLeft - link.parentElement.offsetLeft - 40;
    }
  }, { rootMargin: '-30% 0px -65% 0px' });
  sections.forEach(([, , made]) => here.observe(made));
  themeListen(() => chartsDraw(document));
}

async function main() {
  if (stateGet('theme')) themeSet(stateGet('theme'));
  try {
    show(pageOf(await dataRead()));
  } catch (error) {
    document.getElementById('page').replaceChildren(empty('This page can’t be shown.', `${error.message}. It needs a browser of 2023 or newer.`));
    throw error;
  }
  document.documentElement.dataset.ready = 'yes';
}

main();
