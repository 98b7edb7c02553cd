"""Whether what is derived is what is stored, looked at as a whole."""

from learntrack.documents import ContentSummary, MasteryLog, User
from learntrack.domain import moments
from learntrack.domain.ids import new_id, summary_id
from learntrack.reports.upkeep.checking import Checked, check_facilities, check_numbers
from learntrack.storage import Database

NOW = moments.now()
CONTENT = new_id()


def tried(user: str, *, counted: bool, facility: str = "north") -> list[ContentSummary | MasteryLog]:
    """A learner's try, and the summary, which has counted it or not."""
    summary = ContentSummary.begin(
        user_id=user, content_id=CONTENT, channel_id=None, kind="exercise", at=NOW, facility_id=facility
    )
    log = MasteryLog.begin(
        summary.id,
        user_id=user,
        content_id=CONTENT,
        level=1,
        criterion={"type": "do_all"},
        at=NOW,
        facility_id=facility,
    )
    summary.change(has_tries=True)
    if counted:
        summary.count_new_try(log)
    return [summary, log]


async def test_numbers_that_are_not_those_of_the_tries_are_mended_and_counted(memory: Database) -> None:
    right, wrong, unsure = new_id(), new_id(), new_id()
    doubted, log = tried(unsure, counted=True)
    doubted.change(recount=True)
    await memory.write([*tried(right, counted=True), *tried(wrong, counted=False), doubted, log], None)

    for differed in (2, 0):
        checked = Checked()
        await check_numbers(memory, checked)
        assert (checked.looked_at, checked.differed) == ({"numbers of tries": 3}, {"numbers of tries": differed})

    [mended] = await memory.load(ContentSummary, {"_id": summary_id(wrong, CONTENT)}, None)
    assert mended.of_tries["exercise"].tries == 1


async def test_logs_that_are_not_where_their_learner_is_are_led_there(memory: Database) -> None:
    ada = new_id()
    await memory.write([User.begin(ada, username="", facility_id="south"), *tried(ada, counted=True)], None)

    for touched in ({("north", CONTENT), ("south", CONTENT)}, set()):
        checked = Checked()
        assert await check_facilities(memory, checked) == touched
        assert checked.looked_at == {"learners' facilities": 1}
        assert checked.differed == {"learners' facilities": len(touched)}
