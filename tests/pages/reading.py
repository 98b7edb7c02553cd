"""Reading pages as a person does: the text of their parts."""

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "col", "use", "path", "rect", "circle", "line", "hr"}


class Reader(HTMLParser):
    """Collects the text of a page, by the ids of the elements in which it stands."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, str | None]] = []
        self.by_id: dict[str, list[str]] = {}
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("id")))
            if tag in ("td", "th", "p", "li", "dt", "dd", "div", "summary", "span"):
                self._put(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, _ = self._open.pop()
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & {name for name, _ in self._open}:
            self.texts.append(data)
            self._put(data)

    def _put(self, data: str) -> None:
        for _, key in self._open:
            if key:
                self.by_id.setdefault(key, []).append(data)


def part(html: str, key: str) -> str:
    """The text of the element with this id, white space in one way."""
    reader = Reader()
    reader.feed(html)
    return " ".join("".join(reader.by_id[key]).split())


def texts(html: str) -> list[str]:
    """Every text of the page by itself."""
    reader = Reader()
    reader.feed(html)
    return [" ".join(text.split()) for text in reader.texts if text.strip()]
