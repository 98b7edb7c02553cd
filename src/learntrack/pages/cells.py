"""The words of a state: what a cell says of itself, and what stands beside it."""

from learntrack.pages.states import Counts, State
from learntrack.pages.words import Words


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
        told.append(words.percent(state.progress))
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
