"""When a content needs help, as the facility has set it, in words."""

from msgspec import Struct

from learntrack.pages.words import Words


class Rule(Struct, frozen=True):
    """After how many answers an exercise needs help of which fewer than this share are right; below which a finished
    quiz does.
    """

    answers: int = 10
    right: float = 0.5
    quiz: float = 0.5


def rule_in_words(rule: Rule, words: Words) -> str:
    """The rule as it stands under the legend."""
    return " ".join(
        (
            words.some(
                "An unfinished exercise needs help after %(count)s answer, when fewer than %(share)s are right.",
                "An unfinished exercise needs help after %(count)s answers, when fewer than %(share)s are right.",
                rule.answers,
                share=words.percent(rule.right),
            ),
            words.say("A finished quiz needs help below %(share)s.", share=words.percent(rule.quiz)),
        )
    )
