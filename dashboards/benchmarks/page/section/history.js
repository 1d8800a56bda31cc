// SPDX-License-Identifier: BSD-3-Clause
//
// A figure of a path over the runs of one configuration, with how much repetitions scatter, and where it stepped.
import { changePoints } from '../change_point.js';
import { chart, legendHeight, tooltipHtml } from '../chart.js';
import { isExact } from '../compare.js';
import { covered, logAxis, logScale } from '../scale.js';
import { choice, element, empty, figures, icon, numberCell, table } from '../element.js';
import { changeFormat, metricOf, metricsOf, valueFormat } from '../metric.js';
import { palette, symbolOf } from '../palette.js';
import { WHO, commitShort, isShort, pathsOf, timeFormat, whoLabel } from '../run.js';
import { stateChoice, stateSet } from '../state.js';
import { median, quantile } from '../statistics.js';
import { section } from './common.js';

export function historySection(page) {
  const read = () => {
    const configuration = page.configurations.find(({ key }) => key === stateChoice('history.kernel', page.configurations.map(({ key }) => key)));
    const { runs } = configuration;
    const paths = pathsOf(runs);
    const path = stateChoice('history.path', paths, paths.find((name) => name.startsWith('invoke/')) ?? paths[0]);
    const names = WHO.map((who) => [who, `${path}/${who}`]);
    const metrics = metricsOf(runs.flatMap((run) => names.map(([, name]) => run.benchmarks[name] ?? {})), true);
    // A path of which a figure is always 0 has more to tell in another one.
    const some = metrics.find(({ key }) => runs.some((run) => names.some(([, name]) => median(run.benchmarks[name]?.[key]) > 0)));
    const metric = metricOf(stateChoice('history.metric', metrics.map(({ key }) => key), (some ?? metrics[0])?.key));
    const lines = names.map(([who, name]) => {
      const at = runs.map((run, index) => ({ index, run, samples: run.benchmarks[name]?.[metric.key] })).filter(({ samples }) => samples);
      const exact = at.every(({ run }) => isExact(run, metric));
      // Times of short runs are of too few repetitions.
      const judged = exact || !at.some(({ run }) => isShort(run));
      const steps = !judged ? [] : changePoints(at.map(({ samples }) => samples), exact).map((i) => ({ before: at[i - 1], after: at[i] }));
      return { who, name, at, judged, steps };
    }).filter(({ at }) => at.length);
    return { configuration, runs, paths, path, metrics, metric, lines };
  };

  const stepVerdict = (metric, before, after) => (!metric.better ? 'changed' : (after > before) === (metric.better === 'lower') ? 'worse' : 'better');

  const options = ({ runs, metric, lines }) => (width) => {
    const colours = palette();
    const values = lines.flatMap(({ at }) => at.flatMap(({ samples }) => samples));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const log = low > 0 && high / low > 30 ? logScale(values) : undefined;
    const labels = runs.map((run, i) => `${commitShort(run)}\n${timeFormat(run.time).slice(5)}\n#${i + 1}`);
    const band = ({ who, at }) => ({
      type: 'custom', name: whoLabel(who), silent: true, z: 1, tooltip: { show: false }, color: colours.who[who],
      // Both ends, for the axis to be as long as the bands are high.
      data: [[0, log ? low : 0], [0, high]],
      renderItem: ({ dataIndex }, api) => {
        if (dataIndex !== 0) return undefined;
        const corner = ({ index, samples }, q) => api.coord([index, quantile(samples, q)]);
        const points = [...at.map((point) => corner(point, 1)), ...[...at].reverse().map((point) => corner(point, 0))];
        return { type: 'polygon', shape: { points }, style: { fill: colours.who[who], opacity: 0.16 } };
      },
    });
    const [from, to] = log ? [log.min, log.max].map(Math.log) : [0, high];
    const medians = lines.map((line) => runs.map((_, index) => median(line.at.find((one) => one.index === index)?.samples)));
    const heights = medians.map((points) => points.map((value) => (value === undefined ? undefined : (((log ? Math.log(value) : value) - from) / (to - from || 1)) * 300)));
    const under = covered(heights, 5);
    const least = (counts) => Math.min(...counts);
    // Steps of several lines in one run have their labels one above the other.
    const earlier = (i, run) => lines.slice(0, i).filter(({ steps }) => steps.some(({ after }) => after.run === run)).length;
    const stacked = Math.max(0, ...lines.flatMap(({ steps }, i) => steps.map(({ after }) => earlier(i, after.run))));
    return {
      grid: { left: 8, right: 28, top: legendHeight(lines.map(({ who }) => whoLabel(who)), width) + 8 + 14 * stacked, bottom: 8, containLabel: true },
      legend: { data: lines.map(({ who }) => ({ name: whoLabel(who), icon: symbolOf(who) })) },
      tooltip: {
        trigger: 'axis',
        formatter: (items) => {
          const run = runs[items[0].dataIndex];
          return tooltipHtml(`${commitShort(run)} · ${timeFormat(run.time)}`, lines.flatMap(({ who, at }) => at.filter((point) => point.run === run).map(({ samples }) => {
            const spread = samples.length > 1 && Math.max(...samples) !== Math.min(...samples) ? `  (${valueFormat(metric, Math.min(...samples))} to ${valueFormat(metric, Math.max(...samples))})` : '';
            return [colours.who[who], whoLabel(who), valueFormat(metric, median(samples)) + spread];
          })), [run.context.commit_subject, run.context.note && `(${run.context.note})`].filter(Boolean).join(' '));
        },
      },
      xAxis: { type: 'category', data: labels, boundaryGap: runs.length < 12, axisLabel: { formatter: (label) => label.split('\n').slice(0, 2).join('\n'), lineHeight: 16 } },
      yAxis: { type: 'value', scale: true, ...(log && logAxis(log)), axisLabel: { ...(log && logAxis(log).axisLabel), formatter: (value) => valueFormat(metric, value) } },
      series: lines.flatMap((line, i) => [
        ...(line.at.some(({ samples }) => samples.length > 1) ? [band(line)] : []),
        {
          type: 'line', name: whoLabel(line.who), color: colours.who[line.who], symbol: symbolOf(line.who), showAllSymbol: true, lineStyle: { width: 2.5 + 2 * least(under[i]) }, z: 3, connectNulls: true,
          data: medians[i].map((value, index) => ({ value: value ?? null, symbolSize: 9 + 4 * under[i][index] })),
          markLine: {
            silent: true, symbol: 'none', animation: false, lineStyle: { color: colours.who[line.who], type: 'dashed', width: 1.5 },
            label: { color: colours.who[line.who], fontSize: 12, fontWeight: 600, position: 'end', formatter: ({ name }) => name },
            data: line.steps.map(({ before, after }) => ({ xAxis: after.index, name: changeFormat(median(after.samples) / median(before.samples) - 1), label: { distance: [0, 5 + 14 * earlier(i, after.run)] } })),
          },
        },
      ]),
    };
  };

  const body = () => {
    const { configuration, runs, path, metric, lines } = read();
    if (!lines.length) return empty(`${configuration.label} has no figures of ${path}.`, 'Choose another path or kernel.');
    const steps = lines.flatMap((line) => line.steps.map((step) => ({ ...step, line }))).sort((a, b) => b.after.index - a.after.index);
    const words = runs.length < 2 ? 'One run so far: a history begins with the second.' : steps.length ? `${steps.length} change point${steps.length === 1 ? '' : 's'} in ${runs.length} runs:` : lines.some(({ judged }) => judged) ? `No change points in ${runs.length} runs.` : `${runs.length} short runs: change points are looked for in their counts alone.`;
    const list = steps.map(({ before, after, line }) => {
      const [a, b] = [median(before.samples), median(after.samples)];
      const verdict = stepVerdict(metric, a, b);
      return element('li', { 'data-name': line.name, 'data-run': after.run.name, 'data-metric': metric.key, 'data-verdict': verdict }, icon(verdict),
        element('span', {}, element('strong', {}, `${commitShort(after.run)} ${after.run.context.commit_subject}`.trim()), ` · ${whoLabel(line.who)}: `,
          element('strong', { class: 'figure' }, `${valueFormat(metric, a)} → ${valueFormat(metric, b)} (${a === 0 ? 'new' : changeFormat(b / a - 1)})`)));
    });
    const rows = runs.map((run, index) => [
      element('th', { scope: 'row' }, `${timeFormat(run.time)} · ${commitShort(run)}`),
      lines.map(({ name, at }) => {
        const value = median(at.find((point) => point.index === index)?.samples);
        return numberCell(valueFormat(metric, value), { name, metric: metric.key, run: run.name, value: value ?? '' });
      }),
    ]);
    return [
      element('p', { class: 'finding' }, words), list.length ? element('ul', { class: 'told' }, list) : null,
      chart({ id: 'history-chart', options: options({ runs, metric, lines }), height: 380, label: () => `Lines of ${metric.label.toLowerCase()} of ${path} over ${runs.length} runs of ${configuration.label}. ${words}` }),
      figures(table({ id: 'history-table', caption: `${metric.label} of ${path} per run`, head: ['Run', ...lines.map(({ who }) => ({ text: whoLabel(who), number: true }))], rows })),
    ];
  };

  return section({
    id: 'history', title: 'History', text: 'Runs in the order of their commits. A band reaches from the lowest repetition to the highest; dashed lines are change points.', body,
    controls: () => {
      const { configuration, paths, path, metrics, metric } = read();
      return [
        choice({ id: 'history-path', label: 'Path', options: paths.map((name) => [name, name]), value: path, onchange: (value) => stateSet('history.path', value) }),
        choice({ id: 'history-metric', label: 'Figure', options: metrics.map(({ key, label }) => [key, label]), value: metric.key, onchange: (value) => stateSet('history.metric', value) }),
        choice({ id: 'history-kernel', label: 'Kernel and settings', options: page.configurations.map(({ key, label }) => [key, label]), value: configuration.key, onchange: (value) => stateSet('history.kernel', value) }),
      ];
    },
  });
}
