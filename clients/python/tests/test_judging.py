"""What an answer means for the items that it is about: the plan's cases."""

import json
from typing import Any

import pytest
from plans import cases

from learntrack_client.judging import Answer, Item, judge

CASES = cases("judging")


def answer_of(told: Any) -> Answer | None:
    if told is None:
        return None
    body = told.get("problem")
    if "results" in told:
        results = enumerate(told["results"])
        told_each = {"errors": told.get("errors", {})}
        body = {"results": [{"key": f"k{n}", "status": s, "replayed": False, "body": told_each} for n, s in results]}
    text = told.get("text") or json.dumps(body)
    return Answer(told["status"], told["content_type"], text.encode(), told.get("retry_after"))


@pytest.mark.parametrize("name", CASES)
def test_an_answer_is_judged_as_the_plan_says(name: str) -> None:
    case = CASES[name]
    items = [
        Item(n, "c", "s", f"k{n}", "", item["kind"], b"{}", item.get("tries", 0))
        for n, item in enumerate(case["items"])
    ]

    verdict = judge(
        items,
        answer_of(case["answer"]),
        hurried=case.get("hurried", False),
        heard_else=case.get("heard_else", False),
    )

    assert {
        "recorded": [item.number for item, _ in verdict.recorded],
        "aside": [item.number for item, _ in verdict.aside],
        "tried": [item.number for item in verdict.tried],
        "wait": verdict.wait,
        "retry_after": verdict.retry_after,
        "narrower": verdict.narrower,
        "signed_out": verdict.signed_out,
    } == case["expect"]
    assert verdict.trouble is not None or not verdict.wait, "whoever waits is told why"
