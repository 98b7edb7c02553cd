"""To whom a lesson, quiz or course is assigned: one answer for recording, reports and pages.

It is `users.learns_in`, written with the roster (see `documents.roster.User.settle`): what is assigned to one of these
collections is assigned to the learner. The pipelines of the reports read the same field.
"""

from collections.abc import Mapping
from typing import Any

FIELDS: Mapping[str, int] = {"learns_in": 1, "collections": 1}
"""What of a user's row decides it."""


def learns_in(user: Mapping[str, Any]) -> frozenset[str]:
    """The collections whose assignments are a learner's, by their row; one that an earlier release wrote has less."""
    found = user.get("learns_in")
    return frozenset(user["collections"] if found is None else found)
