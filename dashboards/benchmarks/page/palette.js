// SPDX-License-Identifier: BSD-3-Clause
//
// Colours of charts, after Okabe and Ito: told apart whatever colours one sees, and each driver has a symbol of its own as well.
import { PHASES } from './metric.js';

const LIGHT = {
  who: { floor: '#7a828c', mainline: '#d55e00', tee: '#a35a92', qtee: '#0067b0', 'qtee-direct': '#008763' },
  phases: ['#0b4f8a', '#3f92d2', '#9fd0f2', '#f0b429', '#c77d99', '#d55e00', '#9aa2ab'],
  text: '#3b434d', faint: '#69727d', line: '#d7dce2', grid: '#e9ecf0', card: '#ffffff', mark: '#1b222b',
};
const DARK = {
  who: { floor: '#9aa4b0', mainline: '#f28a3c', tee: '#d591c4', qtee: '#56b0f2', 'qtee-direct': '#2fc49a' },
  phases: ['#2f7fc4', '#6ab5ee', '#b9e0fb', '#f2c14e', '#d898b2', '#ee7f32', '#7d8793'],
  text: '#c9d1da', faint: '#93a0ad', line: '#39434e', grid: '#262e37', card: '#161c23', mark: '#f0f3f6',
};
const SYMBOLS = { floor: 'diamond', mainline: 'triangle', tee: 'rect', qtee: 'circle', 'qtee-direct': 'path://M0,0L10,0L5,9Z' };

export const symbolOf = (who) => SYMBOLS[who] ?? 'pin';

const choice = () => document.documentElement.dataset.theme;
const system = matchMedia('(prefers-color-scheme: dark)');
export const isDark = () => (choice() ? choice() === 'dark' : system.matches);
export const palette = () => (isDark() ? DARK : LIGHT);
export const phaseColour = (phase) => { const at = PHASES.indexOf(phase); return palette().phases[at < 0 ? PHASES.length - 1 : at]; };

const listeners = [];
export const themeListen = (listener) => listeners.push(listener);
const told = () => listeners.forEach((listener) => listener());
system.addEventListener('change', told);

/** 'light', 'dark' or '': as the system has it. */
export function themeSet(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  told();
}
