// What the page knows, caught up by the server's updates. Lists are newest first and bounded.

export const keep = 1000;

export const data = {
  cursor: '', stats: {}, events: [], rejections: [], notices: [], deletions: [], identities: [], profiles: new Map(),
};

/** Applies one update of /sandbox/live and returns whether everything started anew. */
export function apply(update) {
  const view = update.clevertap;
  if (update.reset) {
    for (const list of ['events', 'rejections', 'notices', 'deletions', 'identities']) data[list] = [];
    data.profiles.clear();
  }
  data.cursor = update.cursor;
  data.stats = view.stats;
  for (const list of ['events', 'rejections', 'notices', 'deletions', 'identities']) {
    data[list] = [...view[list].reverse(), ...data[list]].slice(0, keep);
  }
  for (const d of view.deletions) data.profiles.delete(d.profileId);
  for (const i of view.identities) data.profiles.delete(i.mergedId);
  applyProfiles(view.profiles);
  return update.reset;
}

/** A Map keeps insertion order, so what has changed last moves to the end. */
function applyProfiles(list) {
  for (const p of list.reverse()) {
    data.profiles.delete(p.id);
    data.profiles.set(p.id, p);
  }
  for (const id of data.profiles.keys()) {
    if (data.profiles.size <= keep) break;
    data.profiles.delete(id);
  }
}

export const profiles = () => [...data.profiles.values()].reverse();

const haystacks = new WeakMap();

/** Whether every word of the filter is somewhere in the item. */
export function matches(item, words) {
  if (words.length === 0) return true;
  let text = haystacks.get(item);
  if (text === undefined) {
    text = JSON.stringify(item).toLowerCase();
    haystacks.set(item, text);
  }
  return words.every((w) => text.includes(w));
}
