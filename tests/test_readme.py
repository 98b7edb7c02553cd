"""What the README says is what is there."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_settings_table_is_in_step_with_the_settings() -> None:
    table = runpy.run_path(str(ROOT / "scripts" / "settings-table"))["table"]

    assert table() in (ROOT / "README.md").read_text()


def test_the_data_model_is_in_step_with_the_documents() -> None:
    collections = runpy.run_path(str(ROOT / "scripts" / "data-model"))["collections"]

    assert collections() in (ROOT / "docs" / "data-model.md").read_text()
