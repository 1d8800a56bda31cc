// SPDX-License-Identifier: BSD-3-Clause
//
// Elements of the page, and those that most sections have.

/** element('td', {class: 'n', 'data-x': 1, onclick: f}, 'text', child, [children]). null and false are left out. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const ICONS = {
  worse: 'M8 2.5 14.5 13.5H1.5Z M8 6.5v3.2 M8 11.6v.1',
  better: 'M8 13.5V3 M3.5 7.5 8 3l4.5 4.5',
  met: 'M3 8.5 6.5 12 13 4.5',
  missed: 'M4 4l8 8 M12 4l-8 8',
  unmeasured: 'M4 8h8',
  same: 'M3.5 6h9 M3.5 10h9',
  machine: 'M2.5 7c1.8-2.6 3.6-2.6 5.5-.9s3.7 1.7 5.5-.9 M2.5 11.5c1.8-2.6 3.6-2.6 5.5-.9s3.7 1.7 5.5-.9',
  uncertain: 'M2.5 9.3c1.8-3 3.6-3 5.5-1.2s3.7 1.8 5.5-1.2',
  unsure: 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.1 8 10 M8 12.4v.1',
  changed: 'M3 5.5h9l-2.5-2.5 M13 10.5H4l2.5 2.5',
};

/** A sign beside a word; it says nothing that the word does not. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  for (const [key, value] of Object.entries({ viewBox: '0 0 16 16', width: 16, height: 16, class: `icon ${name}`, 'aria-hidden': 'true' })) svg.setAttribute(key, value);
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** A label with a list to choose from. options: [[value, text]] or [{group, options}]. */
export function choice({ id, label, options, value, onchange, wide }) {
  const option = ([key, text]) => element('option', { value: key, selected: key === value }, text);
  const list = options.map((entry) => (Array.isArray(entry) ? option(entry) : element('optgroup', { label: entry.group }, entry.options.map(option))));
  const select = element('select', { id, onchange: () => onchange(select.value) }, list);
  return element('label', { class: wide ? 'control wide' : 'control', for: id }, element('span', {}, label), select);
}

export function tick({ id, label, checked, onchange }) {
  const box = element('input', { type: 'checkbox', id, checked, onchange: () => onchange(box.checked) });
  return element('label', { class: 'control tick', for: id }, box, element('span', {}, label));
}

/** What stands where there is nothing to show: what is missing, and what would bring it. */
export const empty = (what, how) => element('div', { class: 'empty' }, element('p', {}, element('strong', {}, what)), how ? element('p', {}, how) : null);

/** How high a table may be; longer ones scroll. */
const TABLE_HEIGHT = 640;

// Signs of what a table has beyond its edges; and no row is cut at the lower one.
function scrollSigns(frame, scroll) {
  const told = () => {
    frame.toggleAttribute('data-left', scroll.scrollLeft > 1);
    frame.toggleAttribute('data-right', scroll.scrollWidth - scroll.clientWidth - scroll.scrollLeft > 1);
    frame.toggleAttribute('data-below', scroll.scrollHeight - scroll.clientHeight - scroll.scrollTop > 1);
  };
  const sized = () => {
    const top = scroll.firstChild.getBoundingClientRect().top;
    const ends = [...scroll.querySelectorAll('tbody tr')].map((row) => row.getBoundingClientRect().bottom - top);
    const whole = ends.at(-1) <= TABLE_HEIGHT ? '' : `${Math.max(...ends.filter((end) => end <= TABLE_HEIGHT)) + scroll.offsetHeight - scroll.clientHeight}px`;
    if (scroll.style.maxHeight !== whole) scroll.style.maxHeight = whole;
    told();
  };
  scroll.addEventListener('scroll', told, { passive: true });
  new ResizeObserver(() => requestAnimationFrame(() => { if (scroll.isConnected) sized(); })).observe(scroll.firstChild);
}

/**
 * A table that scrolls by itself on narrow screens, and says so. head: [text or {text, number}]; rows: arrays of cells, made of element('td' or 'th'). twoLines:
 * style.css makes two lines of each row there.
 */
export function table({ caption, head, rows, id, hidden = true, twoLines = false }) {
  const columns = head.map((column) => (typeof column === 'string' ? element('th', { scope: 'col' }, column) : element('th', { scope: 'col', class: column.number ? 'n' : null }, column.text)));
  const scroll = element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    element('table', { id, class: twoLines ? 'two-lines' : null }, element('caption', { class: hidden ? 'unseen' : null }, caption), element('thead', {}, element('tr', {}, columns)),
      element('tbody', {}, rows.map((cells) => element('tr', {}, cells)))));
  const frame = element('div', { class: 'frame' }, scroll, element('p', { class: 'beyond faint small', 'aria-hidden': 'true' },
    element('span', { class: 'beyond-right' }, 'more to the right →'), element('span', { class: 'beyond-below' }, 'more below ↓')));
  scrollSigns(frame, scroll);
  return frame;
}

/** The figures behind a chart. */
export const figures = (content) => element('details', { class: 'figures' }, element('summary', {}, 'Figures'), content);

/** A number cell, with the value as it is for whoever reads by program. */
export const numberCell = (text, data = {}) => element('td', { class: 'n', ...Object.fromEntries(Object.entries(data).map(([key, value]) => [`data-${key}`, value])) }, text);

/** Has the browser save a text as a file. */
export function fileSave(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = element('a', { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
