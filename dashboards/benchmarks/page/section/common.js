// SPDX-License-Identifier: BSD-3-Clause
//
// What sections have in common.
import { chartsEnd } from '../chart.js';
import { element } from '../element.js';

/**
 * A section of the page: a heading, a sentence that says what one sees, controls, a body. update() makes controls and body anew.
 * A control that had the focus has it again.
 */
export function section({ id, title, text, controls, body }) {
  const bar = element('div', { class: 'controls' });
  const inside = element('div', { class: 'body' });
  const made = element('section', { id, 'aria-labelledby': `${id}-title` },
    element('div', { class: 'head' }, element('h2', { id: `${id}-title` }, title), text ? element('p', {}, text) : null), bar, inside);
  made.update = () => {
    const focused = bar.contains(document.activeElement) ? document.activeElement.id : '';
    bar.replaceChildren(...(controls ? controls().filter(Boolean) : []));
    chartsEnd(inside);
    inside.replaceChildren(...[body()].flat(Infinity).filter(Boolean));
    if (focused) document.getElementById(focused)?.focus();
  };
  return made;
}
