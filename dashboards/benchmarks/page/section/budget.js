// SPDX-License-Identifier: BSD-3-Clause
//
// Where the kernel's instructions of a call go: phases, stacked.
import { axisName, chart, isNarrow, legendHeight, tooltipHtml } from '../chart.js';
import { choice, element, empty, figures, numberCell, table, tick } from '../element.js';
import { countFormat, metricOf, phaseLabel, phasesOf } from '../metric.js';
import { palette, phaseColour } from '../palette.js';
import { WHO, nameParse, pathsOf, whoLabel, whoShort } from '../run.js';
import { stateChoice, stateGet, stateSet } from '../state.js';
import { median } from '../statistics.js';
import { section } from './common.js';

const INSTRUCTIONS = metricOf('kernel_instructions');

export function budgetSection(page) {
  const read = () => {
    const run = page.run();
    const names = pathsOf([run]).flatMap((path) => WHO.map((who) => `${path}/${who}`)).filter((name) => phasesOf(run.benchmarks[name] ?? {}).length);
    const drivers = WHO.filter((who) => names.some((name) => nameParse(name).who === who));
    const who = stateChoice('budget.who', ['all', ...drivers], drivers.includes('qtee') ? 'qtee' : 'all');
    const share = stateGet('budget.share') === '1';
    const rows = names.filter((name) => who === 'all' || nameParse(name).who === who).map((name) => {
      const benchmark = run.benchmarks[name];
      const parts = new Map(phasesOf(benchmark).map((phase) => [phase, median(benchmark[`budget_${phase}`])]));
      return { name, parts, sum: [...parts.values()].reduce((a, b) => a + b, 0), whole: median(benchmark.kernel_instructions) };
    });
    const phases = phasesOf(Object.assign({}, ...rows.map(({ name }) => run.benchmarks[name])));
    return { drivers, who, share, rows, phases };
  };
  const label = (name, who) => { const { path, who: whose } = nameParse(name); return who === 'all' ? `${path} · ${whoShort(whose)}` : path; };
  const options = ({ rows, phases, who, share }) => (width) => {
    const colours = palette();
    return {
      grid: { left: 8, right: 28, top: legendHeight(phases.map(phaseLabel), width), bottom: 8, containLabel: true },
      legend: { data: phases.map(phaseLabel) },
      tooltip: {
        trigger: 'axis', axisPointer: { type: 'shadow', shadowStyle: { opacity: 0.08 } },
        formatter: (items) => {
          const { name, parts, sum } = rows[items[0].dataIndex];
          return tooltipHtml(`${label(name, 'all')}: ${countFormat(sum)}`, phases.filter((phase) => parts.has(phase)).map((phase) => [phaseColour(phase), phaseLabel(phase), `${countFormat(parts.get(phase))}   ${Math.round((parts.get(phase) / sum) * 100)} %`]));
        },
      },
      xAxis: { type: 'value', max: share ? 100 : undefined, axisLabel: { formatter: share ? '{value} %' : (value) => countFormat(value) }, splitNumber: isNarrow(width) ? 3 : 6 },
      yAxis: { type: 'category', inverse: true, data: rows.map(({ name }) => axisName(label(name, who), width)), axisLine: { show: false }, axisLabel: { color: colours.text, interval: 0, hideOverlap: false, lineHeight: 13 } },
      series: phases.map((phase) => ({
        type: 'bar', stack: 'phases', name: phaseLabel(phase), color: phaseColour(phase), barMaxWidth: 20, itemStyle: { borderColor: colours.card, borderWidth: 1 },
        data: rows.map(({ parts, sum }) => (share ? ((parts.get(phase) ?? 0) / sum) * 100 : parts.get(phase) ?? 0)),
      })),
    };
  };
  const body = () => {
    const { rows, phases, who, share } = read();
    if (!rows.length) return empty('This run has no budget of phases.', 'It is measured where exact counts are and the driver is ours; choose another run or driver.');
    const first = rows[0];
    const [largest, size] = [...first.parts].sort(([, a], [, b]) => b - a)[0];
    const words = `${label(first.name, 'all')}: ${countFormat(first.sum)} ${INSTRUCTIONS.label.toLowerCase()}, the largest part in ${phaseLabel(largest).toLowerCase()} (${countFormat(size)}, ${Math.round((size / first.sum) * 100)} %).`;
    const cells = ({ name, parts, whole }) => [
      element('th', { scope: 'row' }, label(name, who)),
      phases.map((phase) => numberCell(parts.has(phase) ? countFormat(parts.get(phase)) : '–', { name, metric: `budget_${phase}`, value: parts.get(phase) ?? '' })),
      numberCell(countFormat(whole), { name, metric: 'kernel_instructions', value: whole }),
    ];
    let height;
    return [
      element('p', { class: 'finding' }, words),
      chart({ id: 'budget-chart', options: (width) => { height = legendHeight(phases.map(phaseLabel), width) + 32 + rows.length * 30; return options({ rows, phases, who, share })(width); }, height: () => height, label: () => `Stacked bars of kernel instructions by phase. ${words}` }),
      figures(table({ id: 'budget-table', caption: 'Kernel instructions by phase', head: ['Path', ...phases.map((phase) => ({ text: phaseLabel(phase), number: true })), { text: 'Sum', number: true }], rows: rows.map(cells) })),
    ];
  };
  return section({
    id: 'budget', title: 'Instruction budget', text: 'Where the kernel’s instructions of one call go, from the entry of the system call to its end.', body,
    controls: () => {
      const { drivers, who, share } = read();
      if (!drivers.length) return [];
      return [
        choice({ id: 'budget-who', label: 'Driver', options: [['all', 'All'], ...drivers.map((one) => [one, whoLabel(one)])], value: who, onchange: (value) => stateSet('budget.who', value) }),
        tick({ id: 'budget-share', label: 'Shares', checked: share, onchange: (value) => stateSet('budget.share', value ? '1' : '0') }),
      ];
    },
  });
}
