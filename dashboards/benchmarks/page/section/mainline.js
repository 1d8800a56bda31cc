// SPDX-License-Identifier: BSD-3-Clause
//
// What each path costs on mainline's driver, on ours, and at least.
import { chart, isNarrow, tooltipHtml } from '../chart.js';
import { choice, element, empty, figures, numberCell, table } from '../element.js';
import { metricOf, metricsOf, ratioFormat, valueFormat } from '../metric.js';
import { palette, symbolOf } from '../palette.js';
import { OURS, WHO, pathsOf, whoLabel, whoShort } from '../run.js';
import { stateChoice, stateSet } from '../state.js';
import { median } from '../statistics.js';
import { section } from './common.js';

export function mainlineSection(page) {
  const read = () => {
    const run = page.run();
    const metrics = metricsOf(Object.values(run.benchmarks)).filter(({ kind }) => kind !== 'times');
    const metric = metricOf(stateChoice('mainline.metric', metrics.map(({ key }) => key)));
    const suites = ['all', ...new Set(pathsOf([run]).filter((path) => !path.startsWith('threads/')).map((path) => path.split('/')[0]))];
    const suite = stateChoice('mainline.suite', suites, suites.includes('invoke') ? 'invoke' : 'all');
    const rows = pathsOf([run]).filter((path) => suite === 'all' || path.startsWith(`${suite}/`)).map((path) => {
      const values = Object.fromEntries(WHO.map((who) => [who, median(run.benchmarks[`${path}/${who}`]?.[metric.key])]).filter(([, value]) => value !== undefined));
      const ours = OURS.map((who) => values[who]).filter((value) => value !== undefined);
      return { path, values, best: ours.length ? Math.min(...ours) : undefined };
    }).filter(({ values }) => Object.keys(values).length);
    return { run, metrics, metric, suites, suite, rows };
  };

  const options = ({ metric, rows }) => (width) => {
    const colours = palette();
    const all = rows.flatMap(({ values }) => Object.values(values));
    // Nothing has no place on a logarithmic scale; it stands at its left end.
    const positive = all.filter((value) => value > 0);
    const log = positive.length > 0 && Math.max(...positive) / Math.min(...positive) > 20;
    const start = log ? 10 ** Math.floor(Math.log10(Math.min(...positive))) : 0;
    const place = (value) => Math.max(value, start);
    const present = WHO.filter((who) => rows.some(({ values }) => values[who] !== undefined));
    const paths = rows.map(({ path }) => path);
    return {
      grid: { left: 8, right: 24, top: isNarrow(width) ? 108 : 40, bottom: 28, containLabel: true },
      legend: { data: present.map(whoLabel) },
      tooltip: {
        trigger: 'axis', axisPointer: { type: 'shadow', shadowStyle: { opacity: 0.08 } },
        formatter: (items) => {
          const { path, values } = rows[items[0].dataIndex];
          return tooltipHtml(path, present.filter((who) => values[who] !== undefined).map((who) => [colours.who[who], whoLabel(who), valueFormat(metric, values[who]) + (who !== 'mainline' && values.mainline ? `   ${ratioFormat(values[who] / values.mainline)}` : '')]), values.mainline ? 'Ratios are to mainline.' : '');
        },
      },
      xAxis: { type: log ? 'log' : 'value', min: start, axisLabel: { formatter: (value) => valueFormat(metric, value) }, splitNumber: isNarrow(width) ? 3 : 6 },
      yAxis: { type: 'category', data: paths, inverse: true, axisLabel: { color: colours.text, interval: 0, hideOverlap: false, width: isNarrow(width) ? 110 : 220, overflow: 'truncate' }, axisLine: { show: false } },
      series: [
        {
          type: 'custom', silent: true, tooltip: { show: false }, z: 1,
          data: rows.map(({ values }, i) => [place(Math.min(...Object.values(values))), i, place(Math.max(...Object.values(values)))]), encode: { x: [0, 2], y: 1 },
          renderItem: (_, api) => {
            const [a, b] = [api.coord([api.value(0), api.value(1)]), api.coord([api.value(2), api.value(1)])];
            return { type: 'line', shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, style: { stroke: colours.line, lineWidth: 3, lineCap: 'round' } };
          },
        },
        ...present.map((who) => ({
          type: 'scatter', name: whoLabel(who), symbol: symbolOf(who), symbolSize: isNarrow(width) ? 9 : 12, z: 3, color: colours.who[who],
          itemStyle: { opacity: 1, borderColor: colours.card, borderWidth: 1 }, data: rows.map(({ path, values }) => [values[who] === undefined ? NaN : place(values[who]), path]),
        })),
      ],
    };
  };

  const body = () => {
    const { metric, rows, suite } = read();
    if (!rows.length) return empty('This run has no such figures.', 'Choose another suite, figure or run.');
    const compared = rows.filter(({ values, best }) => values.mainline > 0 && best !== undefined);
    const words = compared.length
      ? `${metric.label}: our cheapest way takes ${ratioFormat(median(compared.map(({ values, best }) => best / values.mainline)))} what mainline does (the median of ${compared.length} path${compared.length === 1 ? '' : 's'}).`
      : `${metric.label}: this run has nothing of mainline's driver to compare with.`;
    const present = WHO.filter((who) => rows.some(({ values }) => values[who] !== undefined));
    const cells = ({ path, values, best }) => [
      element('th', { scope: 'row' }, path),
      present.map((who) => numberCell(valueFormat(metric, values[who]), { name: `${path}/${who}`, metric: metric.key, value: values[who] ?? '' })),
      OURS.filter((who) => present.includes(who)).map((who) => {
        const ratio = values[who] === undefined || !values.mainline ? undefined : values[who] / values.mainline;
        return numberCell(ratio === undefined ? '–' : ratioFormat(ratio), { ratio: ratio ?? '', name: `${path}/${who}` });
      }),
      present.includes('floor') ? numberCell(best === undefined || !values.floor ? '–' : ratioFormat(best / values.floor)) : [],
    ];
    const head = ['Path', ...present.map((who) => ({ text: whoLabel(who), number: true })), ...OURS.filter((who) => present.includes(who)).map((who) => ({ text: `${whoShort(who)} ÷ mainline`, number: true })),
      ...(present.includes('floor') ? [{ text: 'our best ÷ floor', number: true }] : [])];
    return [
      element('p', { class: 'finding' }, words),
      chart({ id: 'mainline-chart', options: options({ metric, rows }), height: 120 + rows.length * 30, label: () => `Dot plot of ${metric.label.toLowerCase()} per path, ${suite === 'all' ? 'all suites' : suite}. ${words}` }),
      figures(table({ id: 'mainline-table', caption: `${metric.label} per path`, head, rows: rows.map(cells) })),
    ];
  };
  return section({
    id: 'mainline', title: 'Beside mainline and the floor', text: 'Each row is a path; the further left, the cheaper. The floor is what the kernel takes for a call that does nothing, or for the bare SMC.', body,
    controls: () => {
      const { metrics, metric, suites, suite } = read();
      return [
        choice({ id: 'mainline-metric', label: 'Figure', options: metrics.map(({ key, label }) => [key, label]), value: metric.key, onchange: (value) => stateSet('mainline.metric', value) }),
        choice({ id: 'mainline-suite', label: 'Suite', options: suites.map((name) => [name, name === 'all' ? 'All' : name]), value: suite, onchange: (value) => stateSet('mainline.suite', value) }),
      ];
    },
  });
}
