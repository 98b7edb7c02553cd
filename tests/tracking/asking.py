"""Jobs as requests ask for them."""

from typing import Any

import msgspec

from learntrack.domain import moments
from learntrack.settings import Settings
from learntrack.tracking.jobs import StartJob, UpdateJob
from learntrack.tracking.requests import start_job, update_job
from learntrack.tracking.schemas import SessionStart, SessionUpdate

NOW = moments.now()
ID = "0123456789abcdef0123456789abcdef"
NODE = {"node_id": ID, "content_id": ID, "channel_id": ID, "kind": "video"}
EXERCISE = NODE | {"kind": "exercise", "mastery_model": {"type": "do_all"}}


def start(user_id: str | None = ID, session_id: str = ID, **body: Any) -> StartJob:
    asked = msgspec.convert(body, SessionStart)
    return start_job(asked, session_id=session_id, user_id=user_id, visitor_id=ID, at=NOW, key=None)


def update(session_id: str = ID, user_id: str | None = ID, settings: Settings | None = None, **body: Any) -> UpdateJob:
    asked = msgspec.convert(body, SessionUpdate)
    return update_job(session_id, asked, settings or Settings(), user_id=user_id, at=NOW, key=None)
