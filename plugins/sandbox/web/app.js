import { $, copy, h, number } from './dom.js';
import { apply, data, keep, matches, parse, profiles } from './data.js';
import { acceptedCalls, renderCounters } from './counters.js';
import { callRejectionRow, callRow } from './calls.js';
import { deletionRow, eventRow, noticeRow, profileRow, rejectionRow } from './rows.js';
import { emptyNote, markTab, nothingMatches, setUpTabs, show } from './list.js';
import { openProfile, people, refreshProfile, renderProfile, search } from './people.js';
import { openSettings, settings, setUpSettings } from './settings.js';
import { setUpFaults } from './faults.js';

const maxRows = 150; // what is rendered of a list
const services = {
  clevertap: {
    title: 'Events', list: () => data.events, total: () => data.stats.accepted?.event, key: 'e', row: eventRow,
    older: 'Load older events', shown: maxRows, tab: 'profiles',
    empty: firstSteps('Paste this output into a pipeline and run it. What it uploads shows up here at once.', () => settings.yaml),
  },
  segment: {
    title: 'Calls', list: () => data.segment.calls, total: acceptedCalls, key: 'c', row: callRow,
    older: 'Load older calls', shown: maxRows, tab: 'callRejections',
    empty: firstSteps('Paste this output into a pipeline and run it. The calls it sends show up here at once.', () => settings.segmentYaml),
  },
};
let service = '';
let paused = false;
let stream = null;

const tabs = [...document.querySelectorAll('[data-tab]')];
const switches = [...document.querySelectorAll('[data-service]')];
const words = () => $('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
const profileIsOpen = () => people.detail !== null && services[service].tab === 'profiles';

function firstSteps(text, yaml) {
  return () => h('div', { class: 'empty' }, h('h3', {}, 'Nothing has arrived yet'), h('p', {}, text),
    h('pre', { class: 'box' }, yaml()),
    h('button', { type: 'button', class: 'primary', onclick: (e) => copy(e.currentTarget, yaml()) }, 'Copy'),
    h('button', { type: 'button', onclick: openSettings }, 'Send one by hand'));
}

function renderStream() {
  const s = services[service];
  const filter = words();
  const all = s.list();
  const list = all.filter((item) => matches(item, filter));
  show($('events'), list.slice(0, s.shown).map((item) => ({ key: s.key + item.seq, make: () => s.row(item) })),
    all.length ? nothingMatches : s.empty);
  const oldest = all.at(-1);
  $('older').hidden = !oldest || s.shown >= keep || list.length <= s.shown && oldest.seq <= 1;
  $('stream-note').textContent = all.length
    ? `newest first · showing ${number(Math.min(list.length, s.shown))} of ${number(s.total())}` : '';
}

const panels = {
  profiles: () => rows(people.found ?? profiles(), (p) => ['p' + p.id + '.' + p.updated, () => profileRow(p, (of) => openProfile(of, closeProfile))],
    emptyNote('No profiles yet', 'Every person that an upload names appears here, with attributes, devices and push tokens.')),
  rejections: () => rows(data.rejections, (r) => ['r' + r.seq, () => rejectionRow(r)],
    emptyNote('Nothing was rejected', 'Records that CleverTap would refuse appear here with its code and text.')),
  notices: () => rows(data.notices, (n) => ['n' + n.seq, () => noticeRow(n, data.profiles.get(n.profileId)?.person ?? '')],
    emptyNote('Everything was stored as sent', 'CleverTap accepts some records and stores them changed: values cut, attributes dropped. These cases appear here.')),
  deletions: () => rows(data.deletions, (d) => ['d' + d.seq, () => deletionRow(d)],
    emptyNote('Nothing was deleted', 'Ids that delete calls name appear here.')),
  callRejections: () => rows(data.segment.rejections, (r) => ['q' + r.seq, () => callRejectionRow(r)],
    emptyNote('Nothing was rejected', 'Segment answers 200 to calls that it then discards. They appear here with its reason.')),
};

function rows(list, row, empty) {
  const filter = list === people.found ? [] : words();
  const kept = list.filter((item) => matches(item, filter)).slice(0, maxRows);
  show($('panel'), kept.map((item) => {
    const [key, make] = row(item);
    return { key, make: () => { const node = make(); node.dataset.key = key; return node; } };
  }), list.length || filter.length || people.found ? nothingMatches : empty);
}

function renderPanel() {
  if (profileIsOpen()) renderProfile(closeProfile);
  else panels[services[service].tab]();
}

function closeProfile() {
  const id = people.detail.profile.id;
  people.detail = null;
  renderPanel();
  $('panel').querySelector(`[data-key^="p${id}."]`)?.focus();
}

function render() {
  renderCounters();
  renderStream();
  if (profileIsOpen()) refreshProfile(closeProfile);
  else renderPanel();
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

function selectTab(button) {
  const { tab } = button.dataset;
  services[service].tab = tab;
  if (tab !== 'profiles') people.detail = null;
  markTab(tabs, button);
  $('panel').setAttribute('aria-labelledby', button.id);
  $('panel').replaceChildren();
  renderPanel();
}

function selectService(button) {
  service = button.dataset.service;
  document.body.dataset.service = service;
  history.replaceState(null, '', service === 'clevertap' ? location.pathname : '#' + service);
  markTab(switches, button);
  $('stream-title').textContent = services[service].title;
  $('older').textContent = services[service].older;
  for (const tab of tabs) tab.hidden = tab.dataset.of !== service;
  $('events').replaceChildren();
  renderStream();
  selectTab(tabs.find((tab) => tab.dataset.tab === services[service].tab));
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
    if (apply(parse(message.data))) {
      people.detail = null;
      search(searched);
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
  const name = service;
  const s = services[name];
  s.shown += maxRows;
  const oldest = s.list().at(-1);
  if (s.list().length < s.shown && oldest.seq > 1) {
    const response = await fetch(`/sandbox/state?limit=300&service=${name}&before=${oldest.seq}`);
    if (response.ok) s.list().push(...parse(await response.text()).reverse());
  }
  renderStream();
}

function searched() {
  if (services[service].tab === 'profiles' && !people.detail) renderPanel();
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

$('pause').addEventListener('click', pause);
$('older').addEventListener('click', older);
$('filter').addEventListener('input', () => {
  people.detail = null;
  search(searched);
  render();
});
$('reset').addEventListener('click', () => {
  if (confirm('Forget everything that has arrived at CleverTap and Segment?')) fetch('/sandbox/reset', { method: 'POST' });
});
document.addEventListener('keydown', keys);
setUpTabs(tabs, selectTab);
setUpTabs(switches, selectService);
setUpFaults();
await setUpSettings();
selectService(switches.find((b) => location.hash === '#' + b.dataset.service) ?? switches[0]);
connect();
