// What makes a page handier where scripts run: printing, searching while typing, and the grid by keyboard and touch.
document.documentElement.classList.add('scripted');
for (const button of document.querySelectorAll('[data-print]')) button.addEventListener('click', () => print());

// Where the tabs are wider than the screen, the page's own is in sight.
document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });

// Searching: rows without the text are hidden while it is being typed; the form still works, and where the page has not
// all learners it alone finds everybody.
const search = document.getElementById('f-search');
if (search && !document.querySelector('[data-part]')) {
  const status = document.querySelector('.status');
  const narrow = () => {
    const text = search.value.trim().toLocaleLowerCase();
    let shown = 0;
    let all = 0;
    for (const row of document.querySelectorAll('.grid tbody tr, #learners > li, .home tbody tr')) {
      const name = row.querySelector('th a, .name, .title').textContent.toLocaleLowerCase();
      row.hidden = !name.includes(text);
      if (row.matches('tr')) { all += 1; shown += row.hidden ? 0 : 1; }
    }
    document.getElementById('learners')?.classList.toggle('searched', text !== '');
    if (status) status.textContent = text === '' ? '' : status.dataset.some.replace('{shown}', shown).replace('{all}', all);
  };
  const given = search.value;
  search.addEventListener('input', narrow);
  document.addEventListener('updated', () => { if (search.value !== given) narrow(); });
}

// The grid: one stop for the tab key; arrows, Home, End and Page keys move in it, Escape leaves.
const grid = document.querySelector('[data-grid]');
if (grid) {
  const reading = document.getElementById('reading');
  const rtl = document.documentElement.dir === 'rtl';
  const titles = [...grid.querySelectorAll('.titles .vertical')].map((title) => title.textContent);
  let at = { row: 0, column: 0 };
  const rows = () => [...grid.tBodies[0].rows].filter((row) => !row.hidden);
  const links = (row) => [row.querySelector('th a'), ...[...row.cells].slice(2).map((cell) => cell.querySelector('a'))];
  const stop = () => {
    for (const link of grid.querySelectorAll('tbody a')) link.tabIndex = -1;
    const row = rows()[Math.min(at.row, rows().length - 1)];
    const link = row && (links(row)[at.column] ?? links(row)[0]);
    if (link) link.tabIndex = 0;
  };
  const place = (link) => {
    const row = link.closest('tr');
    return { row: rows().indexOf(row), column: links(row).indexOf(link) };
  };
  const go = (row, column) => {
    const all = rows();
    row = Math.max(0, Math.min(all.length - 1, row));
    const inRow = links(all[row]);
    column = Math.max(0, Math.min(inRow.length - 1, column));
    const step = column >= at.column ? 1 : -1;
    while (column > 0 && column < inRow.length - 1 && !inRow[column]) column += step;
    const link = inRow[column] ?? inRow[0];
    at = { row, column: inRow.indexOf(link) };
    stop();
    link.focus();
  };
  const moves = {
    ArrowUp: () => go(at.row - 1, at.column), ArrowDown: () => go(at.row + 1, at.column),
    ArrowLeft: () => go(at.row, at.column + (rtl ? 1 : -1)), ArrowRight: () => go(at.row, at.column + (rtl ? -1 : 1)),
    Home: () => go(at.row, 0), End: () => go(at.row, Infinity), PageUp: () => go(at.row - 10, at.column), PageDown: () => go(at.row + 10, at.column),
    Escape: () => { document.querySelector('.reading a:not([hidden])')?.focus(); },
  };
  const read = (link) => {
    const { column } = place(link);
    const row = link.closest('tr');
    if (column < 1) return;
    const words = link.querySelector('.hidden').cloneNode(true);
    const [line] = reading.getElementsByTagName('p');
    const name = document.createElement('bdi');
    const bold = document.createElement('b');
    bold.textContent = row.querySelector('th a').textContent;
    name.append(bold);
    const title = document.createElement('bdi');
    title.textContent = titles[column - 1];
    const state = link.classList.contains('help') ? 'help-word' : '';
    line.replaceChildren(name, ' · ', title, ' · ', ...words.childNodes);
    line.querySelectorAll('b')[1].className = state;
    const tile = document.createElement('span');
    tile.className = link.className.replace('changed', '') + ' big';
    tile.setAttribute('aria-hidden', 'true');
    const sign = link.firstElementChild?.matches('svg') ? link.firstElementChild.cloneNode(true) : link.firstChild.cloneNode(true);
    tile.append(sign);
    reading.querySelector('.tile-place').replaceChildren(tile);
    reading.querySelector('a').href = link.href;
    reading.hidden = false;
  };
  grid.addEventListener('keydown', (event) => {
    if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey || !event.target.closest('tbody a')) return;
    event.preventDefault();
    moves[event.key]();
  });
  grid.addEventListener('focusin', (event) => {
    const link = event.target.closest('tbody a');
    if (!link) return;
    at = place(link);
    stop();
    read(link);
  });
  grid.addEventListener('pointerover', (event) => {
    const link = event.target.closest('tbody td a');
    if (link && event.pointerType === 'mouse') read(link);
  });
  // The first touch says what the cell means; the link in the bar opens it.
  let touched = null;
  grid.addEventListener('pointerdown', (event) => { touched = event.pointerType === 'mouse' ? null : event.target.closest('tbody td a'); });
  grid.addEventListener('click', (event) => {
    const link = event.target.closest('tbody td a');
    if (link && link === touched) { event.preventDefault(); link.focus(); read(link); }
  });
  document.addEventListener('updated', stop);
  stop();
}
