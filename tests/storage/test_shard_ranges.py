"""A learner's shard is known without asking the cluster, where scripts/shard.js has spread the data."""

import itertools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from learntrack.storage.shard_ranges import hashed, range_of
from tests.support import new_id

SCRIPT = Path(__file__).parents[2] / "scripts" / "shard.js"


def lower_bounds(ranges: int) -> list[int]:
    """The least hashed value of each range but the first, which has none."""
    return [-(-number * 2**64 // ranges) - 2**63 for number in range(1, ranges)]


@pytest.mark.parametrize(
    ("owner", "value"),
    [("abc", 8478485326885698097), ("", 2049396243249673340), (None, 2338878944348059895)],
)
def test_owners_are_hashed_as_mongodb_hashes_them(owner: str | None, value: int) -> None:
    """The figures of MongoDB's own test, src/mongo/db/hasher_test.cpp."""
    assert hashed(owner) == value


@pytest.mark.parametrize("ranges", [1, 2, 3, 7, 64])
def test_the_ranges_are_equal_and_leave_nobody_out(ranges: int) -> None:
    bounds = [-(2**63), *lower_bounds(ranges), 2**63]
    for owner in [None, *(new_id() for _ in range(200))]:
        number = range_of(owner, ranges)
        assert bounds[number] <= hashed(owner) < bounds[number + 1]
    widths = [upper - lower for lower, upper in itertools.pairwise(bounds)]
    assert max(widths) - min(widths) <= 1


CLUSTER = """
const done = [], note = (name) => (...given) => { done.push([name, ...given]) };
const number = (text) => ({ number: text });
const tags = JSON.parse(process.argv[2]);
const collections = new Proxy({}, { get: (_, name) => ({ createIndex: (index) => note("createIndex")(name, index) }) });
const config = { tags: { find: ({ ns }) => ({ toArray: () => tags.filter((tag) => tag.ns === ns) }) } };
require("vm").runInNewContext(require("fs").readFileSync(process.argv[1], "utf8"), {
  MinKey: () => "least", MaxKey: () => "most", NumberLong: number, print: note("print"),
  db: {
    adminCommand: () => ({ shards: [{ _id: "a" }, { _id: "b" }, { _id: "c" }] }),
    getSiblingDB: (name) => name === "config" ? config : collections
  },
  sh: Object.fromEntries(
    ["addShardToZone", "updateZoneKeyRange", "removeRangeFromZone", "shardCollection"].map((name) => [name, note(name)])
  )
});
console.log(JSON.stringify(done));
"""


def steps(*tags: Any) -> list[Any]:
    """What the script does to a cluster of three shards."""
    command = ["node", "-e", CLUSTER, str(SCRIPT), json.dumps(tags)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    found: list[Any] = json.loads(done.stdout)
    return found


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")


@needs_node
def test_the_script_gives_each_shard_the_range_that_the_service_takes_it_to_have() -> None:
    first, second = ({"number": str(bound)} for bound in lower_bounds(3))
    ranges = [step[2:] for step in steps() if step[:2] == ["updateZoneKeyRange", "learntrack.mastery_logs"]]
    assert ranges == [
        [{"user_id": "least"}, {"user_id": first}, "learntrack-0"],
        [{"user_id": first}, {"user_id": second}, "learntrack-1"],
        [{"user_id": second}, {"user_id": "most"}, "learntrack-2"],
    ]
    assert steps()[-1] == ["print", "LEARNTRACK_SHARDS=3"]


@needs_node
def test_it_can_be_run_on_collections_that_are_not_empty_and_again_with_another_shard() -> None:
    old = {"ns": "learntrack.idempotency_keys", "min": {"owner": "least"}, "max": {"owner": "most"}}
    found = [step for step in steps(old) if "idempotency_keys" in json.dumps(step[1])]

    assert [step[0] for step in found] == [
        "createIndex",
        "removeRangeFromZone",
        *["updateZoneKeyRange"] * 3,
        "shardCollection",
    ]
    assert found[-1] == ["shardCollection", "learntrack.idempotency_keys", {"owner": "hashed"}]
