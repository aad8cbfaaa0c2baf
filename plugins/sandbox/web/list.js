// Lists of rows that change while they are read.
import { h } from './dom.js';

const maxFresh = 20; // more new rows than this at once are not highlighted one by one

/** Shows rows and keeps the nodes of those that were there: open ones stay open, the focus stays. */
export function show(container, rows, empty) {
  const old = new Map([...container.children].map((n) => [n.dataset.key, n]));
  const added = rows.filter(({ key }) => !old.has(key)).length;
  const highlight = old.size > 0 && !old.has(undefined) && added <= maxFresh;
  const nodes = rows.map(({ key, make }) => {
    const node = old.get(key) ?? make();
    node.classList.toggle('fresh', highlight && !old.has(key));
    return node;
  });
  container.replaceChildren(...(nodes.length ? nodes : [empty()]));
}

export function emptyNote(title, text, ...more) {
  return () => h('div', { class: 'empty' }, h('h3', {}, title), h('p', {}, text), ...more);
}

export const nothingMatches = emptyNote('Nothing matches', 'No row has all the words of the filter.');

/** Arrow keys move between the tabs of a list; hidden ones are left out. */
export function setUpTabs(buttons, select) {
  const keys = (e) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    const open = buttons.filter((b) => !b.hidden);
    const next = open[(open.indexOf(e.currentTarget) + step + open.length) % open.length];
    next.focus();
    select(next);
  };
  for (const button of buttons) {
    button.addEventListener('click', () => select(button));
    button.addEventListener('keydown', keys);
  }
}

export function markTab(buttons, chosen) {
  for (const button of buttons) {
    button.setAttribute('aria-selected', button === chosen);
    button.tabIndex = button === chosen ? 0 : -1;
  }
}
