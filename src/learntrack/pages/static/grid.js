// The grid by keyboard and touch: one stop for the tab key; arrows, Home, End and Page keys move in it, Escape leaves.
// What a cell says is read below it, whether it is focused, pointed at or touched.
const grid = document.querySelector('[data-grid]');
const reading = document.getElementById('reading');
const step = document.documentElement.dir === 'rtl' ? -1 : 1;
const PAGE = 10;

let at = { row: 0, column: 0 };
let touched = null;

const rows = () => [...grid.tBodies[0].rows].filter((row) => !row.hidden);

const links = (row) => [row.querySelector('th a'), ...[...row.cells].slice(2).map((cell) => cell.querySelector('a'))];

const titles = () => [...grid.querySelectorAll('.titles .vertical')].map((title) => title.textContent);

const within = (number, last) => Math.max(0, Math.min(last, number));

// Makes the cell at which one is the grid's one stop.
const stop = () => {
  for (const link of grid.querySelectorAll('tbody a')) link.tabIndex = -1;
  const all = rows();
  const row = all[Math.min(at.row, all.length - 1)];
  const link = row && (links(row)[at.column] ?? links(row)[0]);
  if (link) link.tabIndex = 0;
};

const place = (link) => {
  const row = link.closest('tr');
  return { row: rows().indexOf(row), column: links(row).indexOf(link) };
};

// The cells of contents that are not the learner's have no link, and are passed over.
const go = (row, column) => {
  const all = rows();
  const line = within(row, all.length - 1);
  const inRow = links(all[line]);
  let next = within(column, inRow.length - 1);
  const direction = next >= at.column ? 1 : -1;
  while (next > 0 && next < inRow.length - 1 && !inRow[next]) next += direction;
  const link = inRow[next] ?? inRow[0];
  at = { row: line, column: inRow.indexOf(link) };
  stop();
  link.focus();
};

const moves = {
  ArrowUp: () => go(at.row - 1, at.column),
  ArrowDown: () => go(at.row + 1, at.column),
  ArrowLeft: () => go(at.row, at.column - step),
  ArrowRight: () => go(at.row, at.column + step),
  Home: () => go(at.row, 0),
  End: () => go(at.row, Infinity),
  PageUp: () => go(at.row - PAGE, at.column),
  PageDown: () => go(at.row + PAGE, at.column),
  Escape: () => { document.querySelector('.reading a:not([hidden])')?.focus(); },
};

const isolated = (text, tag = 'bdi') => {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
};

const tileOf = (link) => {
  const tile = document.createElement('span');
  tile.className = `${link.className.replace('changed', '')} big`;
  tile.setAttribute('aria-hidden', 'true');
  tile.append(link.firstChild.cloneNode(true));
  return tile;
};

const read = (link) => {
  const { column } = place(link);
  if (column < 1) return;
  const name = document.createElement('bdi');
  name.append(isolated(link.closest('tr').querySelector('th a').textContent, 'b'));
  const said = link.querySelector('.hidden').cloneNode(true);
  said.querySelector('b').className = link.classList.contains('help') ? 'help-word' : '';
  const [line] = reading.getElementsByTagName('p');
  line.replaceChildren(name, ' · ', isolated(titles()[column - 1]), ' · ', ...said.childNodes);
  reading.querySelector('.tile-place').replaceChildren(tileOf(link));
  reading.querySelector('a').href = link.href;
  reading.hidden = false;
};

const moved = (event) => {
  if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!event.target.closest('tbody a')) return;
  event.preventDefault();
  moves[event.key]();
};

const focused = (event) => {
  const link = event.target.closest('tbody a');
  if (!link) return;
  at = place(link);
  stop();
  read(link);
};

const cellAt = (event) => event.target.closest('tbody td a');

const pointedAt = (event) => {
  const link = cellAt(event);
  if (link && event.pointerType === 'mouse') read(link);
};

// The first touch says what the cell means; the link in the bar opens it.
const clicked = (event) => {
  const link = cellAt(event);
  if (!link || link !== touched) return;
  event.preventDefault();
  link.focus();
  read(link);
};

if (grid) {
  grid.addEventListener('keydown', moved);
  grid.addEventListener('focusin', focused);
  grid.addEventListener('pointerover', pointedAt);
  grid.addEventListener('pointerdown', (event) => { touched = event.pointerType === 'mouse' ? null : cellAt(event); });
  grid.addEventListener('click', clicked);
  document.addEventListener('updated', stop);
  stop();
}
