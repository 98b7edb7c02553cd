"""Where the references of a roster stand, and what each may lead to."""

import msgspec

from learntrack.domain.ids import new_id
from learntrack.roster.references import COLLECTIONS, references
from learntrack.roster.schemas import Roster

ONE, OTHER = new_id(), new_id()


def test_every_reference_is_named_by_its_place() -> None:
    roster = msgspec.convert(
        {
            "facilities": [{"id": ONE, "name": "School"}],
            "classrooms": [{"id": new_id(), "name": "A1", "facility_id": ONE}],
            "learner_groups": [{"id": new_id(), "name": "red", "classroom_id": OTHER}],
            "users": [{"id": new_id(), "username": "ada", "facility_id": ONE}],
            "memberships": [{"user_id": OTHER, "collection_id": ONE}],
            "roles": [{"user_id": OTHER, "collection_id": ONE, "kind": "coach"}],
            "lessons": [{"id": new_id(), "title": "L", "collection_ids": [ONE, OTHER]}],
            "quizzes": [{"id": new_id(), "title": "Q"}],
        },
        Roster,
    )

    assert list(references(roster)) == [
        ("classrooms[0].facility_id", ("facilities",), ONE),
        ("learner_groups[0].classroom_id", ("classrooms",), OTHER),
        ("users[0].facility_id", ("facilities",), ONE),
        ("memberships[0].user_id", ("users",), OTHER),
        ("memberships[0].collection_id", COLLECTIONS, ONE),
        ("roles[0].user_id", ("users",), OTHER),
        ("roles[0].collection_id", COLLECTIONS, ONE),
        ("lessons[0].collection_ids", COLLECTIONS, ONE),
        ("lessons[0].collection_ids", COLLECTIONS, OTHER),
    ]
