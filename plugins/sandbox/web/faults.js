import { $ } from './dom.js';

const rates = ['error_rate', 'partial_failures', 'lost_replies', 'no_reply', 'throttled'];

/** The knobs of CleverTap have plain names, those of Segment begin with "segment.". */
function knob(faults, path) {
  const [service, name] = path.includes('.') ? path.split('.') : [null, path];
  return { group: service ? (faults[service] ??= {}) : faults, name, isRate: rates.includes(name) };
}

const inputs = (form) => [...form.elements].filter((input) => input.name);

function fill(form, faults) {
  let on = false;
  for (const input of inputs(form)) {
    const { group, name, isRate } = knob(faults, input.name);
    on ||= Boolean(group[name]) && group[name] !== '0s';
    input.value = isRate ? Number((group[name] * 100).toFixed(4)) : group[name];
  }
  $('open-faults').textContent = on ? 'Faults on' : 'Faults';
  $('open-faults').setAttribute('aria-pressed', on);
}

function read(form) {
  const faults = {};
  for (const input of inputs(form)) {
    const { group, name, isRate } = knob(faults, input.name);
    if (isRate) group[name] = Number(input.value) / 100;
    else group[name] = input.type === 'number' ? Number(input.value) : input.value.trim();
  }
  return faults;
}

/** Wires the dialog that shows and changes the faults in force. */
export function setUpFaults() {
  const dialog = $('faults');
  const form = $('faults-form');
  const load = async () => fill(form, await (await fetch('/sandbox/faults')).json());
  $('open-faults').addEventListener('click', async () => {
    $('faults-error').textContent = '';
    await load();
    dialog.showModal();
  });
  $('close-faults').addEventListener('click', () => dialog.close());
  $('no-faults').addEventListener('click', () => {
    for (const input of inputs(form)) input.value = input.type === 'number' ? 0 : '0s';
  });
  form.addEventListener('submit', async (e) => {
    e.preventDefault();
    const response = await fetch('/sandbox/faults', { method: 'POST', body: JSON.stringify(read(form)) });
    if (!response.ok) {
      $('faults-error').textContent = await response.text();
      return;
    }
    fill(form, await response.json());
    dialog.close();
  });
  load();
}
