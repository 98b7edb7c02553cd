"""What is in deploy/ is valid by the tools that read it, and says what the service is."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
RULES = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text())
SOURCE = "".join(file.read_text() for file in (ROOT / "src" / "learntrack").rglob("*.py"))


def run(*command: str | Path) -> str:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian's package prometheus)")
def test_alerts_rise_when_they_should_and_not_otherwise() -> None:
    run("promtool", "check", "rules", DEPLOY / "alerts.yml")
    run("promtool", "test", "rules", DEPLOY / "alerts-test.yml")


def test_every_alert_has_a_line_that_says_what_to_do() -> None:
    assert [rule["alert"] for rule in RULES if f"**{rule['alert']}**" not in OPERATIONS] == []
    assert {rule["annotations"]["runbook"] for rule in RULES} == {"docs/operations.md#what-to-do-about-an-alert"}
    assert "## What to do about an alert" in OPERATIONS


def metrics_in(expression: str) -> set[str]:
    return set(re.findall(r"\blearntrack_\w+", expression))


def test_every_metric_that_is_asked_for_is_there_and_every_alert_can_be_looked_at() -> None:
    charts = {target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])}
    shown = set().union(*map(metrics_in, charts))
    asked = set().union(*(metrics_in(rule["expr"]) for rule in RULES))
    names = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in shown | asked}

    assert [name for name in sorted(names) if f'"{name}"' not in SOURCE] == []
    assert asked - shown == set()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd")
def test_the_unit_is_one(tmp_path: Path) -> None:
    unit = (DEPLOY / "learntrack.service").read_text().replace("/opt/learntrack/bin/learntrack", sys.executable)
    (tmp_path / "learntrack.service").write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / "learntrack.service"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    complaints = [line for line in done.stderr.splitlines() if "learntrack.service" in line]
    assert complaints == []
