"""Starts, updates, retries, batches, duplicates and late deliveries, in any order, against a small model in memory."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from math import isclose
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from learntrack.documents import ContentSummary, MasteryLog
from learntrack.documents.try_numbers import TryNumbers
from learntrack.domain import moments
from tests.api.delivery_model import CONTENTS, MODELS, Model
from tests.examples import usually
from tests.support import Api, Person, new_id

pytestmark = pytest.mark.engines("mongomock", "embedded")


class Deliveries(RuleBasedStateMachine):
    """Every request has a key; what was sent may be sent again at any time, alone or within a batch."""

    call: Callable[[Coroutine[Any, Any, Any]], Any]
    api: Api
    learner: Person

    @initialize()
    def begin(self) -> None:
        self.learner = Person(new_id())
        self.model = Model()
        self.sent: list[tuple[str, str, dict[str, Any], str, bytes]] = []
        self.queued: list[tuple[dict[str, Any], Any]] = []

    def _send(self, method: str, path: str, body: dict[str, Any], key: str) -> Any:
        return self.call(self.api.send(method, path, self.learner, json=body, headers={"Idempotency-Key": key}))

    def _start_body(self, name: str, repeat: bool) -> dict[str, Any]:
        kind = "video" if name == "video" else "exercise"
        model = {"mastery_model": MODELS[name]} if name in MODELS else {}
        return {
            "node_id": new_id(),
            "content_id": CONTENTS[name],
            "channel_id": new_id(),
            "kind": kind,
            "repeat": repeat,
        } | model

    def _interactions(self, session: str, items: list[str], draw: int) -> list[dict[str, Any]]:
        """One interaction an item (no item twice in a row, so each is a group of its own),
        some at an attempt that is there.
        """
        visit, found = self.model.visits[session], []
        known = list(visit.current.attempts) if visit.current else []
        for number, item in enumerate(items):
            sent: dict[str, Any] = {
                "item": f"{item}{number}",
                "correct": draw % 2,
                "time_spent": 3.0,
                "answer": {"value": draw},
            }
            if known and (draw + number) % 3 == 0:
                sent["id"] = known[(draw + number) % len(known)]
            found.append(sent)
        return found

    @rule(name=st.sampled_from(sorted(CONTENTS)), repeat=st.booleans())
    def start(self, name: str, repeat: bool) -> None:
        body, key = self._start_body(name, repeat), new_id()
        answer = self._send("POST", "/api/logger/contentsession", body, key)
        assert answer.status_code == 200, answer.text
        self.model.start(answer.json()["session_id"], name, repeat, moments.now())
        self.sent.append(("POST", "/api/logger/contentsession", body, key, answer.content))

    @precondition(lambda self: self.model.visits)
    @rule(
        choice=st.integers(0, 99),
        seconds=st.integers(0, 60),
        delta=st.sampled_from([0.0, 0.0004, 0.1, 0.5, 1.0]),
        items=st.lists(st.sampled_from("ab"), max_size=30),
        draw=st.integers(0, 50),
    )
    def update(self, choice: int, seconds: int, delta: float, items: list[str], draw: int) -> None:
        session = list(self.model.visits)[choice % len(self.model.visits)]
        body = {
            "time_spent_delta": seconds,
            "progress_delta": delta,
            "interactions": self._interactions(session, items, draw),
        }
        path, key = f"/api/logger/contentsession/{session}", new_id()
        answer = self._send("PUT", path, body, key)
        assert answer.status_code == 200, answer.text
        self.model.update(session, body, answer.json(), moments.now())
        self.sent.append(("PUT", path, body, key, answer.content))

    @precondition(lambda self: self.sent)
    @rule(choice=st.integers(0, 99))
    def send_again(self, choice: int) -> None:
        method, path, body, key, first = self.sent[choice % len(self.sent)]
        answer = self._send(method, path, body, key)
        assert (answer.status_code, answer.content, answer.headers["idempotent-replayed"]) == (200, first, "true")

    @rule(
        name=st.sampled_from(sorted(CONTENTS)),
        repeat=st.booleans(),
        hours=st.integers(1, 48),
        updates=st.lists(
            st.tuples(st.integers(0, 60), st.lists(st.sampled_from("ab"), max_size=4), st.booleans()), max_size=4
        ),
        again=st.integers(0, 99),
        bad=st.booleans(),
    )
    def come_online(self, name: str, repeat: bool, hours: int, updates: list[Any], again: int, bad: bool) -> None:
        """A queue made offline: a new visit of `hours` ago, perhaps with a bad item,
        and with something delivered before.
        """
        session, moment = new_id(), moments.now() - timedelta(hours=hours)
        at = moment.isoformat()
        new: list[dict[str, Any]] = [{"start": self._start_body(name, repeat)}]
        for seconds, items, finished in updates:
            interactions = [
                {"item": f"{item}{n}", "correct": 1, "time_spent": 1.0, "answer": {}} for n, item in enumerate(items)
            ]
            delta = 1.0 if finished else 0.1
            new.append({"update": {"time_spent_delta": seconds, "progress_delta": delta, "interactions": interactions}})
        queue = [{"key": new_id(), "occurred_at": at, "session_id": session} | what for what in new]
        if bad:
            queue.insert(1, {"key": new_id(), "occurred_at": at, "session_id": session, "update": {"progress": 2}})
        before = [self.queued[again % len(self.queued)]] if self.queued else []
        answer = self.call(
            self.api.answer(
                "POST",
                "/api/logger/contentsession/batch",
                self.learner,
                json={"items": [item for item, _ in before] + queue + queue[-1:]},
            )
        )
        results = answer["results"]
        for (_, first), result in zip(before, results, strict=False):
            assert (result["replayed"], result["body"]) == (True, first)
        fresh = results[len(before) : -1]
        self.model.start(session, name, repeat, moment)
        for item, result in zip(queue, fresh, strict=True):
            if "progress" in item.get("update", {}):
                assert result["status"] == 400
                continue
            assert (result["status"], result["replayed"]) == (200, False), result
            if "update" in item:
                self.model.update(session, item["update"], result["body"], moment)
            self.queued.append((item, result["body"]))
        assert results[-1]["replayed"] == (results[-1]["status"] == 200)

    @invariant()
    def what_is_stored_is_what_was_acknowledged(self) -> None:
        if not hasattr(self, "model"):
            return
        for name, content in self.model.contents.items():
            mine = {"user_id": self.learner.id, "content_id": CONTENTS[name]}
            summaries = self.call(self.api.db.find("content_summaries", mine))
            assert len(summaries) <= 1
            for summary in summaries:
                assert isclose(summary["progress"], content.progress)
                assert isclose(summary["time_spent"], content.time_spent)
            stored = self.call(self.api.db.find("mastery_logs", mine))
            self._check_numbers(summaries, stored)
            stored.sort(key=lambda row: row["_id"])
            assert len(stored) == len(content.tries)
            rows = self.call(self.api.attempts(self.learner, content=CONTENTS[name])) if name != "video" else []
            self._check_not_right(stored, rows)
            found = sorted(
                (
                    row["complete"],
                    row["time_spent"],
                    sorted(
                        (at["item"], at["correct"], len(at["interaction_history"]))
                        for at in rows
                        if at["masterylog"] == row["_id"]
                    ),
                    row["attempt_count"],
                )
                for row in stored
            )
            wanted = sorted(
                (each.complete, each.time_spent, sorted(map(tuple, each.attempts.values())), len(each.attempts))
                for each in content.tries
            )
            assert found == wanted
        for session in self.call(self.api.db.find("content_sessions", {"user_id": self.learner.id})):
            visit = self.model.visits[session["_id"]]
            assert (session["time_spent"], session["progress"]) == (visit.time_spent, visit.progress)
            assert session["start_timestamp"] <= session["end_timestamp"]

    def _check_not_right(self, tries: list[Any], attempts: list[Any]) -> None:
        for row in tries:
            histories = [at["interaction_history"] for at in attempts if at["masterylog"] == row["_id"]]
            entries = [entry for history in histories for entry in history]
            assert row["not_right"] == sum(not entry.get("correct") for entry in entries)

    def _check_numbers(self, summaries: list[Any], tries: list[Any]) -> None:
        """A summary's numbers are those of its tries, but for what is to be counted anew."""
        logs = [MasteryLog.read(row) for row in tries]
        for summary in map(ContentSummary.read, summaries):
            assert summary.finished_tries == sum(log.complete for log in logs)
            assert bool(summary.of_tries) == bool(logs)
            for numbers in summary.of_tries.values():
                expected = TryNumbers.of(logs)
                if summary.recount:
                    numbers.seconds_to_done, numbers.last_end = expected.seconds_to_done, expected.last_end
                    numbers.not_right = expected.not_right
                assert numbers == expected


async def test_whatever_is_delivered_how_often_and_how_late(api: Api) -> None:
    loop = asyncio.get_running_loop()

    class OnThisEngine(Deliveries):
        pass

    # All that the rules are about is on either engine; transactions are on the embedded one.
    examples = usually(10 if api.engine != "mongomock" else 5, thoroughly=100)
    OnThisEngine.api = api
    OnThisEngine.call = staticmethod(lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(60))
    await asyncio.to_thread(
        run_state_machine_as_test,
        OnThisEngine,
        settings=settings(
            max_examples=examples, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
