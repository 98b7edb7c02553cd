from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain.ids import is_id, new_id, parse_id, summary_id, try_id


@given(st.uuids())
def test_dashes_and_case_do_not_matter(uuid: UUID) -> None:
    assert {parse_id(str(uuid)), parse_id(uuid.hex), parse_id(str(uuid).upper())} == {uuid.hex}


@pytest.mark.parametrize(
    "text",
    ["", "xyz", "0" * 31, "0" * 33, "{" + "0" * 32 + "}", "0" * 8 + "-" + "0" * 24, " " + "0" * 32, "0" * 32 + "\n"],
)
def test_what_is_no_uuid_is_refused(text: str) -> None:
    assert not is_id(text)
    with pytest.raises(ValueError, match="valid UUID"):
        parse_id(text)


def test_derived_ids_depend_on_all_parts_and_never_change() -> None:
    user, content = "d3d31b2d75007eb0f60a0d6eafd6acbe", "4c796e62e07e589eb931961dd0b3db4c"

    assert summary_id(user, content) == "af82297af7a9559c95dc6866790e57e9"
    assert len({summary_id(user, content), summary_id(content, user), try_id(user, 1), try_id(user, -1), new_id()}) == 5
