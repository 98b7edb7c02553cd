"""A browser with somebody who has signed in."""

import asyncio
import shutil
from typing import Any

import httpx

from learntrack.serving import demo
from learntrack.serving.demo.contents import COURSE, UNIT
from tests.examples import THOROUGH
from tests.processes import Service
from tests.support import ROOT, Person, new_id, right, token, wrong

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


CLASS = f"/reports/class/{demo.CLASS}"


PAGES = [
    CLASS,
    f"{CLASS}/activity",
    f"{CLASS}/lesson/{demo.LESSON}",
    f"{CLASS}/quiz/{demo.QUIZ}",
    f"{CLASS}/unit/{COURSE}/{UNIT}",
    f"{CLASS}/learner/{demo.PEOPLE['Ada']}",
    "/reports/?all=1",
    "/reports/sign-in?wrong=true",
    "/",
]


async def signed_in(browser: Any, service: Service, *, superuser: bool = False, **context: Any) -> Any:
    """A tab of its own, signed in as Carla, or as a superuser."""
    size = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"}
    kept = await browser.new_context(**size | context)
    kept.set_default_timeout(60_000)
    who = token(ROOT.id or "", superuser=True) if superuser else token(demo.PEOPLE["Carla"])
    await kept.add_cookies([{"name": "learntrack_token", "value": who, "url": f"{service.address}/reports"}])
    return await kept.new_page()


def looked_at(language: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The colour schemes in which a page is looked at, what of it (a function's name in `LOOKS`), and axe's rules.

    The other scheme has the same elements, and another language the same colours: their contrast takes longest. So it
    is looked at once for all texts that look alike, of which a class has a thousand.
    """
    if THOROUGH:
        return [("light", "whole", {}), ("dark", "whole", {"runOnly": ["color-contrast"]})]
    others = ("light", "whole", {"rules": {"color-contrast": {"enabled": False}}})
    if language != "en-GB":
        return [others]
    return [others, *((scheme, "looks", {"runOnly": ["color-contrast"]}) for scheme in ("light", "dark"))]


LOOKS = """([what, rules]) => {
  const ids = new Map(), of = new Map(), seen = new Set();
  const id = at => {  // alike are two elements with the same colours and letters, within such as are alike
    if (!at) return 0;
    if (!of.has(at)) {
      const {color, backgroundColor, backgroundImage, opacity, fontSize, fontWeight} = getComputedStyle(at);
      const own = [color, backgroundColor, backgroundImage, opacity, fontSize, fontWeight];
      const look = [id(at.parentElement), ...own].join();
      if (!ids.has(look)) ids.set(look, ids.size + 1);
      of.set(at, ids.get(look));
    }
    return of.get(at);
  };
  const says = at => [...at.childNodes].some(each => each.nodeType === Node.TEXT_NODE && each.data.trim());
  const looks = () => [...document.body.querySelectorAll('*')]
    .filter(each => each.getClientRects().length > 0 && (says(each) || each.matches('input, select')))
    .filter(each => !seen.has(id(each)) && seen.add(id(each)));
  const include = what === 'whole' ? [document] : looks();
  return axe.run({include}, {resultTypes: ['violations'], ...rules}).then(found => [found.violations, include.length]);
}"""
"""What axe finds in a page, or in one each of its texts that look alike, and in how many elements it looked."""


NEXT_STOP = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  // A date's day, month and year are stops of their own.
  if (at === document.body || (at.dataset.stopped && at.type !== 'date')) return null;
  at.dataset.stopped = true;
  return {what: at.outerHTML.slice(0, 200), id: at.id, seen: box.width > 0 && box.height > 0};
}"""


UNDER_ITS_OWN_POINT = """cell => {
  const box = cell.getBoundingClientRect();
  return document.elementFromPoint(box.x + box.width / 2, box.y + 4).closest('a') === cell;
}"""

FAULTS = """() => {
  const faults = [], seen = each => each.getClientRects().length > 0, box = each => each.getBoundingClientRect();
  const meet = (one, other) =>
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  if (document.documentElement.scrollWidth > innerWidth + 1) faults.push('the page scrolls sideways');
  for (const chart of document.querySelectorAll('.plot svg')) {
    const labels = [...chart.querySelectorAll(':scope > text, :scope > svg > text')].filter(seen).map(box);
    if (labels.some((one, at) => labels.slice(at + 1).some(other => meet(one, other)))) faults.push('labels meet');
  }
  for (const cut of document.querySelectorAll('.cut, .what')) {
    const strong = cut.textContent.match(/[A-Za-z\\u0590-\\u08ff]/);
    if (seen(cut) && strong && cut.matches(':dir(rtl)') !== strong[0] > 'z') faults.push(`cut: ${cut.textContent}`);
  }
  for (const cut of document.querySelectorAll('th .cut'))
    if (seen(cut) && box(cut).right > box(cut.closest('th')).right + 1) faults.push(`too wide: ${cut.textContent}`);
  const heads = [...document.querySelectorAll('.contents-table thead')].filter(seen);
  const places = heads.map(each => [...each.querySelectorAll('th')].map(head => Math.round(box(head).left)).join());
  if (new Set(places).size > 1) faults.push('tables below each other have their columns elsewhere');
  // Where the reader's own few colours are forced on a page, a background or a transparent border tells nothing.
  const told = (one, other, name) => {
    const found = [one, other].map(each => document.querySelector(each)).filter(each => each);
    const looks = new Set(found.map(each => getComputedStyle(each)[name]));
    if (looks.size < found.length) faults.push(`alike: ${one}`);
  };
  told('.tabs a[aria-current]', '.tabs a:not([aria-current])', 'borderBottomColor');
  told('.ring.full', '.ring:not(.full)', 'backgroundColor');
  return faults;
}"""
"""What is wrong with a page at its width, among others: it scrolls, labels of a chart meet, two signs look alike."""
PRINTED = {  # the width of the paper without its margins, in pixels of CSS
    f"{CLASS}/lesson/{demo.LESSON}": 718,
    f"{CLASS}/quiz/{demo.QUIZ}": 1054,
    f"{CLASS}/learner/{demo.PEOPLE['Ada']}": 718,
    f"{CLASS}/unit/{COURSE}/{UNIT}": 718,
}
BESIDE_THE_PAPER = """() => [...document.querySelectorAll('h1, h2, h3, p, dt, dd, li, th, td, summary')]
  .filter(each => !each.closest('.hidden, svg') && each.getClientRects().length > 0)
  .filter(each => each.getBoundingClientRect().left < -1 || each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => each.textContent.slice(0, 80))"""
"""What of a page is beside the paper."""


NOTE_WHEN = """id => {
  window.noted = {};
  document.querySelectorAll('.changed').forEach(each => each.classList.remove('changed'));
  addEventListener('online', () => { noted.online = performance.now(); }, {once: true});
  const marked = () => document.getElementById(id)?.querySelector('.changed');
  new MutationObserver(() => { if (marked()) noted.shown ??= performance.now(); })
    .observe(document.body, {childList: true, subtree: true, attributes: true});
}"""
"""Notes when the network is there again, and when a cell of this row is marked as changed."""
AFTER_THE_CUT = """() => {
  const isMeanwhile = ({responseEnd}) => noted.online <= responseEnd && responseEnd <= noted.shown;
  const asked = performance.getEntriesByType('resource').filter(each => each.initiatorType === 'fetch');
  const answer = asked.filter(isMeanwhile).at(-1);
  return noted.shown - noted.online - (answer ? answer.responseEnd - answer.startTime : 0);
}"""
"""Milliseconds from then till then without those in which the page's last question was being answered: what the page
waits is the page's, how long an answer takes is the machine's.
"""


def large_class() -> tuple[str, list[str], list[str], dict[str, Any]]:
    """A class of 40 learners and 60 contents, its learners, its contents, and the roster that makes it."""
    room, school, lesson = new_id(), new_id(), new_id()
    users, contents = [new_id() for _ in range(40)], [new_id() for _ in range(60)]
    roster = {
        "facilities": [{"id": school, "name": "A school"}],
        "classrooms": [{"id": room, "name": "Large", "facility_id": school}],
        "users": [
            {"id": user, "username": f"u{user[:8]}", "full_name": f"Learner{number:02}", "facility_id": school}
            for number, user in enumerate(users)
        ],
        "memberships": [{"user_id": user, "collection_id": room} for user in users],
        "contents": [{"id": key, "title": f"K{number:02}", "kind": "video"} for number, key in enumerate(contents)],
        "lessons": [{"id": lesson, "title": "All", "collection_ids": [room], "content_ids": contents}],
    }
    return room, users, contents, roster


async def visited_class(service: Service) -> tuple[str, Person, str]:
    """Such a class in which everybody needs help with the same exercises: its id, a learner, and the address of a
    session of theirs.
    """
    room, users, contents, roster = large_class()
    for each in roster["contents"]:
        each["kind"] = "exercise"
    assert service.send("PUT", "/api/roster", ROOT, json=roster).status_code == 200
    sent = {"time_spent_delta": 30, "interactions": [wrong(f"q{number}") for number in range(5)]}
    async with httpx.AsyncClient(base_url=service.address, verify=False, timeout=60) as client:

        async def stuck(learner: Person) -> str:
            path = ""
            for content in contents[:3]:
                start = {"node_id": new_id(), "content_id": content, "channel_id": "2" * 32, "kind": "exercise"}
                start |= {"mastery_model": {"type": "m_of_n", "m": 5, "n": 7}}
                begun = await client.post("/api/logger/contentsession", json=start, headers=learner.headers)
                path = f"/api/logger/contentsession/{begun.json()['session_id']}"
                assert (await client.put(path, json=sent, headers=learner.headers)).status_code == 200
            return path

        learners = [Person(user) for user in users]
        paths = await asyncio.gather(*(stuck(each) for each in learners))
    return room, learners[-1], paths[-1]


async def answered(service: Service, times: int) -> None:
    """Ada answers questions of an exercise, one after the other."""
    body = {
        "node_id": "1" * 32,
        "content_id": demo.EXERCISE,
        "channel_id": "2" * 32,
        "kind": "exercise",
        "mastery_model": {"type": "m_of_n", "m": 30, "n": 50},
        "repeat": True,
    }
    ada = Person(demo.PEOPLE["Ada"])
    async with httpx.AsyncClient(base_url=service.address, headers=ada.headers, verify=False, timeout=60) as learner:
        session = (await learner.post("/api/logger/contentsession", json=body)).json()["session_id"]
        for number in range(times):
            change = {"time_spent_delta": 60, "interactions": [right(f"live {number}")]}
            assert (await learner.put(f"/api/logger/contentsession/{session}", json=change)).status_code == 200
