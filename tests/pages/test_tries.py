"""The tries of a learner, as a page shows them."""

import pytest

from tests.pages.opening import Class, page
from tests.pages.reading import part
from tests.support import exercise, right, wrong

pytestmark = pytest.mark.engines("embedded", "mongoeco")


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ((1, 2), (2, 2), "1 more right"),
        ((2, 2), (1, 2), "1 fewer right"),
        ((1, 2), (1, 2), "the same"),
        ((7, 11), (4, 4), "before: 7 of 11"),  # fewer were right, of fewer: all of them
    ],
)
async def test_a_try_is_compared_with_one_of_as_many_answers(
    room: Class, before: tuple[int, int], now: tuple[int, int], said: str
) -> None:
    content = exercise()
    for correct, count in (before, now):
        session = await room.api.start(room.learner, **content, repeat=True)
        answers = [right(f"i{number}") if number < correct else wrong(f"i{number}") for number in range(count)]
        await room.api.update(room.learner, session, progress=1, time_spent_delta=9, interactions=answers)

    shown = part((await page(room.api, f"/class/{room.room}/learner/{room.learner.id}", room.coach)).text, "tries")

    assert f"{now[0]} of {now[1]} right {said}" in shown
