// One function per kind of row of the CleverTap side.
import { avatar, dateOf, h, number, pairs, preview, time } from './dom.js';

const ids = (e) => [['identity', e.identity], ['objectId', e.objectId], ['FBID', e.fbid], ['GPID', e.gpid]].filter(([, v]) => v);

export const chips = (list) => list.map(([label, value]) => h('span', { class: 'chip' }, h('i', {}, label), value));

/** The details of a row are built when it is opened: most never are. */
export function expandable(key, summary, build) {
  const details = h('details', { 'data-key': key }, h('summary', {}, summary));
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(h('div', { class: 'detail' }, build()));
  });
  return details;
}

export function eventRow(e, short) {
  return expandable('e' + e.seq, [
    time(e.received),
    h('div', { class: 'grow' },
      h('div', { class: 'line strong' }, e.name),
      h('div', { class: 'line sub' }, Object.keys(e.properties ?? {}).length ? preview(e.properties) : 'no properties')),
    short ? null : h('div', { class: 'who line' }, h('bdi', {}, e.person)),
  ], () => [
    h('div', {}, chips([...ids(e), ['ts', dateOf(e.ts)]])),
    pairs(e.properties ?? {}),
  ]);
}

export function profileRow(p, open) {
  const id = p.identities[0] ?? p.objectIds[0] ?? '';
  const known = p.attributes.Email ?? p.attributes.email ?? p.attributes.Phone ?? '';
  return h('button', { type: 'button', class: 'person', 'data-key': 'p' + p.id, onclick: () => open(p) },
    avatar(p.person),
    h('div', { class: 'grow' },
      h('div', { class: 'line strong' }, h('bdi', {}, p.person)),
      h('div', { class: 'line sub' }, h('bdi', {}, p.identities.length ? id : 'anonymous'),
        known ? [' · ', h('bdi', {}, String(known))] : [])),
    p.tokens.length ? h('span', { class: 'code good', title: 'has push tokens' }, 'push') : null,
    h('span', { class: 'count' }, number(p.events), p.events === 1 ? ' event' : ' events'));
}

export function rejectionRow(r) {
  return expandable('r' + r.seq, [
    h('span', { class: 'code' }, String(r.code)),
    h('div', { class: 'grow' },
      h('div', { class: 'line' }, r.error.replace(/Skipped record number.*/, '')),
      h('div', { class: 'line sub' }, h('code', {}, JSON.stringify(r.record)))),
    time(r.time),
  ], () => [h('p', {}, r.error), h('br'), h('pre', { class: 'box' }, JSON.stringify(r.record, null, 2))]);
}

export function noticeRow(n, person) {
  return h('details', { 'data-key': 'n' + n.seq },
    h('summary', {}, h('span', { class: 'code warn' }, 'changed'),
      h('div', { class: 'grow' }, h('div', {}, n.text), h('div', { class: 'line sub' }, person)), time(n.time)));
}

export function deletionRow(d) {
  return h('details', { 'data-key': 'd' + d.seq },
    h('summary', {}, h('span', { class: d.found ? 'code good' : 'code warn' }, d.found ? 'deleted' : 'unknown'),
      h('div', { class: 'grow' }, h('div', { class: 'line' }, h('code', {}, d.identity ?? d.objectId)),
        h('div', { class: 'sub' }, d.identity ? 'identity' : 'objectId (guid)')),
      time(d.time)));
}

export function profileView(p, events, history, back) {
  const section = (title, body) => (body.length ? [h('h4', {}, title), body] : []);
  return h('article', { class: 'profile' },
    h('button', { type: 'button', id: 'back', onclick: back }, '← All profiles'),
    h('header', {}, avatar(p.person), h('div', {}, h('h3', {}, p.person),
      h('div', { class: 'sub' }, number(p.events), p.events === 1 ? ' event' : ' events', ' · changed ', time(p.updated)))),
    section('Identities', chips([...p.identities.map((v) => ['identity', v]),
      ...(p.fbids ?? []).map((v) => ['FBID', v]), ...(p.gpids ?? []).map((v) => ['GPID', v])])),
    section('Devices', chips(p.objectIds.map((v) => ['objectId', v]))),
    section('Push tokens', chips(p.tokens.map((t) => [t.type, t.id]))),
    section('Attributes', Object.keys(p.attributes).length ? [h('div', { class: 'box' }, pairs(p.attributes))] : []),
    section('Identity history', chips(history.map((i) => [[i.name, i.type].filter(Boolean).join(', '), i.id]))),
    section('Latest events', events.map((e) => eventRow(e, true))));
}
