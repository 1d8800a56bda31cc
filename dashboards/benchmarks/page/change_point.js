// SPDX-License-Identifier: BSD-3-Clause
//
// Where the history of a figure has a step.
import { exactDirection, NOISY_CHANGE } from './compare.js';
import { mean, median, welch } from './statistics.js';

/** A step in times is one only if it is as improbable as this: a history has many places for one. */
const PROBABILITY = 0.001;
/** Runs on each side that a step is judged by: few where another step is near, more where they scatter. */
const WINDOWS = [2, 3, 5];

const logs = (samples) => samples.map((x) => Math.log(Math.max(x, 1e-9)));

// Where runs are many, their medians are the samples: what differs from boot to boot is noise as well.
function sideSamples(points) {
  return points.length >= 3 ? logs(points.map(median)) : points.flatMap(logs);
}

/** points: the samples of each run, in order. The indices of runs that begin another level. */
export function changePoints(points, exact) {
  if (exact) return points.map((_, i) => i).filter((i) => i > 0 && exactDirection(points[i - 1], points[i]) !== 0);
  const found = [];
  // Binary segmentation: the largest step that is significant, then again on both sides of it.
  const search = (from, to) => {
    let best;
    for (let i = from + 1; i < to; ++i) {
      for (const window of WINDOWS) {
        const [before, after] = [sideSamples(points.slice(Math.max(from, i - window), i)), sideSamples(points.slice(i, Math.min(to, i + window)))];
        const p = welch(before, after);
        const size = Math.abs(mean(after) - mean(before));
        if (p === undefined || p >= PROBABILITY || size <= Math.log(1 + NOISY_CHANGE)) continue;
        if (!best || size > best.size) best = { i, size };
      }
    }
    if (!best) return;
    search(from, best.i);
    found.push(best.i);
    search(best.i, to);
  };
  search(0, points.length);
  return found;
}
