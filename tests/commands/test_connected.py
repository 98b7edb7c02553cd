"""Settings of commands: from the environment, and from the command line."""

import pytest

from learntrack.commands.connected import configured


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNTRACK_HOST", "192.0.2.1")
    monkeypatch.setenv("LEARNTRACK_PORT", "8001")

    settings = configured(host=None, port=0, workers=None)

    assert (settings.host, settings.port, settings.workers) == ("192.0.2.1", 0, 1)


def test_what_is_wrong_is_named_as_it_was_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEARNTRACK_WORKERS", "65")

    with pytest.raises(SystemExit) as ended:
        configured(port=70_000)

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "--port: " in said
    assert "LEARNTRACK_WORKERS: " in said
    assert len(said.splitlines()) == 1
