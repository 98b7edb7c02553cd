// Fetches the page anew when the class has changed, and puts the new figures in place; focus stays where it is.
const place = document.getElementById('live');
if (place && window.EventSource) {
  const events = new EventSource(place.dataset.events);
  let busy = false;
  let again = false;
  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    const response = await fetch(location.href, { credentials: 'same-origin' });
    if (response.ok) {
      const fresh = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('live');
      const links = [...place.querySelectorAll('a')];
      const focused = links.indexOf(document.activeElement);
      if (fresh) {
        const scroller = place.querySelector('.scroll');
        const left = scroller ? scroller.scrollLeft : 0;
        place.replaceChildren(...fresh.childNodes);
        if (scroller && place.querySelector('.scroll')) place.querySelector('.scroll').scrollLeft = left;
        if (focused >= 0) place.querySelectorAll('a')[focused]?.focus();
      }
    }
    busy = false;
    if (again) { again = false; refresh(); }
  };
  events.addEventListener('changed', refresh);
}
