// SPDX-License-Identifier: BSD-3-Clause
//
// Charts by ECharts: only what is used of it. SVG, so that they are sharp, can be printed, and can be looked into.
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { element } from './element.js';
import { palette } from './palette.js';

echarts.use([BarChart, CustomChart, LineChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

const FONT = '"Inter Variable", system-ui, sans-serif';
const still = matchMedia('(prefers-reduced-motion: reduce)');

/** What all charts have in common; `options` are ECharts'. */
function withLook(options) {
  const colours = palette();
  const axis = (given) => given && {
    axisLine: { lineStyle: { color: colours.line } },
    axisTick: { show: false },
    splitLine: { show: given.type !== 'category', lineStyle: { color: colours.grid } },
    minorSplitLine: { show: false },
    nameTextStyle: { color: colours.faint, fontFamily: FONT, fontSize: 12 },
    ...given,
    axisLabel: { color: colours.faint, fontFamily: FONT, fontSize: 12, hideOverlap: true, ...given.axisLabel },
  };
  return {
    animation: !still.matches,
    animationDuration: 250,
    textStyle: { fontFamily: FONT, color: colours.text },
    ...options,
    xAxis: axis(options.xAxis),
    yAxis: axis(options.yAxis),
    legend: options.legend && { top: 0, left: 0, itemGap: 18, itemWidth: 14, itemHeight: 10, icon: undefined, ...options.legend, textStyle: { color: colours.text, fontFamily: FONT, fontSize: 13 }, inactiveColor: colours.line },
    tooltip: {
      confine: true, backgroundColor: colours.card, borderColor: colours.line, borderWidth: 1, padding: [8, 12],
      textStyle: { color: colours.text, fontFamily: FONT, fontSize: 13 }, extraCssText: 'border-radius:8px;box-shadow:0 6px 24px rgba(0,0,0,.16)', ...options.tooltip,
    },
  };
}

const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

/** The inside of a tooltip: a heading, and lines of [colour, name, value]. All of it is plain text. */
export function tooltipHtml(heading, lines, footer) {
  const row = ([colour, name, value]) => `<tr><td><i style="background:${colour ?? 'transparent'}"></i></td><td>${escaped(name)}</td><td>${escaped(value)}</td></tr>`;
  return `<div class="tip"><b>${escaped(heading)}</b><table>${lines.map(row).join('')}</table>${footer ? `<p>${escaped(footer)}</p>` : ''}</div>`;
}

/**
 * A chart that follows its width and the theme. options(width): ECharts' options, called anew for both; label(): what the chart shows, in
 * words, for those who do not see it. height: pixels, or a function of the options.
 */
export function chart({ id, options, label, height }) {
  const box = element('div', { class: 'chart', id, role: 'img' });
  let instance;
  const draw = () => {
    if (!box.isConnected || box.clientWidth === 0) return;
    const built = options(box.clientWidth);
    box.style.height = `${typeof height === 'function' ? height() : height}px`;
    box.setAttribute('aria-label', label());
    instance ??= echarts.init(box, null, { renderer: 'svg' });
    instance.resize();
    instance.setOption(withLook(built), { notMerge: true });
  };
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (box.clientWidth === width) return;
    width = box.clientWidth;
    draw();
  });
  observer.observe(box);
  box.chartDraw = draw;
  box.chartEnd = () => { observer.disconnect(); instance?.dispose(); };
  return box;
}

export const isNarrow = (width) => width < 560;

/** How much room a legend takes above a chart, about. */
export function legendHeight(names, width) {
  let [rows, at] = [1, 0];
  for (const name of names) {
    const size = 37 + name.length * 7;
    if (at > 0 && at + size - 18 > width) { rows += 1; at = 0; }
    at += size;
  }
  return 12 + 29 * rows;
}

/** A name at a chart's axis: whole, where there is little room in two lines. */
export const axisName = (name, width) => (isNarrow(width) && name.length > 18 ? name.replace(name.includes(' · ') ? ' · ' : /\/(?=[^/]*$)/, (cut) => `${cut === '/' ? '/' : ''}\n`) : name);
/** How wide the longest line of some names is, about. */
export const axisNameWidth = (names, width) => Math.max(...names.flatMap((name) => axisName(name, width).split('\n')).map((line) => line.length)) * 6.6;

/** All charts inside an element: with other colours, or for the last time. */
export const chartsDraw = (inside) => inside.querySelectorAll('.chart').forEach((box) => box.chartDraw());
export const chartsEnd = (inside) => inside.querySelectorAll('.chart').forEach((box) => box.chartEnd());
