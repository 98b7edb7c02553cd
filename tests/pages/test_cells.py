"""The cells of the grid."""

import gettext
import re
from datetime import UTC, datetime

import pytest
from babel import Locale

from learntrack.pages.cells import Cells
from learntrack.pages.rendering import environment
from learntrack.pages.states import NOT_STARTED, State
from learntrack.pages.words import Words

WORDS = Words("en", Locale("en"), gettext.NullTranslations(), UTC, datetime(2026, 11, 25, tzinfo=UTC))


@pytest.mark.parametrize(("score", "shown"), [(0.57, 57), (0.29, 29), (0.999, 99), (1.0, 100), (0.0, 0)])
def test_a_finished_quiz_shows_the_per_cent_that_it_says(score: float, shown: int) -> None:
    cell = Cells(WORDS, [""]).row("/", [State("done", score=score)])

    assert f">{shown}<span" in cell
    assert f"{shown}\u00a0% right" in cell


def test_cells_and_the_templates_have_the_same_signs_and_words() -> None:
    parts = environment("en").get_template("parts.html").make_module({"words": WORDS})
    for state in (
        State("help"),
        *(State("started", progress=share) for share in (0, 0.5, 1)),
        State("done"),
        NOT_STARTED,
    ):
        cell = Cells(WORDS, ["#c"]).row("/learner", [state])

        assert str(parts.state_sign(state)) in cell  # type: ignore[attr-defined]
        assert f"<b>{parts.state_word(state)}</b>" in cell  # type: ignore[attr-defined]
        assert re.search(f'class="tile {state.word}"', cell)


def test_addresses_are_written_as_html_asks() -> None:
    assert 'href="/learner?a=1&amp;b=2#c"' in Cells(WORDS, ["?a=1&b=2#c"]).row("/learner", [NOT_STARTED])


def test_what_is_not_the_learners_is_said() -> None:
    assert "not assigned" in Cells(WORDS, [""]).row("/", [None])
