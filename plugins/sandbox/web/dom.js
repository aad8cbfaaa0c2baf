// Everything that is shown goes through h(), which makes text nodes only: data can never become markup.

/** h('p', {class: 'x', onclick: f}, 'text', child) */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined));
  return node;
}

export const $ = (id) => document.getElementById(id);

export const number = (n) => (n ?? 0).toLocaleString('en-US');

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function time(value) {
  const date = new Date(value);
  return h('time', { datetime: date.toISOString(), title: date.toLocaleString() }, clock.format(date));
}

/** An instant as it is read, in UTC. */
export const shortTime = (value) => new Date(value).toISOString().replace('.000Z', 'Z');

/** Unix seconds as a readable date; uploads may carry numbers that no calendar has. */
export function dateOf(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('.000Z', 'Z');
}

export function avatar(name) {
  const letters = name.trim().split(/[\s@._-]+/).filter(Boolean).slice(0, 2).map((w) => [...w][0].toUpperCase());
  const node = h('span', { class: 'avatar', 'aria-hidden': 'true' }, letters.join('') || '?');
  let hue = 0;
  for (const c of name) hue = (hue * 31 + c.codePointAt(0)) % 360;
  node.style.setProperty('--hue', hue);
  return node;
}

const isRaw = (value) => Boolean(JSON.isRawJSON?.(value));
const isObject = (value) => Boolean(value) && typeof value === 'object' && !isRaw(value);

/** A number that has been kept as it was sent is an object that holds its text. */
const text = (value) => (isRaw(value) ? value.rawJSON : String(value));

/** One value as it is read: CleverTap's dates get their date behind. */
function valueNode(value) {
  const chip = (v) => h('span', { class: 'chip' }, text(v));
  if (Array.isArray(value)) return h('dd', {}, value.map((v) => (isObject(v) ? pairs(v) : chip(v))));
  if (isObject(value)) return h('dd', {}, pairs(value));
  const date = typeof value === 'string' && /^\$D_(-?\d{1,12})$/.exec(value);
  return h('dd', { class: isRaw(value) ? 'number' : typeof value },
    text(value), date ? '  →  ' + dateOf(Number(date[1])) : '');
}

export function pairs(object) {
  return h('dl', { class: 'pairs' }, Object.entries(object).flatMap(([key, value]) => [h('dt', {}, key), valueNode(value)]));
}

const readable = (value) => {
  if (Array.isArray(value)) return value.length + (value.length === 1 ? ' item' : ' items');
  if (isObject(value)) return '{…}';
  const date = typeof value === 'string' && /^\$D_(-?\d{1,12})$/.exec(value);
  return date ? dateOf(Number(date[1])) : text(value);
};

/** A short line of what an object holds, CleverTap's own properties last. */
export function preview(object) {
  const entries = Object.entries(object ?? {});
  const own = ([key]) => (key.startsWith('CT ') ? 1 : 0);
  entries.sort((a, b) => own(a) - own(b));
  return entries.slice(0, 5).flatMap(([key, value], i) => [
    i ? ' · ' : '', h('bdi', {}, key), ': ', h('bdi', {}, readable(value)),
  ]);
}

export async function copy(button, text) {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    // Without clipboard rights the text can still be selected and copied by hand.
  }
  const label = button.textContent;
  button.textContent = done ? 'Copied' : 'Select and copy';
  setTimeout(() => { button.textContent = label; }, 1500);
}
