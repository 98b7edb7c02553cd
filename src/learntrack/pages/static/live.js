// Keeps an open page current: asks for the parts that have changed, and for nothing else, whenever it hears that
// something has, when it is connected again, and when a try has failed. Focus and scroll never move by themselves.
const main = document.getElementById('main');
const line = document.getElementById('live');
const SILENT = 12000; // the server says something every five seconds
const LEAST = 500;
const MOST = 2000;
const SELDOM = 15000;
const LATEST = 15000; // an answer that has not come by then does not come

let events = null;
let heard = Date.now();
let asking = null; // what ends the question that is being asked
let again = false;
let failures = 0;
let waiting = 0;
let took = 0;
let refused = 0; // streams, since one was open while answers came
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
  const address = (cell) => cell.getAttribute('href');
  const before = new Map([...old.querySelectorAll('td a')].map((cell) => [address(cell), cell.textContent]));
  old.replaceWith(fresh);
  for (const cell of fresh.querySelectorAll('td a')) {
    const said = before.get(address(cell));
    if (said !== undefined && said !== cell.textContent) cell.classList.add('changed');
  }
  if (at >= 0) focusables(fresh)[at]?.focus({ preventScroll: true });
};

const toast = (count) => {
  const texts = JSON.parse(main.dataset.changed);
  const { lang } = document.documentElement;
  const form = new Intl.PluralRules(lang).select(count);
  const number = new Intl.NumberFormat(`${lang}-u-nu-latn`).format(count);
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
  place.replaceChildren((texts[form] ?? texts.other).replace('{count}', number), link);
};

const changedRows = new Set();

const show = (update) => {
  let isMore = false; // a part that this page has no place for: somebody's first work, a new try
  for (const { id, html } of update.fragments) {
    const old = document.getElementById(id);
    if (/^r[0-9a-f]{32}$/.test(id)) changedRows.add(id);
    if (old) put(old, element(html));
    else isMore = true;
  }
  if (line && update.time) line.dataset.time = update.time;
  if (isMore && document.querySelector('[data-fills]')) location.reload();
  else if (isMore || update.order !== main.dataset.order) toast(Math.max(1, changedRows.size));
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
  if (asking) { again = true; return; }
  asking = new AbortController();
  const limit = setTimeout(() => asking.abort(), LATEST);
  const began = performance.now();
  try {
    const response = await fetch(location.pathname + location.search, {
      headers: { 'Learntrack-Have': versions() },
      credentials: 'same-origin',
      cache: 'no-store',
      signal: asking.signal,
    });
    if (response.status === 401) { sayWhoIsOut(); return; }
    if (response.status === 404) { location.reload(); return; }
    if (!response.ok) throw new Error(String(response.status));
    show(await response.json());
    took = performance.now() - began;
    failures = 0;
    connected(events !== null && events.readyState === EventSource.OPEN);
  } catch {
    failures += 1;
    connected(false);
    again = false; // it is asked again anyway
    later(failures < 30 ? Math.min(MOST, LEAST * 2 ** failures) : SELDOM);
  } finally {
    clearTimeout(limit);
    asking = null;
    // Whoever waits long for an answer asks less often.
    if (again && !signedOut) { again = false; later(Math.max(LEAST, 3 * took)); }
  }
}

const listen = () => {
  events?.close();
  heard = Date.now();
  events = new EventSource(main.dataset.events);
  const alive = () => { heard = Date.now(); };
  events.addEventListener('open', () => { refused = 0; alive(); refresh(); });
  events.addEventListener('beat', alive);
  events.addEventListener('changed', () => {
    alive();
    if (asking) again = true;
    else later(Math.max(0, 2 * took - LEAST));
  });
  events.addEventListener('error', lost);
};

const lost = () => {
  connected(false);
  events.close();
  if (signedOut) return;
  if (failures === 0) { // else it is being asked anyway
    later(LEAST);
    refused += 1;
  }
  // Where answers come but no stream does, asking every second would be all that the server does.
  const pause = failures > 0 ? MOST / 2 : Math.min(SELDOM, MOST / 4 * 2 ** refused);
  setTimeout(() => { if (!signedOut && events.readyState === EventSource.CLOSED) listen(); }, pause);
};

if (main.dataset.events && window.EventSource) {
  listen();
  // A network that is silent says no error: until something is heard again it may be gone.
  setInterval(() => { if (!signedOut && Date.now() - heard > SILENT) { connected(false); listen(); } }, 2000);
  // What was on its way when the network went may still arrive: without the stream it does not make the page live.
  addEventListener('offline', lost);
  // What was asked while there was no network may never be answered.
  addEventListener('online', () => { failures = 0; asking?.abort(); if (!signedOut) listen(); });
}
