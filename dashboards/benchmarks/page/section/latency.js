// SPDX-License-Identifier: BSD-3-Clause
//
// How the times of single calls are distributed: percentiles.
import { chart, legendHeight, tooltipHtml } from '../chart.js';
import { choice, element, empty, figures, numberCell, table } from '../element.js';
import { metricOf, ratioFormat, valueFormat } from '../metric.js';
import { palette, symbolOf } from '../palette.js';
import { WHO, pathsOf, whoLabel, whoShort } from '../run.js';
import { covered, logAxis, logScale } from '../scale.js';
import { stateChoice, stateSet } from '../state.js';
import { median } from '../statistics.js';
import { section } from './common.js';

const PERCENTILES = [['p50_ns', 'p50'], ['p90_ns', 'p90'], ['p99_ns', 'p99'], ['p999_ns', 'p99.9'], ['max_ns', 'longest']];
const NS = metricOf('real_time');

export function latencySection(page) {
  const read = () => {
    const run = page.run();
    const has = (path) => WHO.some((who) => run.benchmarks[`${path}/${who}`]?.p50_ns);
    const paths = pathsOf([run]).filter(has);
    const path = stateChoice('latency.path', paths, paths.find((name) => name.startsWith('invoke/')) ?? paths[0]);
    const lines = WHO.map((who) => ({ who, name: `${path}/${who}`, values: PERCENTILES.map(([key]) => median(run.benchmarks[`${path}/${who}`]?.[key])) })).filter(({ values }) => values.some((value) => value !== undefined));
    return { run, paths, path, lines };
  };
  const options = ({ lines }) => (width) => {
    const colours = palette();
    const scale = logScale(lines.flatMap(({ values }) => values.filter((value) => value > 0)));
    const under = covered(lines.map(({ values }) => values.map((value) => (value > 0 ? (Math.log(value) / Math.log(scale.max / scale.min)) * 270 : undefined))), 5);
    return {
      grid: { left: 8, right: 24, top: legendHeight(lines.map(({ who }) => whoLabel(who)), width) + 8, bottom: 8, containLabel: true },
      legend: { data: lines.map(({ who }) => whoLabel(who)) },
      tooltip: { trigger: 'axis', formatter: (items) => tooltipHtml(`${PERCENTILES[items[0].dataIndex][1]} of a call's time`, lines.map(({ who, values }) => [colours.who[who], whoLabel(who), valueFormat(NS, values[items[0].dataIndex])])) },
      xAxis: { type: 'category', data: PERCENTILES.map(([, label]) => label), boundaryGap: true },
      yAxis: { ...logAxis(scale), axisLabel: { ...logAxis(scale).axisLabel, formatter: (value) => valueFormat(NS, value) } },
      series: lines.map(({ who, values }, i) => ({ type: 'line', name: whoLabel(who), color: colours.who[who], symbol: symbolOf(who), lineStyle: { width: 2.5 }, data: values.map((value, point) => ({ value: value ?? null, symbolSize: 9 + 4 * under[i][point] })) })),
    };
  };
  const body = () => {
    const { path, lines } = read();
    if (!lines.length) return empty('This run measured no percentiles.', 'Choose another run.');
    const of = (who) => lines.find((line) => line.who === who);
    const best = of('qtee') ?? of('qtee-direct') ?? of('tee');
    const mainline = of('mainline');
    const words = best && mainline
      ? `${path}: half of the calls take no longer than ${valueFormat(NS, best.values[0])} on ours (${whoShort(best.who)}) and ${valueFormat(NS, mainline.values[0])} on mainline's driver, ${ratioFormat(best.values[0] / mainline.values[0])}; 99 of 100 no longer than ${valueFormat(NS, best.values[2])} and ${valueFormat(NS, mainline.values[2])}, ${ratioFormat(best.values[2] / mainline.values[2])}.`
      : `${path}: there are no figures of both drivers to compare.`;
    const rows = lines.map(({ who, name, values }) => [element('th', { scope: 'row' }, whoLabel(who)), values.map((value, i) => numberCell(valueFormat(NS, value), { name, metric: PERCENTILES[i][0], value: value ?? '' }))]);
    return [
      element('p', { class: 'finding' }, words),
      chart({ id: 'latency-chart', options: options({ lines }), height: 340, label: () => `Percentiles of the time of ${path}. ${words}` }),
      figures(table({ id: 'latency-table', caption: `Percentiles of the time of ${path}`, head: ['Driver', ...PERCENTILES.map(([, text]) => ({ text, number: true }))], rows })),
    ];
  };
  return section({
    id: 'latency', title: 'Latency', text: 'How long single calls take: p90 is what 90 of 100 take at most. The scale is logarithmic; the machine is emulated, so look at ratios.', body,
    controls: () => {
      const { paths, path } = read();
      return paths.length ? [choice({ id: 'latency-path', label: 'Path', options: paths.map((name) => [name, name]), value: path, onchange: (value) => stateSet('latency.path', value) })] : [];
    },
  });
}
