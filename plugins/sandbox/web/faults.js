import { $ } from './dom.js';

const rates = ['error_rate', 'partial_failures', 'lost_replies', 'no_reply'];

function fill(form, faults) {
  for (const input of form.elements) {
    if (!input.name) continue;
    const value = faults[input.name];
    input.value = rates.includes(input.name) ? Number((value * 100).toFixed(4)) : value;
  }
  const on = Object.values(faults).some((v) => v && v !== '0s');
  $('open-faults').textContent = on ? 'Faults on' : 'Faults';
  $('open-faults').setAttribute('aria-pressed', on);
}

function read(form) {
  const faults = {};
  for (const input of form.elements) {
    if (!input.name) continue;
    if (rates.includes(input.name)) faults[input.name] = Number(input.value) / 100;
    else if (input.type === 'number') faults[input.name] = Number(input.value);
    else faults[input.name] = input.value.trim();
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
    for (const input of form.elements) if (input.name) input.value = input.type === 'number' ? 0 : '0s';
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
