// SPDX-License-Identifier: BSD-3-Clause
//
// What is chosen on the page. It stands in the address, so that a copy of that shows the same.

const values = new URLSearchParams(location.hash.slice(1));
const listeners = [];

export const stateGet = (key) => values.get(key);

export function stateSet(key, value) {
  values.set(key, value);
  history.replaceState(null, '', `#${values}`);
  for (const [keys, listener] of listeners) if (keys.includes(key)) listener();
}

/** Calls `listener` whenever one of the keys is set. */
export const stateListen = (keys, listener) => listeners.push([keys, listener]);

/** What is chosen, if that is possible, or else the first choice. */
export function stateChoice(key, possible, preferred = possible[0]) {
  const chosen = values.get(key);
  return possible.includes(chosen) ? chosen : preferred;
}
