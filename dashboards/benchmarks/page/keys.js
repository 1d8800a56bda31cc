// SPDX-License-Identifier: BSD-3-Clause
//
// What keys do. All of it can be done by Tab and Enter as well.
import { element } from './element.js';

const typing = (target) => target.closest('input:not([type=checkbox]), textarea, [contenteditable]');

/** sections: [[id, title]]; actions: [[key, words, function]]. Returns the dialog that lists them. */
export function keysListen(sections, actions) {
  const go = (id) => {
    const target = document.getElementById(id);
    target.scrollIntoView();
    const heading = target.querySelector('h2');
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  };
  const all = [...sections.map(([id, title], i) => [String(i + 1), title, () => go(id)]), ...actions];
  const help = element('dialog', { id: 'keys', 'aria-labelledby': 'keys-title' },
    element('h2', { id: 'keys-title' }, 'Keys'),
    element('dl', {}, [...all, ['?', 'this list']].map(([key, words]) => [element('dt', {}, element('kbd', {}, key)), element('dd', {}, words)])),
    element('form', { method: 'dialog' }, element('button', {}, 'Close')));
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || help.open) return;
    // In a list, a letter or figure chooses an entry.
    if (event.target instanceof HTMLSelectElement) return;
    if (event.key === '?') { help.showModal(); event.preventDefault(); return; }
    const found = all.find(([key]) => key === event.key);
    if (!found) return;
    event.preventDefault();
    found[2]();
  });
  return help;
}
