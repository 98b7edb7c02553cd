"""What an address asks of a page."""

import pytest

from learntrack.domain.ids import new_id
from learntrack.errors import NotFound
from learntrack.pages.asked import Asked, id_in_path

ID = new_id()


def test_what_is_no_id_and_no_order_is_asked_for_by_nobody() -> None:
    assert Asked.of(group="x", lesson="$ne", sort="-name", search=None) == Asked()


def test_ids_are_read_in_one_way_and_a_name_has_an_end() -> None:
    asked = Asked.of(group=ID.upper(), search=f" {'a' * 500} ")

    assert (asked.group, asked.search) == (ID, "a" * 100)


def test_an_address_says_what_is_asked_and_not_what_goes_without_saying() -> None:
    assert Asked().query() == "?"
    assert Asked(search="a&b", sort="name").query(lesson=ID) == f"?search=a%26b&lesson={ID}&sort=name"
    assert Asked(group=ID, period="7", search="a").without("period", "search").query() == f"?group={ID}"


def test_a_learners_page_remembers_the_order_and_group_that_one_comes_from_alone() -> None:
    assert Asked(search="a", group=ID, lesson=ID, period="7", sort="name").come_from() == f"?group={ID}&sort=name"
    assert Asked(period="7").come_from() == ""


def test_a_part_of_an_address_that_is_no_id_is_no_page() -> None:
    assert id_in_path(ID.upper()) == ID
    with pytest.raises(NotFound):
        id_in_path("x")
