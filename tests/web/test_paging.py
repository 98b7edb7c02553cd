"""The two list shapes."""

import pytest

from learntrack.errors import InvalidFields, NotFound
from learntrack.web.paging import PageRequest, page_of, page_request, page_with


@pytest.mark.parametrize("page", [None, "", "2", "x"])
def test_without_a_page_size_it_is_the_plain_list(page: str | None) -> None:
    assert page_request(page, None) is None
    assert page_request(page, "") is None


@pytest.mark.parametrize(("page", "skip"), [(None, 0), ("", 0), ("1", 0), ("3", 20)])
def test_pages_are_counted_from_1(page: str | None, skip: int) -> None:
    asked = page_request(page, "10")

    assert asked is not None
    assert (asked.skip, asked.size) == (skip, 10)


@pytest.mark.parametrize("size", ["0", "-1", "x", "1.5", "²", "2147483648", "9" * 5000])
def test_a_page_size_is_a_whole_number_from_1(size: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        page_request("1", size)
    assert set(refused.value.errors) == {"page_size"}


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 5000])
def test_a_page_that_is_none_is_not_there(page: str) -> None:
    with pytest.raises(NotFound):
        page_request(page, "10")


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2)])
def test_the_last_page_is_there_and_the_one_behind_it_is_not(count: int, pages: int) -> None:
    assert page_with([], count, PageRequest(pages, 10)).total_pages == pages
    with pytest.raises(NotFound):
        page_with([], count, PageRequest(pages + 1, 10))


def test_the_row_that_counts_is_none_of_the_page() -> None:
    found = page_of([{"a": 1}, {"_count": 11}, {"a": 2}], PageRequest(2, 10), dict)

    assert (found.count, found.total_pages, found.results) == (11, 2, [{"a": 1}, {"a": 2}])
