"""Settings in files, and variables that cannot be meant."""

from pathlib import Path

import pytest

from learntrack.commands.connected import configured
from learntrack.settings import Settings
from learntrack.settings.environment import read_environment
from tests.support import SECRET


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_may_be_in_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "setting"
    file.write_text("any text\n")
    monkeypatch.setenv(f"LEARNTRACK_{name.upper()}_FILE", str(file))

    found = read_environment(Settings.model_fields)

    assert (found.values, found.faults) == ({name: "any text"}, [])


def test_a_secret_in_a_file_is_the_one_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jwt").write_text(SECRET + "\n")
    monkeypatch.setenv("LEARNTRACK_JWT_SECRET_FILE", str(tmp_path / "jwt"))

    secret = configured().jwt_secret

    assert secret is not None
    assert secret.get_secret_value() == SECRET


MISTAKES = {
    # what is set: what is said of it
    "LEARNTRACK_JWT_SECRT=x": "LEARNTRACK_JWT_SECRT: There is no such setting; did you mean LEARNTRACK_JWT_SECRET?",
    "LEARNTRACK_JWT_SECRT_FILE=/x": "did you mean LEARNTRACK_JWT_SECRET_FILE?",
    "learntrack_port=1": "learntrack_port: There is no such setting; did you mean LEARNTRACK_PORT?",
    "LEARNTRACK_JWT_SECRET=": "LEARNTRACK_JWT_SECRET: Is set but empty",
    "LEARNTRACK_CORS_ORIGINS= ": "LEARNTRACK_CORS_ORIGINS: Is set but empty",
    "LEARNTRACK_MONGODB_URI_FILE=/nowhere": "LEARNTRACK_MONGODB_URI_FILE: /nowhere cannot be read: No such file",
    "LEARNTRACK_MONGODB_URI_FILE=/dev/null": "LEARNTRACK_MONGODB_URI_FILE: /dev/null is empty.",
    "LEARNTRACK_MONGODB_URI_FILE=/dev/zero": "LEARNTRACK_MONGODB_URI_FILE: /dev/zero is too large for a setting.",
    "LEARNTRACK_MONGODB_URI_FILE=/": "LEARNTRACK_MONGODB_URI_FILE: / cannot be read: Is a directory",
    "LEARNTRACK_MONGODB_URI=http://x": "LEARNTRACK_MONGODB_URI: Is not a MongoDB URI",
    "LEARNTRACK_JWKS_URL=nohttp": "LEARNTRACK_JWKS_URL: Is not an http or https address.",
    "LEARNTRACK_JWKS_URL=https://x:y/": "LEARNTRACK_JWKS_URL: Is not an http or https address.",
    "LEARNTRACK_JWT_PUBLIC_KEY=x": "LEARNTRACK_JWT_PUBLIC_KEY: Is not a public key in PEM form.",
    "LEARNTRACK_TRUSTED_PROXIES=banana": "LEARNTRACK_TRUSTED_PROXIES: banana is neither",
    "LEARNTRACK_TRUSTED_PROXIES=10.0.0.1,10.0.0.1/8": "LEARNTRACK_TRUSTED_PROXIES: 10.0.0.1/8 is neither",
    "LEARNTRACK_CORS_ORIGINS=app.example": "LEARNTRACK_CORS_ORIGINS: app.example is not an origin",
    "LEARNTRACK_CORS_ORIGINS=https://a.example/": "LEARNTRACK_CORS_ORIGINS: https://a.example/ is not an origin",
    "LEARNTRACK_PUBLIC_URL=https://a.example/x": "LEARNTRACK_PUBLIC_URL: https://a.example/x is not an origin",
    "LEARNTRACK_WATCHED_DISK=/nowhere": "LEARNTRACK_WATCHED_DISK: /nowhere is not a folder.",
    "LEARNTRACK_ENGINE=/nowhere": "LEARNTRACK_ENGINE: /nowhere is not a program",
    "LEARNTRACK_WORKERS=two": "LEARNTRACK_WORKERS: Input should be a valid integer",
}


def said(mistakes: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    for variable, _, value in (mistake.partition("=") for mistake in mistakes):
        monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as ended:
        configured()
    assert ended.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert MISTAKES[mistake] in said([mistake], monkeypatch, capsys)


def test_all_mistakes_are_named_at_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    each_variable_once = {mistake.partition("=")[0]: mistake for mistake in MISTAKES}

    line = said(list(each_variable_once.values()), monkeypatch, capsys)

    assert [variable for variable in each_variable_once if f"{variable}: " not in line] == []


def test_a_value_beside_its_file_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jwt").write_text(SECRET)
    mistakes = [f"LEARNTRACK_JWT_SECRET={SECRET}", f"LEARNTRACK_JWT_SECRET_FILE={tmp_path / 'jwt'}"]

    assert "LEARNTRACK_JWT_SECRET is set too" in said(mistakes, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LEARNTRACK_TRUSTED_PROXIES", "*"),
        ("LEARNTRACK_TRUSTED_PROXIES", "127.0.0.1, ::1, 10.0.0.0/8"),
        ("LEARNTRACK_CORS_ORIGINS", "https://a.example, http://localhost:3000"),
        ("LEARNTRACK_CORS_ORIGINS", "*"),
        ("LEARNTRACK_JWKS_URL", "http://127.0.0.1:9/keys"),
        ("LEARNTRACK_VENV", ".venv"),
    ],
)
def test_what_is_right_is_taken(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)

    assert configured()
