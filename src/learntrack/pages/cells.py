"""The words of a state: what a cell says of itself, and what stands beside it; and the cells of a grid's row."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from learntrack.domain.shares import per_cent
from learntrack.pages.states import Counts, State, Word
from learntrack.pages.words import Words

_SIGNS: dict[Word, str] = {"help": "help", "done": "check", "none": "dot"}


class Cells:
    """Draws the cells of a grid. A class has thousands, and a template takes several times as long for them.

    Args:
        words: In which they are said.
        suffixes: Of each content, what leads from a learner's page to it there.

    """

    def __init__(self, words: Words, suffixes: Sequence[str]) -> None:
        self._words = words
        # As plain texts, which are escaped once: what is added to a Markup is looked through again each time.
        self._suffixes = [str(escape(suffix)) for suffix in suffixes]
        self._said: dict[Word, str] = {
            "help": str(escape(words.say("needs help"))),
            "started": str(escape(words.say("started"))),
            "done": str(escape(words.say("done"))),
            "none": str(escape(words.say("not started"))),
        }
        self._not_assigned = f'<td><span class="hidden">{escape(words.say("not assigned"))}</span></td>'

    def row(self, page: str, states: Sequence[State | None]) -> Markup:
        """The cells of a learner, whose page has this address."""
        begin = str(escape(page))
        drawn = [
            self._not_assigned if state is None else self._cell(begin + suffix, state)
            for suffix, state in zip(self._suffixes, states, strict=True)
        ]
        return Markup("".join(drawn))  # noqa: S704 - every text in it is escaped

    def _cell(self, address: str, state: State) -> str:
        return (
            f'<td><a href="{address}" tabindex="-1" class="tile {state.word}">{self._sign(state)}<span class="hidden">'
            f"<b>{self._said[state.word]}</b>{escape(measures(state, self._words))}</span></a></td>"
        )

    def _sign(self, state: State) -> str:
        """What a tile shows: of a finished quiz its whole per cent, else the state's sign."""
        if state.score is not None:
            return self._words.number(per_cent(state.score))
        name = f"pie{state.quarter}" if state.word == "started" else _SIGNS[state.word]
        return f'<svg class="sign" aria-hidden="true"><use href="#s-{name}"/></svg>'


def measures(state: State, words: Words) -> str:
    """What is known of a state beside its word, as a list that begins with a dot; nothing where nothing was begun."""
    if state.word == "none":
        return ""
    told = []
    if state.score is not None:
        told.append(words.say("%(share)s right", share=words.percent(state.score)))
    elif state.attempts:
        told.append(right_of(state, words))
    if state.word != "done":
        told.append(words.say("%(share)s done", share=words.percent(state.progress)))
    if state.tries > 1:
        told.append(words.some("%(count)s try", "%(count)s tries", state.tries))
    told.append(words.duration(state.time_spent))
    if state.last is not None:
        told.append(words.day(state.last))
    return "".join(f" · {each}" for each in told)


def right_of(state: State, words: Words) -> str:
    """How many answers were right."""
    right, all_ = words.number(state.correct, 1), words.number(state.attempts)
    return words.say("%(right)s of %(all)s right", right=right, all=all_)


def done_of(counts: Counts, words: Words) -> str:
    """How many contents are done, shortly."""
    return words.say("%(done)s / %(all)s", done=words.number(counts.done), all=words.number(counts.of))
