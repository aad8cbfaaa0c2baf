// The dialog with what to paste.
import { $, copy, h } from './dom.js';

export const settings = { url: '', accountId: '', passcode: '', yaml: '', segmentYaml: '', eventsYaml: '' };

const firstEvent = () => `curl ${settings.url}/1/upload \\
  -H 'X-CleverTap-Account-Id: ${settings.accountId}' \\
  -H 'X-CleverTap-Passcode: ${settings.passcode}' \\
  -d '{"d":[{"type":"event","identity":"ada","evtName":"Hello","evtData":{"from":"curl"}}]}'`;

const firstCall = () => `curl ${settings.url}/v1/track \\
  -u '${settings.writeKey}:' \\
  -d '{"userId":"ada","event":"Hello","properties":{"from":"curl"}}'`;

function snippet(text) {
  return h('div', { class: 'snippet' }, h('pre', { tabindex: '0' }, text),
    h('button', { type: 'button', onclick: (e) => copy(e.currentTarget, text) }, 'Copy'));
}

export function openSettings() {
  $('settings').showModal();
  $('snippets').scrollTop = 0;
}

export async function setUpSettings() {
  Object.assign(settings, await (await fetch('/sandbox/settings')).json());
  $('address').textContent = settings.url;
  $('account').textContent = settings.accountId;
  $('write-key').textContent = settings.writeKey;
  $('snippets').replaceChildren(
    h('section', {}, h('h3', { class: 'mark clevertap' }, 'CleverTap'),
      h('p', {}, 'An output that uploads to this sandbox:'), snippet(settings.yaml),
      h('p', {}, 'An input that exports the events it has:'), snippet(settings.eventsYaml),
      h('p', {}, 'A first event by hand:'), snippet(firstEvent())),
    h('section', {}, h('h3', { class: 'mark segment' }, 'Segment'),
      h('p', {}, 'An output that sends calls to this sandbox:'), snippet(settings.segmentYaml),
      h('p', {}, 'A first call by hand:'), snippet(firstCall())));
  $('open-settings').addEventListener('click', openSettings);
}
