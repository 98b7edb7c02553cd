"""Which kind of try is which is said twice, by the domain and within an aggregation: they must agree."""

import pytest

from learntrack.domain import mastery
from learntrack.tracking.loading import _kind_of
from tests.support import Api, new_id

CRITERIA = [
    *({"type": name} for name in mastery.MASTERY_MODELS),
    *({"type": name, "coach_assigned": True} for name in mastery.QUIZ_MODELS),
    {"type": "quiz", "coach_assigned": False},
]


@pytest.mark.parametrize("criterion", CRITERIA, ids=str)
async def test_the_expression_for_a_kind_of_try_agrees_with_the_rule(api: Api, criterion: mastery.Criterion) -> None:
    scratch = f"scratch_{new_id()}"
    await api.db.collection(scratch).insert_one({"criterion": dict(criterion)})

    found = await api.db.rows(scratch, [{"$project": {"_id": 0, "kind": _kind_of("$criterion")}}])

    await api.db.collection(scratch).drop()
    assert found == [{"kind": mastery.try_kind(criterion)}]
