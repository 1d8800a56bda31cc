// SPDX-License-Identifier: BSD-3-Clause
//
// Where figures stand in a chart: logarithmic axes, and what to do where marks would hide each other.

/** Marks within a decade, the densest first. */
const MARKS = [[1, 2, 5], [1, 3], [1]];

/**
 * A logarithmic axis that is as long as positive values need: {min, max, ticks}, with at most `most` ticks, and two or more. `room`: by
 * which factor it goes on below the least one.
 */
export function logScale(values, most = 8, room = 1) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const edge = Math.max((high / low) ** 0.04, 1.05);
  let [min, max] = [low / Math.max(edge, room), high * edge];
  const inside = (marks, stride) => {
    const found = [];
    for (let decade = Math.floor(Math.log10(min)); decade <= Math.log10(max); ++decade)
      if (decade % stride === 0) found.push(...marks.map((mark) => Number(`${mark}e${decade}`)).filter((tick) => tick >= min && tick <= max));
    return found;
  };
  let ticks = inside(MARKS[0], 1);
  if (ticks.length < 2) {
    // A range so short has no round numbers in it: it is made longer, to the next ones.
    const round = (up) => {
      const decade = Math.floor(Math.log10(up ? max : min));
      const around = [...MARKS[0], 10].map((mark) => Number(`${mark}e${decade}`));
      return up ? around.find((tick) => tick >= max) : around.findLast((tick) => tick <= min);
    };
    [min, max] = [round(false), round(true)];
    ticks = inside(MARKS[0], 1);
  }
  const sparser = [...MARKS.slice(1).map((marks) => [marks, 1]), ...[2, 3, 4, 6].map((stride) => [[1], stride])];
  while (ticks.length > most && sparser.length) {
    const fewer = inside(...sparser.shift());
    if (fewer.length < 2) break;
    ticks = fewer;
  }
  return { min, max, ticks };
}

/** The options of ECharts for it. */
export const logAxis = ({ min, max, ticks }) => ({ type: 'log', min, max, axisTick: { show: false, customValues: ticks }, axisLabel: { customValues: ticks } });

/**
 * How far to move marks of one row apart, across it, so that none hides another: for each position along the row one offset. Marks that
 * are closer than `near` to a neighbour stand `step` apart, in their given order.
 */
export function dodge(positions, near, step) {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b]);
  const groups = [];
  for (const i of order) {
    const group = groups.at(-1);
    if (group && positions[i] - positions[group.at(-1)] < near) group.push(i);
    else groups.push([i]);
  }
  const offsets = positions.map(() => 0);
  for (const group of groups) group.sort((a, b) => a - b).forEach((i, rank) => { offsets[i] = (rank - (group.length - 1) / 2) * step; });
  return offsets;
}

/**
 * Lines that lie on each other: for each one and each of its points how many later lines, which are drawn above, are closer than `near`.
 * What is hidden so is drawn as much larger. `lines`: arrays of positions, undefined where there is none.
 */
export function covered(lines, near) {
  return lines.map((line, i) => line.map((at, point) => lines.slice(i + 1).filter((other) => at !== undefined && other[point] !== undefined && Math.abs(other[point] - at) < near).length));
}
