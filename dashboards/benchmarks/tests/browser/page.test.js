// SPDX-License-Identifier: BSD-3-Clause
//
// The page in headless Chromium: drawn, true to the files, usable, and without any request. In the environment: PAGE, the file; RUNS,
// the folder that it was made of; SCREENSHOTS, a folder; CHROMIUM; PLAYWRIGHT, the folder of playwright-core.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { filesRead } from './expected.js';

const { PAGE, RUNS, SCREENSHOTS, CHROMIUM, PLAYWRIGHT } = process.env;
const { chromium } = createRequire(import.meta.url)(PLAYWRIGHT);
const address = pathToFileURL(PAGE).href;
const files = filesRead(RUNS);
// A run without a commit stands where it was made.
const committed = ([name, { context }]) => new Date(context.commit_time ?? name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*/, '$1-$2-$3T$4:$5:$6Z'));
const newest = [...files].sort((a, b) => committed(a) - committed(b) || (a[0] < b[0] ? -1 : 1)).at(-1)[0];
const SECTIONS = ['summary', 'mainline', 'goals', 'history', 'latency', 'budget', 'threads', 'pair', 'runs'];

let browser;
let page;
const complaints = [];
const requests = [];

async function open(options = {}, hash = '') {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, acceptDownloads: true, reducedMotion: 'reduce', colorScheme: 'light', ...options });
  const opened = await context.newPage();
  opened.setDefaultTimeout(60000);
  opened.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
  opened.on('pageerror', (error) => complaints.push(String(error)));
  opened.on('request', (request) => { if (!/^(data|blob):/.test(request.url())) requests.push(request.url()); });
  await opened.goto(address + hash);
  await opened.waitForSelector('html[data-ready=yes]');
  return opened;
}

before(async () => {
  fs.mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  page = await open();
});
after(async () => {
  await browser?.close();
});

// All cells of a table that carry a value, as [run, name, figure, value].
const cells = (selector) => page.$$eval(`${selector} td[data-value][data-metric]`, (found) => found.map(({ dataset, textContent }) => ({ ...dataset, text: textContent })));

function expectEqual(shown, run) {
  const { values } = files.get(run);
  for (const { name, metric, value, text } of shown) {
    const expected = values.get(`${name} ${metric}`);
    if (expected === undefined) {
      assert.equal(value, '', `${name} ${metric} is not in ${run}`);
      continue;
    }
    assert.ok(Math.abs(Number(value) - expected) <= 1e-9 * Math.abs(expected), `${name} ${metric} of ${run}: ${value}, and in the file ${expected}`);
    // What is read: three digits at least, whatever the unit.
    assert.match(text, /^[−-]?[\d,.]+\s?\D*$/u, `${name} ${metric} of ${run}`);
    const [, digits, unit] = /^([−-]?[\d,.]+)\s?(\D*)$/u.exec(text);
    const factor = { '': 1, '×': 1, ns: 1, µs: 1e3, ms: 1e6, s: 1e9, B: 1, KiB: 1024, MiB: 1048576 }[unit];
    const read = Number(digits.replaceAll(',', '').replace('−', '-')) * factor;
    assert.ok(Math.abs(read - expected) <= 0.0051 * Math.max(Math.abs(expected), 1), `${name} ${metric} of ${run} reads ${text}, and is ${expected}`);
  }
}

const marks = (id) => page.$eval(`#${id}`, (box) => [...box.querySelectorAll('svg path, svg polyline, svg rect')].filter((shape) => { const { width, height } = shape.getBoundingClientRect(); return width + height > 3; }).length);

test('every section is there, with a chart drawn or a word on why there is none', async () => {
  assert.deepEqual(await page.$$eval('main > section', (found) => found.map(({ id }) => id)), SECTIONS);
  for (const section of ['mainline', 'history', 'latency', 'budget', 'threads']) {
    const chart = await page.$(`#${section}-chart svg`);
    if (!chart) {
      assert.ok(!['mainline', 'history'].includes(section) && !process.env.EXPECTED, `${section} has no chart`);
      assert.ok(await page.$(`#${section} .empty`), `${section} has neither a chart nor a word`);
      continue;
    }
    assert.ok(await marks(`${section}-chart`) >= 5, `the chart of ${section} has nothing in it`);
    assert.ok((await page.getAttribute(`#${section}-chart`, 'aria-label')).length > 40);
  }
});

test('a dot for each figure beside mainline', async () => {
  const shown = (await cells('#mainline')).filter(({ value }) => value !== '').length;
  assert.ok(shown > 10);
  const colours = { floor: '#7a828c', mainline: '#d55e00', tee: '#a35a92', qtee: '#0067b0', 'qtee-direct': '#008763' };
  const dots = await page.$eval('#mainline-chart', (box, known) => [...box.querySelectorAll('svg path')].filter((shape) => known.includes(shape.getAttribute('fill')?.toLowerCase())).length, Object.values(colours));
  const present = new Set((await cells('#mainline')).filter(({ value }) => value !== '').map(({ name }) => name.split('/').at(-1)));
  // The legend has one of each, too.
  assert.equal(dots, shown + present.size);
});

test('figures are those of the files, in every section', async () => {
  for (const name of [...files.keys()].slice(0, 5)) {
    await page.selectOption('#run', name);
    for (const section of ['mainline', 'latency', 'budget', 'threads']) {
      const shown = await cells(`#${section}`);
      expectEqual(shown, name);
      if (section === 'mainline') assert.ok(shown.length > 10, `${name} has few figures`);
    }
  }
  await page.selectOption('#mainline-suite', 'all');
  for (const metric of await page.$$eval('#mainline-metric option', (options) => options.map(({ value }) => value))) {
    await page.selectOption('#mainline-metric', metric);
    const shown = await cells('#mainline');
    // Of threads there is a section of its own.
    const run = await page.inputValue('#run');
    const some = [...files.get(run).values].some(([key, value]) => key.endsWith(` ${metric}`) && value !== 0);
    assert.ok((shown.length || metric === 'lock_contentions' || !some) && shown.every((cell) => cell.metric === metric), metric);
    expectEqual(shown, run);
  }
  await page.selectOption('#mainline-metric', 'kernel_instructions');
  await page.selectOption('#run', newest);
});

test('goals are judged as the file and the figures have it', async () => {
  const goals = JSON.parse(fs.readFileSync(process.env.GOALS, 'utf8'));
  const { values } = files.get(newest);
  const expected = goals.map(({ path: where, who, counter, goal, of, ratio, at_least: least }) => {
    const value = values.get(`${where}/${who} ${counter}`);
    const limit = of ? values.get(`${of} ${counter}`) * ratio : goal;
    return value === undefined || Number.isNaN(limit) ? 'unmeasured' : (least ? value >= limit : value <= limit) ? 'met' : 'missed';
  });
  const shown = await page.$$eval('#goals td[data-status]', (found) => found.map(({ dataset }) => dataset.status));
  assert.deepEqual(shown.sort(), expected.sort());
});

test('history has each run of its configuration', async () => {
  for (const path of (await page.$$eval('#history-path option', (options) => options.map(({ value }) => value))).slice(0, 6)) {
    await page.selectOption('#history-path', path);
    for (const cell of await cells('#history')) expectEqual([cell], cell.run);
  }
});

test('two runs side by side: figures, swap, find, only what changed', async () => {
  const [first, second] = [[...files.keys()][0], [...files.keys()].at(-1)];
  await page.selectOption('#pair-a', first);
  await page.selectOption('#pair-b', second);
  await page.selectOption('#pair-kind', 'all');
  const shown = await cells('#pair');
  assert.ok(shown.length > 40);
  expectEqual(shown.filter(({ side }) => side === 'a'), first);
  expectEqual(shown.filter(({ side }) => side === 'b'), second);
  await page.click('#pair-swap');
  assert.equal(await page.inputValue('#pair-a'), second);
  expectEqual((await cells('#pair')).filter(({ side }) => side === 'a'), second);
  await page.fill('#pair-search', 'invoke/none qtee');
  const found = await cells('#pair');
  assert.ok(found.length > 0 && found.length < shown.length && found.every(({ name }) => /^invoke\/none\/qtee/.test(name)));
  await page.fill('#pair-search', 'no such thing');
  assert.ok(await page.$('#pair .empty'));
  await page.fill('#pair-search', '');
  await page.check('#pair-changed');
  const verdicts = await page.$$eval('#pair td[data-verdict]', (all) => all.map(({ dataset }) => dataset.verdict));
  assert.ok(verdicts.every((verdict) => ['worse', 'better', 'changed'].includes(verdict)));
  await page.uncheck('#pair-changed');
  await page.selectOption('#pair-kind', 'judged');
});

test('what changed is told in words, or that nothing did', async () => {
  const headline = await page.textContent('#summary .verdict');
  const listed = await page.$$eval('#summary .told > li', (found) => found.map(({ dataset, textContent }) => ({ ...dataset, text: textContent })));
  const regressions = listed.filter(({ verdict }) => verdict === 'worse');
  const failed = await page.$$eval('#summary .failed', (found) => found.length);
  assert.equal(Number(await page.getAttribute('#summary .verdict', 'data-regressions')), regressions.length + failed);
  assert.match(headline, regressions.length + failed ? /^\d+ regressions?$/ : /^(No regressions|Nothing to compare yet)$/);
  for (const { name, text } of listed.filter((one) => one.name)) assert.ok(text.includes(name.slice(0, name.lastIndexOf('/'))));
  // The made-up runs have one each of what is to be found, and nothing else.
  if (!process.env.EXPECTED) return;
  assert.deepEqual(regressions.map(({ name, metric }) => `${name} ${metric}`).sort(), process.env.EXPECTED.split(',').sort());
});

test('short runs stand apart from full ones, whose times are compared with nothing', async () => {
  const cards = await page.$$eval('#summary article', (found) => found.map(({ dataset, textContent }) => ({ ...dataset, text: textContent })));
  for (const { context } of files.values()) {
    const short = context.quick === '1';
    assert.ok(cards.some(({ configuration }) => configuration.startsWith(context.kernel_name) && configuration.includes(' · short') === short), `${context.kernel_name}, quick ${context.quick}`);
  }
  for (const { configuration, text } of cards) assert.ok(!configuration.includes(' · short') || /times are not|Only one run/.test(text), text);
  if (!process.env.EXPECTED) return;
  assert.deepEqual(cards.map(({ configuration }) => configuration).sort(), ['debian', 'debian · short · only invoke', 'lts', 'qcom']);
  // One has a path less than that before: that is told, and folded.
  assert.deepEqual(await page.$$eval('#summary details.gone', (found) => found.map(({ open: unfolded, firstChild }) => [unfolded, firstChild.textContent])), [[false, '2 benchmarks no longer measured']]);
  await page.selectOption('#pair-a', '20260106T120000Z-debian.json');
  await page.selectOption('#pair-b', '20260106T140000Z-debian.json');
  const verdicts = await page.$$eval('#pair td[data-verdict]', (found) => found.map(({ dataset, textContent }) => `${dataset.verdict}: ${textContent}`));
  assert.deepEqual([...new Set(verdicts)].sort(), ['same: same', 'unsure: short run']);
});

test('what is shown is for people: words in place of keys, and no rows of nothing', async () => {
  await page.$$eval('main details', (found) => found.forEach((details) => { details.open = true; }));
  await page.selectOption('#pair-a', [...files.keys()][0]);
  await page.selectOption('#pair-b', [...files.keys()].at(-1));
  await page.selectOption('#pair-kind', 'all');
  const text = await page.evaluate(() => document.body.innerText);
  assert.doesNotMatch(text, /kernel_name|qtee_schema|cpu_model|commit none/);
  assert.equal(text.includes('no commit'), [...files.values()].some(({ context }) => !context.commit));
  const valuesOf = (selector) => page.$$eval(selector, (found) => found.map((row) => [...row.querySelectorAll('[data-value]')].map(({ dataset }) => Number(dataset.value))));
  const rows = await valuesOf('#pair-table tbody tr');
  assert.ok(rows.length > 20 && rows.every(([a, b]) => a !== 0 || b !== 0));
  await page.selectOption('#mainline-suite', 'floor');
  const floors = await valuesOf('#mainline-table tbody tr');
  assert.ok(floors.length > 0 && floors.every((values) => values.some((value) => value !== 0)));
  await page.selectOption('#mainline-suite', 'invoke');
  await page.selectOption('#pair-kind', 'judged');
  await page.$$eval('main details', (found) => found.forEach((details) => { details.open = false; }));
});

// Where the marks of the drivers are in a chart, in pixels from its corner, without those of the legend; and where its names p50... are.
const dotsOf = (id) => page.$eval(`#${id}`, (box) => {
  const known = ['#7a828c', '#d55e00', '#a35a92', '#0067b0', '#008763'];
  const corner = box.getBoundingClientRect();
  const texts = [...box.querySelectorAll('svg text')].map((text) => ({ text: text.textContent, at: text.getBoundingClientRect() }));
  const legend = Math.max(...texts.filter(({ text }) => /^(Mainline|Ours|Floor)/.test(text)).map(({ at }) => at.bottom - corner.top));
  const dots = [...box.querySelectorAll('svg path')].filter((shape) => known.includes(shape.getAttribute('fill')?.toLowerCase())).map((shape) => {
    const { left, top, width, height } = shape.getBoundingClientRect();
    return { colour: shape.getAttribute('fill'), x: left + width / 2 - corner.left, y: top + height / 2 - corner.top };
  }).filter(({ y }) => y > legend);
  return { width: corner.width, bottom: texts.find(({ text }) => text === 'p50')?.at.top - corner.top, dots };
});

test('charts: no mark hides another, and the axes are as long as the figures need', async () => {
  const { dots, width } = await dotsOf('mainline-chart');
  assert.ok(dots.length > 10);
  for (const [i, a] of dots.entries()) for (const b of dots.slice(i + 1)) assert.ok(Math.hypot(a.x - b.x, a.y - b.y) > 6, `${a.colour} and ${b.colour} at ${a.x}, ${a.y}`);
  const [left, right] = [Math.min(...dots.map(({ x }) => x)), Math.max(...dots.map(({ x }) => x))];
  assert.ok(left < 0.3 * width && right > 0.88 * width, `marks from ${left} to ${right} of ${width}`);
  if (!await page.$('#latency-chart svg')) return;
  const latency = await dotsOf('latency-chart');
  const heights = latency.dots.map(({ y }) => y);
  assert.ok(latency.bottom - Math.max(...heights) < 0.2 * (latency.bottom - Math.min(...heights)), 'the lower part of the latency chart is empty');
});

test('tables: no row is cut at the lower edge, and what lies beyond is told', async () => {
  const tables = await page.$$eval('main .frame', (found) => found.filter((frame) => frame.offsetParent && !frame.closest('details:not([open])')).map((frame) => {
    const scroll = frame.querySelector('.scroll');
    const end = scroll.getBoundingClientRect().top + scroll.clientHeight;
    const cut = [...scroll.querySelectorAll('tbody tr')].filter((row) => { const { top, bottom } = row.getBoundingClientRect(); return top < end - 1 && bottom > end + 1; }).length;
    const shown = (name) => frame.querySelector(name).offsetHeight > 0 && getComputedStyle(frame.querySelector(name)).visibility === 'visible';
    return { id: scroll.firstChild.id, cut, below: [scroll.scrollHeight > scroll.clientHeight + 1, shown('.beyond-below')], right: [scroll.scrollWidth > scroll.clientWidth + 1, shown('.beyond-right')] };
  }));
  assert.ok(tables.some(({ id, below }) => id === 'pair-table' && below[0]));
  for (const { id, cut, below, right } of tables) assert.deepEqual([cut, below[0], right[0]], [0, below[1], right[1]], id);
});

test('each list can be chosen from, and each shows something else then', async () => {
  // Of made-up runs two kernels differ in one path alone.
  await page.selectOption('#history-path', 'invoke/64B');
  await page.selectOption('#history-metric', 'kernel_instructions');
  for (const id of ['mainline-suite', 'history-metric', 'history-kernel', 'latency-path', 'budget-who', 'threads-work']) {
    const options = await page.$$eval(`#${id} option`, (found) => found.map(({ value }) => value));
    if (options.length < 2) continue;
    const section = id.split('-')[0];
    const content = () => page.$eval(`#${section} .body`, (body) => body.textContent);
    const chosen = await page.inputValue(`#${id}`);
    const first = await content();
    const other = options.find((value) => value !== chosen);
    await page.selectOption(`#${id}`, other);
    assert.equal(await page.inputValue(`#${id}`), other);
    assert.notEqual(await content(), first, `${id} changes nothing`);
    await page.selectOption(`#${id}`, chosen);
  }
  if (await page.$('#budget-share')) {
    await page.check('#budget-share');
    await page.waitForFunction(() => document.querySelector('#budget-chart svg')?.textContent.includes('100 %'));
    await page.uncheck('#budget-share');
  }
});

test('files and figures can be downloaded', async () => {
  const save = async (action) => { const [download] = await Promise.all([page.waitForEvent('download'), action()]); return { name: download.suggestedFilename(), text: fs.readFileSync(await download.path(), 'utf8') }; };
  await page.click(`details[data-run="${newest}"] summary`);
  const file = await save(() => page.click(`button.download[data-run="${newest}"]`));
  assert.equal(file.name, newest);
  assert.equal(file.text, files.get(newest).text);
  const csv = await save(() => page.click('#runs-csv'));
  assert.ok(csv.text.split('\n').length > 100);
  const json = JSON.parse((await save(() => page.click('#runs-json'))).text);
  assert.equal(json.runs.length, files.size);
  const shown = await page.$$eval(`details[data-run="${newest}"] dd[data-key]`, (found) => Object.fromEntries(found.map(({ dataset, firstChild }) => [dataset.key, firstChild.textContent])));
  for (const key of ['commit', 'kernel', 'qemu', 'cpu_model']) assert.equal(shown[key], files.get(newest).context[key] ?? 'no commit'); // of a tree that git knows nothing of
});

test('everything is reached by keys, and named for those who do not see it', async () => {
  await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
  await page.keyboard.press('4');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'history-title');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'history-path');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('?');
  assert.ok(await page.$('dialog[open]'));
  await page.keyboard.press('Escape');
  assert.ok(!await page.$('dialog[open]'));
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'pair-search');
  const unnamed = await page.$$eval('select, input, button, a, .chart, table, section', (found) => found.filter((one) => {
    if (one.matches('table')) return !one.caption?.textContent;
    if (one.matches('section')) return !document.getElementById(one.getAttribute('aria-labelledby'))?.textContent;
    return !(one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent);
  }).map((one) => one.outerHTML.slice(0, 100)));
  assert.deepEqual(unnamed, []);
});

// The ratio of WCAG 2 between an element's colour and what is behind it.
const contrasts = (opened) => opened.$$eval('.faint, .links a, th, td, .pill, .verdict, summary, p, label', (found) => found.filter((one) => one.offsetParent && one.textContent.trim()).map((one) => {
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((x) => (x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4)).reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  let behind = one;
  while (behind && (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)' || behind.matches('nav'))) behind = behind.parentElement;
  const [a, b] = [light(parse(getComputedStyle(one).color)), light(parse(getComputedStyle(behind ?? document.body).backgroundColor))];
  return { ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), what: one.textContent.slice(0, 40) };
}));

test('light and dark: both are readable, and the button changes them', async () => {
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await colour();
  assert.deepEqual((await contrasts(page)).filter(({ ratio }) => ratio < 4.5), []);
  await page.click('#theme');
  assert.notEqual(await colour(), light);
  assert.deepEqual((await contrasts(page)).filter(({ ratio }) => ratio < 4.5), []);
  await page.waitForFunction(() => document.querySelector('#mainline-chart svg').innerHTML.includes('#56b0f2'));
  await page.click('#theme');
  assert.equal(await colour(), light);
});

test('what is chosen stands in the address', async () => {
  await page.selectOption('#mainline-metric', 'real_time');
  const { hash } = new URL(page.url());
  const other = await open({}, hash);
  assert.equal(await other.inputValue('#mainline-metric'), 'real_time');
  await other.context().close();
  await page.selectOption('#mainline-metric', 'kernel_instructions');
});

// On a phone: charts have whole names, goals are low, what is beside another run is seen without scrolling to it, and wide tables say so.
async function narrowIsWhole(opened) {
  for (const id of ['mainline-chart', 'budget-chart']) {
    if (!await opened.$(`#${id} svg`)) continue;
    const names = await opened.$eval(`#${id}`, (box) => [...box.querySelectorAll('svg text')].map((text) => [text.textContent, text.getBoundingClientRect().left >= box.getBoundingClientRect().left - 1]));
    assert.deepEqual(names.filter(([text, inside]) => /\.\.\.|…/.test(text) || !inside), []);
  }
  const heights = await opened.$$eval('#goals-table tbody tr', (found) => found.map((row) => row.offsetHeight));
  assert.ok(Math.max(...heights) < 85, `a goal takes ${Math.max(...heights)} px`);
  for (const id of ['goals-table', 'pair-table']) assert.ok(await opened.$eval(`#${id}`, (shown) => shown.parentElement.scrollWidth <= shown.parentElement.clientWidth), `${id} is cut`);
  await opened.$eval('#mainline-table', (shown) => { shown.closest('details').open = true; });
  await opened.waitForSelector('#mainline .frame[data-right] .beyond-right', { state: 'visible' });
  await opened.$eval('#mainline-table', (shown) => { shown.parentElement.scrollLeft = 5000; });
  await opened.waitForSelector('#mainline .frame[data-left]:not([data-right])');
  await opened.$eval('#mainline-table', (shown) => { shown.closest('details').open = false; });
}

for (const [name, options] of Object.entries({
  light: {}, dark: { colorScheme: 'dark' }, narrow: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
})) {
  test(`screenshot: ${name}`, async () => {
    const opened = await open(options);
    await opened.waitForTimeout(400);
    const wide = await opened.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `the page is ${wide} px wider than the screen`);
    if (name === 'narrow') await narrowIsWhole(opened);
    await opened.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
    await opened.context().close();
  });
}

test('nothing was complained about, and no request left the file', () => {
  assert.deepEqual(complaints, []);
  assert.ok(requests.length > 0);
  assert.deepEqual(requests.filter((url) => url.split('#')[0] !== address), []);
});
