"""Both clients have the same names, options, defaults and bounds, each in its language's way of writing."""

import inspect
import json
import math
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

import learntrack_client
from learntrack_client import (
    AsyncClient,
    AsyncSession,
    Client,
    Session,
    bodies,
    checks,
    judging,
    local_state,
    problems,
    queue,
    sender,
)
from learntrack_client import client as python_client
from learntrack_client import service as python_service

SOURCE = Path(__file__).parents[2] / "clients" / "typescript" / "src"


def source(name: str) -> str:
    return (SOURCE / f"{name}.ts").read_text()


def spelled(name: str) -> str:
    """A Python name as TypeScript spells it."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def value_of(expression: str) -> Any:
    """What a constant of TypeScript is: a list, or a product of numbers."""
    if expression.startswith("["):
        return json.loads(expression)
    return math.prod(float(factor.replace("_", "")) for factor in expression.split("*"))


ONLY_PYTHON = {"AsyncClient", "AsyncSession"}
ONLY_TYPESCRIPT = {
    *("ClientOptions", "TokenSource", "Update"),  # keywords in Python
    *("NodeContent", "QuizContent", "UnitTestContent", "RosterRecords"),  # what a type checker tells apart
}


def test_both_export_the_same_names() -> None:
    exported = set(re.findall(r"\b[A-Z]\w+\b", re.sub(r'//.*|"[^"]*"', "", source("index"))))

    assert set(learntrack_client.__all__) - ONLY_PYTHON == exported - ONLY_TYPESCRIPT
    assert exported >= ONLY_TYPESCRIPT


OPTIONS = set(inspect.signature(Client).parameters) - {"address"}


def test_both_have_the_same_options() -> None:
    [fields] = re.findall(r"interface ClientOptions \{(.*?)\n\}", source("client"), re.DOTALL)

    assert {spelled(name) for name in OPTIONS} == set(re.findall(r"^  (\w+)\?:", fields, re.MULTILINE))
    assert set(inspect.signature(AsyncClient).parameters) - {"address", "http"} == OPTIONS


@pytest.mark.parametrize("option", ["most_items", "most_bytes", "first_wait", "longest_wait"])
def test_both_have_the_same_defaults(option: str) -> None:
    [default] = re.findall(rf"^ +{spelled(option)} = ([\d_* ]+),$", source("client"), re.MULTILINE)

    assert inspect.signature(Client).parameters[option].default == value_of(default)
    assert inspect.signature(AsyncClient).parameters[option].default == value_of(default)


def methods_in(text: str) -> set[str]:
    """The methods of a module's classes that an app sees."""
    text = re.sub(r"/\*\* @internal.*?\*/\n[^\n]*", "", text, flags=re.DOTALL)
    return set(re.findall(r"^  (?:async )?(\w+)(?:<[^>\n]*>+)?\(", text, re.MULTILINE)) - {"constructor"}


def public(of: type) -> set[str]:
    return {name for name in dir(of) if not name.startswith("_")}


def test_both_have_the_same_methods() -> None:
    assert public(Client) - {"learner"} == methods_in(source("client")) | methods_in(source("reading"))
    assert public(Session) - {"state"} == methods_in(source("session"))
    assert public(Client) <= public(AsyncClient) | {"learner"}
    assert public(Session) <= public(AsyncSession) | {"state"}


SHAPES: dict[str, tuple[str, type[msgspec.Struct]]] = {
    "Status": ("shapes", learntrack_client.Status),
    "Aside": ("shapes", learntrack_client.Aside),
    "ProblemDocument": ("shapes", learntrack_client.ProblemDocument),
    "SessionState": ("local_state", learntrack_client.SessionState),
}


@pytest.mark.parametrize("name", SHAPES)
def test_both_have_the_same_fields(name: str) -> None:
    module, shape = SHAPES[name]
    [fields] = re.findall(rf"interface {name} \{{(.*?)\n\}}", source(module), re.DOTALL)

    assert set(shape.__struct_fields__) == set(re.findall(r"^  (\w+)\??:", fields, re.MULTILINE))


def test_both_name_the_same_problems_for_a_status() -> None:
    [pairs] = re.findall(r"const BY_STATUS.*?= \{(.*?)\n\}", source("problems"), re.DOTALL)
    named = {int(status): name for status, name in re.findall(r"(\d+): (\w+)", pairs)}

    assert {status: error.__name__ for status, error in problems._BY_STATUS.items()} == named


CONSTANTS: dict[str, tuple[str, Any]] = {
    "MOST_TRIES": ("judging", judging.MOST_TRIES),
    "TRY_AGAIN": ("judging", sorted(judging._TRY_AGAIN)),
    "REFUSED_AS_A_WHOLE": ("judging", sorted(judging._REFUSED_AS_A_WHOLE)),
    "SMALLER_NEXT": ("judging", sorted(judging._SMALLER_NEXT)),
    "OTHERS_SHOWN": ("local_state", local_state._OTHERS_SHOWN),
    "OVERHEAD": ("queue", queue._OVERHEAD),
    "NEARLY": ("queue", queue._NEARLY),
    "STATES_KEPT": ("indexeddb_queue", queue._STATES_KEPT),
    "LONGEST_ITEM": ("checks", checks._LONGEST_ITEM),
    "LONGEST_ANSWER": ("checks", checks._LONGEST_ANSWER),
    "MOST_INTERACTIONS": ("checks", checks._MOST_INTERACTIONS),
    "MOST_LEVELS": ("checks", bodies.MOST_LEVELS),
    "MOST_VALUES": ("checks", bodies.MOST_VALUES),
    "MOST_BODY": ("checks", bodies.MOST_BODY),
    "MOST_EXTRA_FIELDS": ("checks", bodies.MOST_EXTRA_FIELDS),
    "MOST_ANONYMOUS": ("checks", bodies.MOST_ANONYMOUS),
    "BATCH_ITEMS": ("sender", sender.BATCH_ITEMS),
    "BATCH_BYTES": ("sender", sender.BATCH_BYTES),
    "LOOK_AGAIN": ("sender", sender._LOOK_AGAIN),
    "ANSWER_SECONDS": ("service", python_service._ANSWER_SECONDS),
    "SLOWEST": ("service", python_service._SLOWEST),
    "TOKEN_SECONDS": ("service", python_service._TOKEN_SECONDS),
    "LONGEST_RETRY_AFTER": ("service", python_service._LONGEST_RETRY_AFTER),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_both_have_the_same_bounds(name: str) -> None:
    module, ours = CONSTANTS[name]
    [theirs] = re.findall(rf"^(?:export )?const {name} = ([^;]+);", source(module), re.MULTILINE)

    assert value_of(theirs) == ours


def test_both_say_the_same() -> None:
    """What a client says of its sender and its queue; an app may show it."""
    ours = "".join(inspect.getsource(module) for module in (python_client, python_service, judging, sender, queue))
    theirs = "".join(source(name) for name in ("client", "service", "judging", "sender", "queue"))
    told = r'(?<!")"((?:The|There|What) [^"{$]+\.)"'

    assert set(re.findall(told, theirs)) == set(re.findall(told, ours)) - {"The client is not open: use `async with`."}
