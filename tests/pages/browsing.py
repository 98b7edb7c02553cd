"""A browser with somebody who has signed in."""

import shutil
from typing import Any

from learntrack.serving import demo
from learntrack.serving.demo.contents import COURSE, UNIT
from tests.processes import Service
from tests.support import ROOT, token

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
    who = token(ROOT.id or "", superuser=True) if superuser else token(demo.PEOPLE["Carla"])
    await kept.add_cookies([{"name": "learntrack_token", "value": who, "url": f"{service.address}/reports"}])
    return await kept.new_page()


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
