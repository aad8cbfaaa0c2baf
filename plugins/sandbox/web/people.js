// The profile that is open in the panel, and the search for profiles that the page does not hold.
import { $ } from './dom.js';
import { data, parse } from './data.js';
import { profileView } from './rows.js';

/** detail is the profile that is open, found what the server has found for the filter: each may be null. */
export const people = { detail: null, found: null };

async function load(p) {
  const response = await fetch('/sandbox/profile?id=' + encodeURIComponent(p.objectIds[0] ?? p.identities[0]));
  return response.ok ? parse(await response.text()) : null;
}

export function renderProfile(close) {
  const { profile, events } = people.detail;
  const history = data.identities.filter((i) => i.profileId === profile.id);
  $('panel').replaceChildren(profileView(profile, events.toReversed(), history, close));
}

/** Keeps an open profile current, unless one of its events is being read. */
export async function refreshProfile(close) {
  const { id, updated } = people.detail.profile;
  const latest = data.profiles.get(id);
  if (!latest || latest.updated === updated || $('panel').querySelector('details[open]')) return;
  const detail = await load(latest);
  if (!detail || people.detail?.profile.id !== id || !$('panel').querySelector('.profile')) return;
  people.detail = detail;
  const { scrollTop } = $('panel');
  const focused = document.activeElement === $('back');
  renderProfile(close);
  $('panel').scrollTop = scrollTop;
  if (focused) $('back').focus();
}

export async function openProfile(p, close) {
  const detail = await load(p);
  if (!detail) return;
  people.detail = detail;
  renderProfile(close);
  $('panel').scrollTop = 0;
  $('back').focus();
}

let searching = 0;
/** The page holds the newest profiles only; a filter asks the server for the others. */
export function search(then) {
  clearTimeout(searching);
  const text = $('filter').value.trim();
  people.found = null;
  if (!text) return;
  searching = setTimeout(async () => {
    const response = await fetch('/sandbox/profiles?limit=100&q=' + encodeURIComponent(text));
    if (!response.ok || $('filter').value.trim() !== text) return;
    people.found = parse(await response.text());
    then();
  }, 200);
}
