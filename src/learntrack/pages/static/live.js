// Keeps an open page current: asks for the parts that have changed, and for nothing else, whenever it hears that something
// has, when it is connected again, and when a try has failed. Focus and scroll never move by themselves.
const main = document.getElementById('main');
const line = document.getElementById('live');
const SILENT = 12000; // the server says something every five seconds
const LEAST = 500;
const MOST = 2000;

let events = null;
let heard = Date.now();
let busy = false;
let again = false;
let failures = 0;
let waiting = 0;
let took = 0;
let signedOut = false;

const connected = (yes) => {
  if (!line) return;
  line.classList.toggle('on', yes);
  const text = (yes ? line.dataset.live : line.dataset.off).replace('{time}', line.dataset.time);
  const place = line.querySelector('.text');
  if (place.textContent !== text) place.textContent = text;
};

const versions = () => [...document.querySelectorAll('[data-v]')].map((part) => part.dataset.v).join(',');

const element = (html) => {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content.firstElementChild;
};

const focusables = (part) => [...part.querySelectorAll('a, button, input, select, summary')];

// Puts a part in the place of the one before it, with what the reader has opened and where they are in it.
const put = (old, fresh) => {
  const at = focusables(old).indexOf(document.activeElement);
  old.querySelectorAll('details').forEach((each, number) => {
    const same = fresh.querySelectorAll('details')[number];
    if (same && each.open) same.open = true;
  });
  if (old.matches('details[open]')) fresh.open = true;
  if (old.hidden) fresh.hidden = true;
  const before = new Map([...old.querySelectorAll('td a')].map((cell) => [cell.getAttribute('href'), cell.textContent]));
  old.replaceWith(fresh);
  for (const cell of fresh.querySelectorAll('td a')) {
    if (before.has(cell.getAttribute('href')) && before.get(cell.getAttribute('href')) !== cell.textContent) cell.classList.add('changed');
  }
  if (at >= 0) focusables(fresh)[at]?.focus({ preventScroll: true });
};

const toast = (count) => {
  const texts = JSON.parse(main.dataset.changed);
  const form = new Intl.PluralRules(document.documentElement.lang).select(count);
  let place = document.getElementById('toast');
  if (!place) {
    place = document.createElement('div');
    place.id = 'toast';
    place.className = 'toast';
    place.setAttribute('role', 'status');
    document.body.append(place);
  }
  const link = document.createElement('a');
  link.href = location.href;
  link.textContent = main.dataset.show;
  link.addEventListener('click', (event) => { event.preventDefault(); location.reload(); });
  place.replaceChildren((texts[form] ?? texts.other).replace('{count}', new Intl.NumberFormat(document.documentElement.lang + '-u-nu-latn').format(count)), link);
};

const changedRows = new Set();

const show = (update) => {
  for (const { id, html } of update.fragments) {
    const old = document.getElementById(id);
    if (/^r[0-9a-f]{32}$/.test(id)) changedRows.add(id);
    if (old) put(old, element(html));
  }
  if (line && update.time) line.dataset.time = update.time;
  if (update.order !== main.dataset.order) toast(Math.max(1, changedRows.size));
  document.dispatchEvent(new Event('updated'));
};

const sayWhoIsOut = () => {
  signedOut = true;
  events?.close();
  connected(false);
  const told = document.getElementById('notice');
  const link = document.createElement('a');
  link.href = '/reports/sign-in';
  link.textContent = main.dataset.signIn;
  const bold = document.createElement('b');
  bold.textContent = main.dataset.signedOut;
  told.className = 'notice help';
  told.replaceChildren(bold, ' ', main.dataset.from.replace('{time}', line ? line.dataset.time : ''), ' ', link);
  line?.remove();
};

const later = (milliseconds) => {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, milliseconds);
};

async function refresh() {
  clearTimeout(waiting);
  if (signedOut) return;
  if (busy) { again = true; return; }
  busy = true;
  const began = performance.now();
  try {
    const response = await fetch(location.pathname + location.search, { headers: { 'Learntrack-Have': versions() }, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(15000) });
    if (response.status === 401) { sayWhoIsOut(); return; }
    if (response.status === 404) { location.reload(); return; }
    if (!response.ok) throw new Error(String(response.status));
    show(await response.json());
    failures = 0;
    connected(events !== null && events.readyState === EventSource.OPEN);
  } catch {
    failures += 1;
    connected(false);
    later(failures < 30 ? Math.min(MOST, 500 * 2 ** failures) : 15000);
  } finally {
    took = performance.now() - began;
    busy = false;
    // Whoever waits long for an answer asks less often.
    if (again && !signedOut) { again = false; later(Math.max(LEAST, 3 * took)); }
  }
}

const listen = () => {
  events?.close();
  heard = Date.now();
  events = new EventSource(main.dataset.events);
  const alive = () => { heard = Date.now(); };
  events.addEventListener('open', () => { alive(); refresh(); });
  events.addEventListener('beat', alive);
  events.addEventListener('changed', () => { alive(); if (busy) again = true; else later(Math.max(0, 2 * took - LEAST)); });
  events.addEventListener('error', () => {
    connected(false);
    events.close();
    if (!signedOut) { later(LEAST); setTimeout(() => { if (!signedOut && events.readyState === EventSource.CLOSED) listen(); }, MOST / 2); }
  });
};

if (main.dataset.events && window.EventSource) {
  listen();
  setInterval(() => { if (!signedOut && Date.now() - heard > SILENT) listen(); }, 2000);
  addEventListener('offline', () => connected(false));
  addEventListener('online', () => { failures = 0; if (!signedOut) listen(); });
}
