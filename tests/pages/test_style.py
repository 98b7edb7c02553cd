"""The design's promises that can be computed: contrasts of the tokens, and no colour outside them."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "src" / "learntrack" / "pages" / "static"
STYLE, TABLES, WIDTHS = ((STATIC / f"{name}.css").read_text() for name in ("style", "tables", "widths"))
TEMPLATES = Path(__file__).parents[2] / "src" / "learntrack" / "pages" / "templates"
LIGHT, DARK, *_ = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
TEXT = [
    *(("ink", on) for on in ("surface", "canvas", "sunken")),
    *(("ink-2", on) for on in ("surface", "canvas", "sunken")),
    *(("link", on) for on in ("surface", "canvas", "sunken")),
    ("on-help", "help"),
    *(("help-ink", on) for on in ("help-tint", "surface")),
    *(("done-ink", on) for on in ("done", "surface")),
    *(("start-ink", on) for on in ("start", "surface")),
    *(("help", on) for on in ("surface", "done", "start")),
]
SIGNS = [
    *(("edge", on) for on in ("surface", "canvas")),
    ("none-ink", "surface"),
    *((bar, on) for bar in ("done-bar", "start-bar") for on in ("surface", "sunken")),
]


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (SIGNS, 3.0)], ids=["text", "signs"])
def test_what_is_read_stands_out(scheme: str, pairs: list[tuple[str, str]], least: float) -> None:
    colours = tokens(scheme)
    faint = {
        pair: round(ratio, 2)
        for pair in pairs
        if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < least - 0.05
    }
    assert faint == {}


def test_no_component_names_a_colour_of_its_own() -> None:
    screen = STYLE[STYLE.index("/* Ground */") :] + TABLES + WIDTHS
    assert re.findall(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\(", screen) == []


def test_no_template_has_a_style_or_a_script_of_its_own() -> None:
    """A strict policy would not run them."""
    found = [
        (file.name, match)
        for file in TEMPLATES.glob("*.html")
        for match in re.findall(r"style=|<style|\son\w+=|<script>", file.read_text())
    ]
    assert found == []
