// SPDX-License-Identifier: BSD-3-Clause
//
// What is needed of statistics to tell a change from noise.

export function quantile(samples, q) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
}

export const median = (samples) => (samples?.length ? quantile(samples, 0.5) : undefined);
export const mean = (samples) => samples.reduce((sum, x) => sum + x, 0) / samples.length;

function variance(samples) {
  const middle = mean(samples);
  return samples.reduce((sum, x) => sum + (x - middle) ** 2, 0) / (samples.length - 1);
}

// Logarithm of the gamma function (Lanczos).
function logGamma(x) {
  const c = [76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2, -0.5395239384953e-5];
  let sum = 1.000000000190015;
  c.forEach((value, i) => { sum += value / (x + 1 + i); });
  const t = x + 5.5;
  return (x + 0.5) * Math.log(t) - t + Math.log((2.5066282746310005 * sum) / x);
}

// The regularised incomplete beta function, by its continued fraction.
function incompleteBeta(x, a, b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const tiny = 1e-300;
  const floor = (value) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / floor(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 300; ++m) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / floor(1 + even * d);
    c = floor(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / floor(1 + odd * d);
    c = floor(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return (result * Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x))) / a;
}

/**
 * Welch's test: the probability that two sets of samples whose means are the same differ as much as these, to either side.
 * undefined if either has fewer than two samples. Does not assume that both scatter alike.
 */
export function welch(first, second) {
  if (first.length < 2 || second.length < 2) return undefined;
  const a = variance(first) / first.length;
  const b = variance(second) / second.length;
  const difference = mean(first) - mean(second);
  if (a + b === 0) return difference === 0 ? 1 : 0;
  const t2 = difference ** 2 / (a + b);
  const freedom = (a + b) ** 2 / (a ** 2 / (first.length - 1) + b ** 2 / (second.length - 1));
  return incompleteBeta(freedom / (freedom + t2), freedom / 2, 0.5);
}

/** Holm's correction: the same probabilities, raised for their being so many. undefined stays, and does not count. */
export function holm(probabilities) {
  const order = probabilities.map((p, i) => [p, i]).filter(([p]) => p !== undefined).sort(([a], [b]) => a - b);
  const corrected = [...probabilities];
  let least = 0;
  order.forEach(([p, i], rank) => {
    least = Math.max(least, Math.min(1, p * (order.length - rank)));
    corrected[i] = least;
  });
  return corrected;
}
