import { $, copy, h, number } from './dom.js';
import { apply, data, keep, matches, profiles } from './data.js';
import { deletionRow, eventRow, noticeRow, profileRow, profileView, rejectionRow } from './rows.js';
import { setUpFaults } from './faults.js';

const maxRows = 150; // what is rendered of a list
const maxFresh = 20; // more new rows than this at once are not highlighted one by one
let tab = 'profiles';
let shown = maxRows; // of the events; grows when older ones are asked for
let paused = false;
let detail = null; // the profile that is open: {profile, events}
let found = null; // profiles that the server has found for the filter
let settings = { url: '', accountId: '', passcode: '', yaml: '' };
let stream = null;

const words = () => $('filter').value.toLowerCase().split(/\s+/).filter(Boolean);

/** Shows rows and keeps the nodes of those that were there: open ones stay open, the focus stays. */
function show(container, rows, empty) {
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

function emptyNote(title, text, ...more) {
  return () => h('div', { class: 'empty' }, h('h3', {}, title), h('p', {}, text), ...more);
}

const nothingMatches = emptyNote('Nothing matches', 'No row has all the words of the filter.');

function firstSteps() {
  return h('div', { class: 'empty' }, h('h3', {}, 'Nothing has arrived yet'),
    h('p', {}, 'Paste this output into a pipeline and run it. What it uploads shows up here at once.'),
    h('pre', { class: 'box' }, settings.yaml),
    h('button', { type: 'button', class: 'primary', onclick: (e) => copy(e.currentTarget, settings.yaml) }, 'Copy'),
    h('button', { type: 'button', onclick: () => $('settings').showModal() }, 'Send one by hand'));
}

function renderCounters() {
  const s = data.stats;
  const accepted = s.accepted ?? {};
  const cells = [
    ['received', s.records], ['profiles accepted', accepted.profile], ['events accepted', accepted.event],
    ['tokens accepted', accepted.token], ['rejected', s.rejected, 'bad'], ['deleted', s.deleted],
    ['requests', s.requests], ['answered 429', s.throttled, 'warn'], ['most in parallel', s.maxInFlight],
  ];
  $('counters').replaceChildren(...cells.map(([label, n, mood]) =>
    h('div', { class: n && mood ? mood : undefined }, h('dt', {}, label), h('dd', {}, number(n)))));
  const counts = { profiles: s.profiles, rejections: s.rejected, notices: data.notices.length, deletions: s.deleted };
  for (const button of document.querySelectorAll('[data-tab]')) {
    const n = counts[button.dataset.tab];
    button.querySelector('b').textContent = n ? number(n) : '';
  }
}

function renderEvents() {
  const filter = words();
  const list = data.events.filter((e) => matches(e, filter));
  show($('events'), list.slice(0, shown).map((e) => ({ key: 'e' + e.seq, make: () => eventRow(e) })),
    data.events.length ? nothingMatches : firstSteps);
  const oldest = data.events.at(-1);
  $('older').hidden = !oldest || shown >= keep || list.length <= shown && oldest.seq <= 1;
  $('stream-note').textContent = data.events.length
    ? `newest first · showing ${number(Math.min(list.length, shown))} of ${number(data.stats.accepted?.event)}` : '';
}

const panels = {
  profiles: () => rows(found ?? profiles(), (p) => ['p' + p.id + '.' + p.updated, () => profileRow(p, openProfile)],
    emptyNote('No profiles yet', 'Every person that an upload names appears here, with attributes, devices and push tokens.')),
  rejections: () => rows(data.rejections, (r) => ['r' + r.seq, () => rejectionRow(r)],
    emptyNote('Nothing was rejected', 'Records that CleverTap would refuse appear here with its code and text.')),
  notices: () => rows(data.notices, (n) => ['n' + n.seq, () => noticeRow(n, data.profiles.get(n.profileId)?.person ?? '')],
    emptyNote('Everything was stored as sent', 'CleverTap accepts some records and stores them changed: values cut, attributes dropped. These cases appear here.')),
  deletions: () => rows(data.deletions, (d) => ['d' + d.seq, () => deletionRow(d)],
    emptyNote('Nothing was deleted', 'Ids that delete calls name appear here.')),
};

function rows(list, row, empty) {
  const filter = list === found ? [] : words();
  const kept = list.filter((item) => matches(item, filter)).slice(0, maxRows);
  show($('panel'), kept.map((item) => {
    const [key, make] = row(item);
    return { key, make: () => { const node = make(); node.dataset.key = key; return node; } };
  }), list.length ? nothingMatches : filter.length || found ? nothingMatches : empty);
}

function renderPanel() {
  if (tab === 'profiles' && detail) {
    const history = data.identities.filter((i) => i.profileId === detail.profile.id);
    $('panel').replaceChildren(profileView(detail.profile, detail.events.toReversed(), history, closeProfile));
    return;
  }
  panels[tab]();
}

function render() {
  renderCounters();
  renderEvents();
  if (!detail || tab !== 'profiles') renderPanel();
  else refreshProfile();
}

let scheduled = false;
/** Draws once per frame however many updates have come; a hidden tab draws nothing. */
function scheduleRender() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    render();
  });
}

const fetchProfile = (p) => fetch('/sandbox/profile?id=' + encodeURIComponent(p.objectIds[0] ?? p.identities[0]));

/** Keeps an open profile current, unless one of its events is being read. */
async function refreshProfile() {
  const { id, updated } = detail.profile;
  const latest = data.profiles.get(id);
  if (!latest || latest.updated === updated || $('panel').querySelector('details[open]')) return;
  const response = await fetchProfile(latest);
  if (!response.ok || detail?.profile.id !== id || tab !== 'profiles') return;
  detail = await response.json();
  const { scrollTop } = $('panel');
  const focused = document.activeElement === $('back');
  renderPanel();
  $('panel').scrollTop = scrollTop;
  if (focused) $('back').focus();
}

async function openProfile(p) {
  const response = await fetchProfile(p);
  if (!response.ok) return;
  detail = await response.json();
  renderPanel();
  $('panel').scrollTop = 0;
  $('back').focus();
}

function closeProfile() {
  const id = detail.profile.id;
  detail = null;
  renderPanel();
  $('panel').querySelector(`[data-key^="p${id}."]`)?.focus();
}

function select(name) {
  tab = name;
  if (name !== 'profiles') detail = null;
  for (const button of document.querySelectorAll('[data-tab]')) {
    const chosen = button.dataset.tab === name;
    button.setAttribute('aria-selected', chosen);
    button.tabIndex = chosen ? 0 : -1;
    if (chosen) $('panel').setAttribute('aria-labelledby', button.id);
  }
  $('panel').replaceChildren();
  renderPanel();
}

function status(state, text) {
  $('live').dataset.state = state;
  $('live').textContent = text;
}

function connect() {
  stream?.close();
  stream = new EventSource('/sandbox/live?since=' + encodeURIComponent(data.cursor));
  stream.onopen = () => status('live', 'Live');
  stream.onerror = () => status('lost', 'Reconnecting');
  stream.onmessage = (message) => {
    if (apply(JSON.parse(message.data))) {
      detail = null;
      found = null;
      search();
    }
    scheduleRender();
  };
}

function pause() {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', paused);
  $('pause').textContent = paused ? 'Resume' : 'Pause';
  if (!paused) return connect();
  stream.close();
  status('paused', 'Paused');
}

async function older() {
  shown += maxRows;
  const oldest = data.events.at(-1);
  if (data.events.length < shown && oldest.seq > 1) {
    const response = await fetch('/sandbox/state?limit=300&before=' + oldest.seq);
    if (response.ok) data.events.push(...(await response.json()).reverse());
  }
  renderEvents();
}

let searching = 0;
/** The page holds the newest profiles only; a filter asks the server for the others. */
function search() {
  clearTimeout(searching);
  const text = $('filter').value.trim();
  found = null;
  if (!text) return;
  searching = setTimeout(async () => {
    const response = await fetch('/sandbox/profiles?limit=100&q=' + encodeURIComponent(text));
    if (!response.ok || $('filter').value.trim() !== text) return;
    found = await response.json();
    if (tab === 'profiles' && !detail) renderPanel();
  }, 200);
}

function keys(e) {
  if (e.key === '/' && !/^(INPUT|TEXTAREA)$/.test(e.target.tagName)) {
    e.preventDefault();
    $('filter').focus();
  }
  if (e.key === 'Escape' && e.target === $('filter')) {
    $('filter').value = '';
    $('filter').dispatchEvent(new Event('input'));
  }
}

function tabKeys(e) {
  const buttons = [...document.querySelectorAll('[data-tab]')];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
  if (!step) return;
  const next = buttons[(buttons.indexOf(e.target) + step + buttons.length) % buttons.length];
  next.focus();
  select(next.dataset.tab);
}

async function loadSettings() {
  settings = await (await fetch('/sandbox/settings')).json();
  $('address').textContent = settings.url;
  $('account').textContent = settings.accountId;
  $('snippet').textContent = settings.yaml;
  $('curl').textContent = `curl ${settings.url}/1/upload \\
  -H 'X-CleverTap-Account-Id: ${settings.accountId}' \\
  -H 'X-CleverTap-Passcode: ${settings.passcode}' \\
  -d '{"d":[{"type":"event","identity":"ada","evtName":"Hello","evtData":{"from":"curl"}}]}'`;
}

$('pause').addEventListener('click', pause);
$('older').addEventListener('click', older);
$('filter').addEventListener('input', () => { detail = null; search(); render(); });
$('open-settings').addEventListener('click', () => $('settings').showModal());
$('copy').addEventListener('click', (e) => copy(e.currentTarget, $('snippet').textContent));
$('copy-curl').addEventListener('click', (e) => copy(e.currentTarget, $('curl').textContent));
$('reset').addEventListener('click', () => {
  if (confirm('Forget all profiles, events and counters?')) fetch('/sandbox/reset', { method: 'POST' });
});
for (const button of document.querySelectorAll('[data-tab]')) {
  button.addEventListener('click', () => select(button.dataset.tab));
  button.addEventListener('keydown', tabKeys);
}
document.addEventListener('keydown', keys);
setUpFaults();
await loadSettings();
connect();
