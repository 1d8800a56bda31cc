// SPDX-License-Identifier: BSD-3-Clause
//
// What each path costs on mainline's driver, on ours, and at least.
import { axisName, axisNameWidth, chart, isNarrow, legendHeight, tooltipHtml } from '../chart.js';
import { choice, element, empty, figures, numberCell, table } from '../element.js';
import { metricOf, metricsOf, ratioFormat, valueFormat, valueShort } from '../metric.js';
import { palette, symbolOf } from '../palette.js';
import { OURS, WHO, pathsOf, whoLabel, whoShort } from '../run.js';
import { dodge, logAxis, logScale } from '../scale.js';
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
    // What is nothing for all, such as the kernel's instructions of a program's own memcpy(), is no row.
    }).filter(({ values }) => Object.values(values).some((value) => value !== 0));
    return { run, metrics, metric, suites, suite, rows };
  };

  // Marks that would hide each other stand one above the other, in a row that is as high as that takes.
  const layout = ({ rows, suite }) => (width) => {
    const all = rows.flatMap(({ values }) => Object.values(values));
    // Nothing has no place on a logarithmic scale; it stands at its left end.
    const positive = all.filter((value) => value > 0);
    const log = Math.max(...positive) / Math.min(...positive) > 20 ? logScale(positive, isNarrow(width) ? 5 : 10, all.includes(0) ? 2 : 1) : undefined;
    const place = (value) => Math.max(value, log?.min ?? 0);
    const names = rows.map(({ path }) => (isNarrow(width) && suite !== 'all' ? path.slice(suite.length + 1) : path));
    const room = width - axisNameWidth(names, width) - 50;
    const at = (value) => (log ? Math.log(place(value) / log.min) / Math.log(log.max / log.min) : value / Math.max(...positive) / 1.05) * room;
    const size = isNarrow(width) ? 9 : 12;
    const offsets = rows.map(({ values }) => { const there = Object.keys(values); const found = dodge(there.map((who) => at(values[who])), size * 0.85, size * 0.75); return Object.fromEntries(there.map((who, i) => [who, found[i]])); });
    const deepest = Math.max(...offsets.flatMap((row) => Object.values(row)));
    return { log, place, names, size, offsets, rowHeight: Math.max(30, 2 * deepest + size + 8) };
  };
  const options = ({ metric, rows, suite }) => (width) => {
    const colours = palette();
    const { log, place, names, size, offsets } = layout({ rows, suite })(width);
    const present = WHO.filter((who) => rows.some(({ values }) => values[who] !== undefined));
    return {
      grid: { left: 8, right: 24, top: legendHeight(present.map(whoLabel), width), bottom: 8, containLabel: true },
      legend: { data: present.map(whoLabel) },
      tooltip: {
        trigger: 'axis', axisPointer: { type: 'shadow', shadowStyle: { opacity: 0.08 } },
        formatter: (items) => {
          const { path, values } = rows[items[0].dataIndex];
          return tooltipHtml(path, present.filter((who) => values[who] !== undefined).map((who) => [colours.who[who], whoLabel(who), valueFormat(metric, values[who]) + (who !== 'mainline' && values.mainline ? `   ${ratioFormat(values[who] / values.mainline)}` : '')]), values.mainline ? 'Ratios are to mainline.' : '');
        },
      },
      xAxis: { type: 'value', min: 0, minInterval: metric.kind === 'count' ? 1 : 0, splitNumber: isNarrow(width) ? 3 : 6, ...(log && logAxis(log)), axisLabel: { ...(log && logAxis(log).axisLabel), formatter: (value) => (isNarrow(width) ? valueShort : valueFormat)(metric, value) } },
      yAxis: { type: 'category', data: names.map((name) => axisName(name, width)), inverse: true, axisLabel: { color: colours.text, interval: 0, hideOverlap: false, lineHeight: 13 }, axisLine: { show: false } },
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
          type: 'scatter', name: whoLabel(who), symbol: symbolOf(who), symbolSize: size, z: 3, color: colours.who[who],
          itemStyle: { opacity: 1, borderColor: colours.card, borderWidth: 1 }, data: rows.map(({ values }, i) => ({ value: [values[who] === undefined ? NaN : place(values[who]), i], symbolOffset: [0, offsets[i][who] ?? 0] })),
        })),
      ],
    };
  };

  const body = () => {
    const { metric, rows, suite } = read();
    if (!rows.length) return empty('This run has no such figures, or they are all 0.', 'Choose another suite, figure or run.');
    let height;
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
      chart({ id: 'mainline-chart', options: (width) => { height = legendHeight(present.map(whoLabel), width) + 32 + rows.length * layout({ rows, suite })(width).rowHeight; return options({ metric, rows, suite })(width); }, height: () => height, label: () => `Dot plot of ${metric.label.toLowerCase()} per path, ${suite === 'all' ? 'all suites' : suite}. ${words}` }),
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
