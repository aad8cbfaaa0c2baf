// The rows of the Segment side.
import { chips, expandable } from './rows.js';
import { h, preview, shortTime, time } from './dom.js';

/** What a call without a name is about. */
function title(c) {
  if (c.name) return c.name;
  switch (c.type) {
    case 'identify': return 'Traits';
    case 'group': return 'Group ' + c.call.groupId;
    case 'alias': return `${c.call.previousId} → ${c.userId}`;
    default: return 'No name';
  }
}

const json = (value) => h('pre', { class: 'box' }, JSON.stringify(value, null, 2));

export function callRow(c) {
  const content = c.call.properties ?? c.call.traits ?? {};
  return expandable('c' + c.seq, [
    time(c.received),
    h('span', { class: 'kind' }, c.type),
    h('div', { class: 'grow' },
      h('div', { class: 'line strong' }, h('bdi', {}, title(c))),
      h('div', { class: 'line sub' }, Object.keys(content).length ? preview(content) : 'no properties or traits')),
    h('div', { class: 'who line' }, h('bdi', { class: c.userId ? undefined : 'sub' }, c.userId || c.anonymousId)),
  ], () => [
    h('div', {}, chips([['userId', c.userId], ['anonymousId', c.anonymousId], ['messageId', c.messageId],
      ['happened', shortTime(c.timestamp)]].filter(([, v]) => v))),
    json(c.call),
  ]);
}

export function callRejectionRow(r) {
  return expandable('q' + r.seq, [
    h('div', { class: 'grow' },
      h('div', { class: 'line' }, h('span', { class: 'code' }, r.reason), r.type ? h('span', { class: 'kind' }, r.type) : null),
      h('div', { class: 'line sub' }, h('code', {}, JSON.stringify(r.call)))),
    time(r.time),
  ], () => json(r.call));
}
