// What makes a page handier where scripts run: printing, tabs that are in sight, and searching while typing.
document.documentElement.classList.add('scripted');
for (const button of document.querySelectorAll('[data-print]')) button.addEventListener('click', () => print());

// Where the tabs are wider than the screen, the page's own is in sight.
document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });

// Rows without the text are hidden while it is being typed; the form still works.
const narrow = (search, status) => {
  const text = search.value.trim().toLocaleLowerCase();
  let shown = 0;
  let all = 0;
  for (const row of document.querySelectorAll('.grid tbody tr, #learners > li, .home tbody tr')) {
    const name = row.querySelector('th a, .name, .title').textContent.toLocaleLowerCase();
    row.hidden = !name.includes(text);
    if (!row.matches('tr')) continue; // the same learners, as a phone shows them
    all += 1;
    shown += row.hidden ? 0 : 1;
  }
  document.getElementById('learners')?.classList.toggle('searched', text !== '');
  if (!status) return;
  status.textContent = text === '' ? '' : status.dataset.some.replace('{shown}', shown).replace('{all}', all);
};

// Where the page has not all learners the form alone finds everybody.
const search = document.getElementById('f-search');
if (search && !document.querySelector('[data-part]')) {
  const status = document.querySelector('.status');
  const given = search.value;
  search.addEventListener('input', () => narrow(search, status));
  document.addEventListener('updated', () => { if (search.value !== given) narrow(search, status); });
}
