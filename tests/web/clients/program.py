"""What an app in Python does with a generated client: starts and updates a session, lists tries, is told of a 400."""

import sys
from uuid import uuid4

from client import AuthenticatedClient
from client.api.logs import list_mastery_logs
from client.api.progress import start_session, update_session
from client.models import (
    Interaction,
    InteractionAnswerType0,
    Kind,
    MasteryLogPage,
    MasteryModel,
    MasteryModelType,
    ProblemDocument,
    SessionStart,
    SessionStarted,
    SessionUpdate,
    SessionUpdated,
)

ADDRESS, TOKEN = sys.argv[1:]
CONTENT = uuid4().hex

app = AuthenticatedClient(base_url=ADDRESS, token=TOKEN)
started = start_session.sync(
    client=app,
    body=SessionStart(
        node_id=uuid4().hex,
        content_id=CONTENT,
        channel_id=uuid4().hex,
        kind=Kind.EXERCISE,
        mastery_model=MasteryModel(type_=MasteryModelType.M_OF_N, m=1, n=2),
    ),
)
assert isinstance(started, SessionStarted), started
answer = Interaction(
    item="q1", correct=1, time_spent=2.5, answer=InteractionAnswerType0.from_dict({"value": 1}), simple_answer="1"
)
updated = update_session.sync(
    started.session_id, client=app, body=SessionUpdate(progress=1, time_spent_delta=2.5, interactions=[answer])
)
assert isinstance(updated, SessionUpdated), updated
assert updated.complete
page = list_mastery_logs.sync(client=app, content=CONTENT, complete=True, page_size=5, include="mastery_level")
assert isinstance(page, MasteryLogPage), page
[row] = page.results
assert (row.correct, row.mastery_level) == (1.0, 1)
refused = update_session.sync(started.session_id, client=app, body=SessionUpdate(progress=2))
assert isinstance(refused, ProblemDocument), refused
assert refused.errors
print(refused.errors.to_dict())
