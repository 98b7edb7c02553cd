"""What not every engine can do stands in no pipeline."""

import re
from pathlib import Path

import learntrack

STAGE = re.compile(r"""["']\$count["']\s*:""")


def test_nothing_is_counted_by_a_count_stage() -> None:
    """secantusd-py refuses `$count` in a `$unionWith` or `$lookup`; `$group` with `$sum` says the same everywhere."""
    sources = [path for kind in ("*.py", "*.json") for path in Path(learntrack.__file__).parent.rglob(kind)]

    assert len(sources) > 50
    assert [path.name for path in sources if STAGE.search(path.read_text())] == []
