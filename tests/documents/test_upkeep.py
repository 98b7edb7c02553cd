"""What a transaction says that it has touched."""

from datetime import UTC, datetime, timedelta

import pytest

from learntrack.documents import Lease, Touched
from learntrack.domain import moments

NOW = moments.now()
NIGHT = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


def test_each_pair_is_named_once_and_an_owner_is_one_of_the_users() -> None:
    mark = Touched.by_logs([("b", "c1"), ("a", "c1"), ("b", "c1")], NOW, [("z", NIGHT), ("z", NIGHT)])

    assert (mark.logs, mark.days, mark.owner, mark.at) == (["a:c1", "b:c1"], ["z:2026-03-02"], "a", NOW)


def test_what_is_not_touched_is_not_stored() -> None:
    assert {"days", "moved", "items", "forgotten", "followed"} & Touched.by_logs(
        [("a", "c")], NOW
    ).row().keys() == set()
    assert Touched.by_logs([], NOW, [("z", NIGHT)]).owner == "z"


@pytest.mark.parametrize(
    ("mark", "left"),
    [
        (Touched.by_logs([("a", "c"), ("b", "c")], NOW), {"logs": ["b:c"], "owner": "b"}),
        (Touched.by_logs([("a", "c")], NOW, [("b", NIGHT)]), {"days": ["b:2026-03-02"], "owner": "b"}),
        (Touched.by_moving({"b", "a"}, NOW), {"moved": ["b"], "owner": "b"}),
        (Touched.by_logs([("a", "c")], NOW, [("a", NIGHT)]), None),
        (Touched.by_moving({"a"}, NOW), None),
    ],
)
def test_a_mark_without_somebody_names_them_nowhere(mark: Touched, left: dict[str, object] | None) -> None:
    rest = mark.without("a")

    if left is None:
        assert rest is None
        return
    assert rest is not None
    assert rest.id != mark.id  # another one: its owner may be somebody else
    row = rest.row()
    assert {name: row[name] for name in row if name not in ("_id", "schema_version", "at")} == left
    assert rest.at == mark.at


def test_what_is_nobodys_is_kept_with_an_owner_of_its_own() -> None:
    for mark in (Touched.by_doubt([("f", "c")], NOW), Touched.by_forgetting([("f", "c")], NOW)):
        rest = mark.without("a")
        assert rest is not None
        assert (rest.items, rest.forgotten, rest.owner) == (mark.items, mark.forgotten, rest.id)


def test_every_act_of_a_holder_is_a_beat_and_only_what_outdates_is_a_new_epoch() -> None:
    lease = Lease.begin("upkeep")
    lease.take("me")
    lease.live()
    assert (lease.holder, lease.beat, lease.epoch) == ("me", 2, 0)
    lease.outdate()
    lease.leave()
    assert (lease.holder, lease.beat, lease.epoch) == (None, 3, 1)


def test_a_day_is_that_of_utc() -> None:
    assert Touched.by_logs([], NOW, [("z", NIGHT + timedelta(hours=1))]).days == ["z:2026-03-03"]
