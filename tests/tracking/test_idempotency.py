"""Whose an Idempotency-Key is (contract, Whose key it is)."""

import hashlib
from itertools import combinations

import pytest

from learntrack.documents import IdempotencyKey
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.errors import KeyReused
from learntrack.tracking.idempotency import KeyScope, RequestKey, request_key

SOMEBODY = new_id()


def key_of(scope: KeyScope, kind: str = "update", of: str = SOMEBODY, body: object = None) -> RequestKey:
    found = request_key("k", scope=scope, kind=kind, of=of, body=body)  # type: ignore[arg-type]
    assert found is not None
    return found


def former(scope: str, action: str) -> IdempotencyKey:
    """A key as release 0.1 stored it."""

    def digest(*parts: bytes) -> str:
        return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()[:40]

    return IdempotencyKey.begin(
        digest(scope.encode(), b"k"),
        owner=scope,
        request=digest(action.encode(), b"null"),
        answer=b"then",
        expires_at=moments.now(),
    )


def test_callers_and_kinds_of_requests_are_apart_whatever_ids_they_choose() -> None:
    keys = [
        key_of(KeyScope(caller, SOMEBODY), kind)  # type: ignore[arg-type]
        for caller in ("user", "visitor", "session")
        for kind in ("start", "offline start", "update")
    ]
    for one, other in combinations(keys, 2):
        assert one.id != other.id
        assert other.answer_in({one.id: one.answered(b"{}", moments.now())}) is None


def test_forgetting_a_user_finds_their_keys_and_no_visitors() -> None:
    owners = [KeyScope(kind, SOMEBODY).owner for kind in ("user", "visitor", "session")]  # type: ignore[arg-type]
    assert owners == [SOMEBODY, f"visitor:{SOMEBODY}", f"session:{SOMEBODY}"]


def test_a_key_is_for_one_request() -> None:
    first, other = (key_of(KeyScope("user", SOMEBODY), body=body) for body in (1, 2))
    with pytest.raises(KeyReused):
        other.answer_in({first.id: first.answered(b"{}", moments.now())})


def test_what_the_release_before_has_answered_is_still_answered_so() -> None:
    stored = former(SOMEBODY, f"update {SOMEBODY}")
    for caller in ("user", "session"):
        assert key_of(KeyScope(caller, SOMEBODY)).answer_in({stored.id: stored}) == b"then"  # type: ignore[arg-type]
    assert key_of(KeyScope("visitor", SOMEBODY)).former_id is None
    # Somebody else may have left it there: the request is done, not refused.
    assert key_of(KeyScope("user", SOMEBODY), body="another").answer_in({stored.id: stored}) is None
