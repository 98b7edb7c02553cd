"""A Kolibri's own JSON, whatever its keys, is shown after an import as Kolibri showed it."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from hypothesis import given

from learntrack.domain.any_json import as_sent, stored_json
from learntrack.importing.kolibri import values
from tests.api.test_any_json import EXAMPLES, OBJECTS, equal
from tests.importing.moving import changed, fresh, move_in
from tests.support import ROOT

HALF_A_PAIR = {"half": "\ud83d", "\ude00": [2**70, "a"], "$x": {"b\0": 1}}


@given(OBJECTS)
def test_an_object_of_a_row_is_shown_as_it_was(value: dict[str, Any]) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False), value):
        stored = values.mapping({"answer": text}, "answer")

        assert equal(json.loads(as_sent(stored_json(stored))), value)


@given(OBJECTS)
def test_a_history_is_shown_as_it_was(value: dict[str, Any]) -> None:
    entries = [{"type": "answer", "answer": value, "correct": 1.0}, {"type": "answer", "$other": value}]

    [first, second] = values.history({"interaction_history": json.dumps(entries)})

    assert equal(json.loads(as_sent(stored_json(first.answer))), value)
    assert equal(json.loads(as_sent(stored_json(second.model_dump(exclude_unset=True)))), entries[1])


async def test_an_imported_answer_is_listed_and_exported_as_it_was(tmp_path: Path) -> None:
    """That other engines keep such values is asked in tests/api/test_any_json.py."""
    path = changed(tmp_path)
    with sqlite3.connect(path) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM logger_attemptlog ORDER BY id")]
        sent = dict(zip(ids, [*EXAMPLES, HALF_A_PAIR], strict=False))
        for key, value in sent.items():
            history = [{"type": "answer", "answer": value, "correct": 1}]
            connection.execute(
                "UPDATE logger_attemptlog SET answer = ?, interaction_history = ? WHERE id = ?",
                (json.dumps(value), json.dumps(history), key),
            )
    connection.close()
    sent[ids[len(EXAMPLES)]] = {"half": "\ufffd", "\ufffd": [2.0**70, "a"], "$x": {"b\ufffd": 1}}

    async with fresh("embedded") as api:
        await move_in(api, path)
        rows = {row["id"]: row for row in await api.attempts(ROOT)}

        for key, value in sent.items():
            assert equal(rows[key]["answer"], value)
            assert equal(rows[key]["interaction_history"][0]["answer"], value)
