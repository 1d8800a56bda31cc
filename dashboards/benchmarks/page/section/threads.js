// SPDX-License-Identifier: BSD-3-Clause
//
// How the number of calls grows with the threads that make them.
import { chart, legendHeight, tooltipHtml } from '../chart.js';
import { choice, element, empty, figures, numberCell, table } from '../element.js';
import { metricOf, valueFormat } from '../metric.js';
import { palette, symbolOf } from '../palette.js';
import { WHO, pathsOf, whoLabel, whoShort } from '../run.js';
import { covered } from '../scale.js';
import { stateChoice, stateSet } from '../state.js';
import { median } from '../statistics.js';
import { section } from './common.js';

const SPEEDUP = metricOf('speedup');
const CONTENTIONS = metricOf('lock_contentions');

/** "500us_own": "500 µs, a client each". */
function workWords(work) {
  const [, time, own] = /^(.*?)(_own)?$/.exec(work);
  return `${time === '0us' ? 'nothing' : time.replace(/^(\d+)us$/, '$1\u00a0µs')}${own ? ', a client each' : ''}`;
}

export function threadsSection(page) {
  const read = () => {
    const run = page.run();
    // "threads/2x500us": threads, and how long each call is in the secure world.
    const parsed = pathsOf([run]).map((path) => ({ path, match: /^threads\/(\d+)x(.+)$/.exec(path) })).filter(({ match }) => match)
      .map(({ path, match }) => ({ path, threads: Number(match[1]), work: match[2] }));
    const works = [...new Set(parsed.map(({ work }) => work))];
    const work = stateChoice('threads.work', works);
    const points = parsed.filter((one) => one.work === work).sort((a, b) => a.threads - b.threads);
    const lines = WHO.map((who) => ({ who, points: points.map(({ path, threads }) => ({ threads, name: `${path}/${who}`, benchmark: run.benchmarks[`${path}/${who}`] })).filter(({ benchmark }) => benchmark) })).filter((line) => line.points.length);
    return { works, work, cpus: Number(run.context.cpus) || 1, threads: points.map(({ threads }) => threads), lines };
  };
  // A single thread is what the others are compared with.
  const speedup = ({ threads, benchmark }) => median(benchmark.speedup) ?? (threads === 1 ? 1 : undefined);
  const options = ({ threads, lines, cpus }) => (width) => {
    const colours = palette();
    const most = Math.max(...threads, 2);
    // As many at once as there are CPUs.
    const ideal = [...new Set([1, Math.min(cpus, most), most])].map((count) => [count, Math.min(count, cpus)]);
    const top = Math.ceil(Math.max(2, cpus < most ? cpus : most, ...lines.flatMap(({ points }) => points.map(speedup).filter((value) => value !== undefined))));
    const withOne = (points) => [...(points.some((point) => point.threads === 1) ? [] : [[1, 1]]), ...points.map((point) => [point.threads, speedup(point)])].filter(([, value]) => value !== undefined);
    const counts = [...new Set([1, ...threads])];
    const under = covered(lines.map(({ points }) => { const found = new Map(withOne(points)); return counts.map((count) => (found.has(count) ? (found.get(count) / top) * 240 : undefined)); }), 5);
    return {
      grid: { left: 8, right: 28, top: legendHeight([...lines.map(({ who }) => whoLabel(who)), 'Ideal'], width) + 8, bottom: 24, containLabel: true },
      legend: { data: [...lines.map(({ who }) => whoLabel(who)), { name: 'Ideal', icon: 'path://M0,4h3v2h-3z M5,4h3v2h-3z M10,4h3v2h-3z' }] },
      tooltip: {
        trigger: 'axis',
        formatter: (items) => tooltipHtml(`${items[0].value[0]} thread${items[0].value[0] === 1 ? '' : 's'}`, items.filter(({ seriesName }) => seriesName !== 'Ideal').map((item) => [item.color, item.seriesName, valueFormat(SPEEDUP, item.value[1])])),
      },
      xAxis: { type: 'value', min: 1, max: most, interval: 1, name: 'threads', nameLocation: 'middle', nameGap: 28, splitLine: { show: false }, axisLabel: { formatter: (value) => (Number.isInteger(value) ? String(value) : '') } },
      yAxis: { type: 'value', min: 0, max: top, interval: 1, axisLabel: { margin: 14, formatter: (value) => `${value}×` } },
      series: [
        { type: 'line', name: 'Ideal', color: colours.faint, symbol: 'none', lineStyle: { type: 'dotted', width: 2 }, data: ideal, silent: true },
        ...lines.map(({ who, points }, i) => ({
          type: 'line', name: whoLabel(who), color: colours.who[who], symbol: symbolOf(who), lineStyle: { width: 2.5 + 2 * Math.min(...under[i].slice(1)) },
          data: withOne(points).map((value) => ({ value, symbolSize: 9 + 4 * under[i][counts.indexOf(value[0])] })),
        })),
      ],
    };
  };
  const body = () => {
    const { work, threads, lines, cpus } = read();
    if (!lines.length) return empty('This run measured no threads.', 'Choose another run.');
    const most = Math.max(...threads);
    const ends = lines.map(({ who, points }) => [who, points.find((point) => point.threads === most)]).filter(([, point]) => point && speedup(point) !== undefined);
    const words = `Beside one thread, ${most} on ${cpus} CPU${cpus === 1 ? '' : 's'} get done: ${ends.map(([who, point]) => `${whoShort(who)} ${valueFormat(SPEEDUP, speedup(point))}`).join(', ')}. What a call has the secure world do: ${workWords(work)}.`;
    const rows = lines.flatMap(({ who, points }) => points.map((point) => [
      element('th', { scope: 'row' }, whoLabel(who)), numberCell(String(point.threads)),
      numberCell(valueFormat(SPEEDUP, speedup(point)), { name: point.name, metric: 'speedup', value: median(point.benchmark.speedup) ?? '' }),
      numberCell(valueFormat(CONTENTIONS, median(point.benchmark.lock_contentions)), { name: point.name, metric: 'lock_contentions', value: median(point.benchmark.lock_contentions) ?? '' }),
      numberCell(valueFormat(metricOf('real_time'), median(point.benchmark.real_time)), { name: point.name, metric: 'real_time', value: median(point.benchmark.real_time) }),
    ]));
    return [
      element('p', { class: 'finding' }, words),
      chart({ id: 'threads-chart', options: options({ threads, lines, cpus }), height: 340, label: () => `Lines of the speedup over the number of threads. ${words}` }),
      figures(table({ id: 'threads-table', caption: 'Speedup and lock contentions per call', head: ['Driver', { text: 'Threads', number: true }, { text: 'Speedup', number: true }, { text: 'Contentions per call', number: true }, { text: 'Time per call', number: true }], rows })),
    ];
  };
  return section({
    id: 'threads', title: 'Threads', text: 'Calls in the same time, against one thread. Where a lock is held over the SMC the line stays at 1×.', body,
    controls: () => {
      const { works, work } = read();
      return works.length ? [choice({ id: 'threads-work', label: 'Work per call', options: works.map((one) => [one, workWords(one)]), value: work, onchange: (value) => stateSet('threads.work', value) })] : [];
    },
  });
}
