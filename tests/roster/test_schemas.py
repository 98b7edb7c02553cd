"""The parts of a roster, and how its ids are written."""

from typing import Any
from uuid import UUID

import msgspec

from learntrack.domain.ids import new_id
from learntrack.roster.references import references
from learntrack.roster.schemas import PARTS, RECORDS, Removal, Roster

HYPHENATED = str(UUID(new_id())).upper()
ID = UUID(HYPHENATED).hex


def test_ids_are_written_in_one_way_whatever_part_they_are_in() -> None:
    sent: dict[str, Any] = {
        "classrooms": [{"id": HYPHENATED, "name": "A1", "facility_id": HYPHENATED}],
        "lessons": [{"id": HYPHENATED, "title": "L", "collection_ids": [HYPHENATED, ID]}],
        "remove": {"lessons": [HYPHENATED], "roles": [{"user_id": HYPHENATED, "collection_id": ID, "kind": "coach"}]},
    }

    written = msgspec.to_builtins(msgspec.convert(sent, Roster))

    assert HYPHENATED not in str(written)
    assert written["lessons"][0]["collection_ids"] == [ID]
    assert written["remove"]["lessons"] == [ID]


def test_all_that_is_sent_is_counted() -> None:
    sent = {
        "lessons": [{"id": ID, "title": "L", "collection_ids": [ID], "content_ids": [ID, new_id()]}],
        "quizzes": [{"id": ID, "title": "Q", "questions": [{"item": "a"}]}],
        "remove": {"lessons": [ID], "classrooms": [ID, ID]},
    }
    roster = msgspec.convert(sent, Roster)

    assert (roster.records(), roster.entries()) == (5, 4)


def test_each_part_refers_only_to_parts_before_it() -> None:
    """So that a file can be written part by part."""
    assert list(RECORDS) == list(PARTS)
    ids = {"id": ID, "facility_id": ID, "classroom_id": ID, "user_id": ID, "collection_id": ID}
    others = {"name": "", "title": "", "username": "", "kind": "coach", "collection_ids": [ID]}
    for part, record in RECORDS.items():
        if part == "contents":  # which refer to nothing
            continue
        fields = {name: value for name, value in (ids | others).items() if name in record.__struct_fields__}
        one = msgspec.convert({part: [fields]}, Roster)
        for _, parts, _ in references(one):
            assert all(PARTS.index(each) < PARTS.index(part) for each in parts)


def test_nobody_is_removed_by_a_roster() -> None:
    """People, facilities and what contents are called stay: their logs are theirs."""
    assert set(PARTS) - set(Removal.__struct_fields__) == {"facilities", "users", "contents"}
