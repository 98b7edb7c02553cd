"""Which jobs may share a transaction."""

from learntrack.tracking.jobs import may_join
from tests.support import new_id
from tests.tracking.asking import EXERCISE, NODE, start, update


def test_a_start_of_an_assessment_waits_for_what_the_same_learner_does_at_the_same_content() -> None:
    first = start(session_id=new_id(), **EXERCISE)
    again, other_content = (
        start(session_id=new_id(), **EXERCISE),
        start(session_id=new_id(), **EXERCISE | {"content_id": new_id()}),
    )
    other_learner, video = start(user_id=new_id(), **EXERCISE), start(session_id=new_id(), **NODE)

    assert not may_join([first], again)
    for job in (other_content, other_learner, video, update()):
        assert may_join([first], job)
    # Which content an update is of is not known, unless the group starts its session.
    assert not may_join([update(new_id())], again)
    assert may_join([other_content, update(other_content.session_id)], again)
