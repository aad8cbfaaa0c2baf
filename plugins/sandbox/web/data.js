// What the page knows, caught up by the server's updates. Lists are newest first and bounded.

export const keep = 1000;

export const data = {
  cursor: '', stats: {}, events: [], rejections: [], notices: [], deletions: [], identities: [], profiles: new Map(),
  segment: { stats: {}, calls: [], rejections: [] },
};

/** Reads JSON and keeps numbers as they were sent where JavaScript's would differ. */
export function parse(text) {
  if (!JSON.rawJSON) return JSON.parse(text);
  return JSON.parse(text, (_, value, context) => (
    typeof value === 'number' && context?.source && String(value) !== context.source ? JSON.rawJSON(context.source) : value));
}

/** Applies one update of /sandbox/live and returns whether everything started anew. */
export function apply(update) {
  data.cursor = update.cursor;
  data.stats = update.clevertap.stats;
  data.segment.stats = update.segment.stats;
  catchUp(data, update.clevertap, ['events', 'rejections', 'notices', 'deletions', 'identities'], update.reset);
  catchUp(data.segment, update.segment, ['calls', 'rejections'], update.reset);
  if (update.reset) data.profiles.clear();
  for (const d of update.clevertap.deletions) data.profiles.delete(d.profileId);
  for (const i of update.clevertap.identities) data.profiles.delete(i.mergedId);
  applyProfiles(update.clevertap.profiles);
  return update.reset;
}

function catchUp(kept, view, lists, reset) {
  for (const list of lists) kept[list] = [...view[list].reverse(), ...(reset ? [] : kept[list])].slice(0, keep);
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
