"""Values in CSV files."""

import pytest

from learntrack.reports.formats import cell


@pytest.mark.parametrize("start", [*"=+-@\t\r\n", *"＝＋－＠"])
def test_no_text_is_a_formula_to_a_spreadsheet(start: str) -> None:
    assert cell(f"{start}1+1", "text") == f"'{start}1+1"


@pytest.mark.parametrize("value", ["1=1", "a", "", " =1", -1, -0.5, None])
def test_other_texts_and_all_numbers_are_as_they_are(value: object) -> None:
    assert cell(value, "text") == value
