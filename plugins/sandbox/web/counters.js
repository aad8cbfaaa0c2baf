// The numbers of both services.
import { $, h, number } from './dom.js';
import { data } from './data.js';

const types = ['identify', 'track', 'page', 'screen', 'group', 'alias'];

function fill(list, cells) {
  list.replaceChildren(...cells.map(([label, n, mood, title]) =>
    h('div', { class: n && mood ? mood : undefined, title }, h('dt', {}, label), h('dd', {}, number(n)))));
}

function clevertap(s) {
  const accepted = s.accepted ?? {};
  return [
    ['received', s.records],
    ['profile records', accepted.profile, undefined, 'accepted; the tab counts people'],
    ['events', accepted.event], ['tokens', accepted.token],
    ['rejected', s.rejected, 'bad'], ['deleted', s.deleted],
    ['exported', s.exportPages, undefined, 'pages of exports given out'],
    ['requests', s.requests], ['throttled', s.throttled, 'warn', 'requests answered 429'],
    ['in parallel', s.maxInFlight, undefined, 'most requests at once'],
  ];
}

function segment(s) {
  return [
    ...types.map((type) => [type, s.accepted?.[type]]),
    ['received', s.calls], ['rejected', s.rejected, 'bad', 'answered 200 and discarded'],
    ['duplicates', s.duplicates, undefined, 'message ids that had come before'],
    ['lost', s.lost, 'bad', 'sent with a wrong write key: answered 200 and discarded'],
    ['throttled', s.throttled, 'warn', 'requests answered 429'], ['requests', s.requests],
  ];
}

export const acceptedCalls = () => types.reduce((n, type) => n + (data.segment.stats.accepted?.[type] ?? 0), 0);

export function renderCounters() {
  fill($('counters-clevertap'), clevertap(data.stats));
  fill($('counters-segment'), segment(data.segment.stats));
  const sum = (n, word) => `${number(n)} ${word}${n === 1 ? '' : 's'}`;
  $('sum-clevertap').textContent = sum(data.stats.accepted?.event ?? 0, 'event');
  $('sum-segment').textContent = sum(acceptedCalls(), 'call');
  const counts = {
    profiles: data.stats.profiles, rejections: data.stats.rejected, notices: data.notices.length,
    deletions: data.stats.deleted, callRejections: data.segment.stats.rejected,
  };
  for (const button of document.querySelectorAll('[data-tab]')) {
    const n = counts[button.dataset.tab];
    button.querySelector('b').textContent = n ? number(n) : '';
  }
}
