"""What is learnt in the demo school: lessons, their contents, and the questions with their likely wrong answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from learntrack.serving.demo.ids import demo_id

Kind = Literal["video", "audio", "document", "exercise", "quiz"]


@dataclass(frozen=True)
class Task:
    """A question, its right answer, and the wrong ones that learners give."""

    title: str
    right: str
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """A content; an exercise and a quiz have tasks. `hard` is 0.0–1.0."""

    name: str
    title: str
    kind: Kind
    tasks: tuple[Task, ...] = ()
    hard: float = 0.3

    @property
    def id(self) -> str:
        """Its content_id, or that of the quiz."""
        return demo_id(self.name)


@dataclass(frozen=True)
class DemoLesson:
    """A lesson of a class."""

    name: str
    title: str
    items: tuple[Item, ...]

    @property
    def id(self) -> str:
        """Its id."""
        return demo_id(self.name)


def _sum(a: str, b: str) -> Task:
    x, y = Fraction(a), Fraction(b)
    added = f"{x.numerator + y.numerator}/{x.denominator + y.denominator}"
    return Task(
        f"{a} + {b}", _plain(x + y), (added, f"{x.numerator + y.numerator}/{max(x.denominator, y.denominator)}")
    )


def _difference(a: str, b: str) -> Task:
    x, y = Fraction(a), Fraction(b)
    taken = f"{abs(x.numerator - y.numerator)}/{abs(x.denominator - y.denominator) or 1}"
    return Task(f"{a} − {b}", _plain(x - y), (taken, f"{abs(x.numerator - y.numerator)}/{x.denominator}"))


def _product(a: str, b: str) -> Task:
    x, y = Fraction(a), Fraction(b)
    return Task(f"{a} × {b}", _plain(x * y), (_plain(x + y), _plain(x / y)))


def _plain(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _integer(a: int, b: int) -> Task:
    return Task(f"{a} + ({b})", str(a + b), (str(a - b), str(-(a + b))))


def _compare(a: str, b: str) -> Task:
    x, y = Fraction(a), Fraction(b)
    right, wrong = ("<", ">") if x < y else (">", "<") if x > y else ("=", "<")
    return Task(f"{a} ○ {b}", f"{a} {right} {b}", (f"{a} {wrong} {b}",))


def _all(make: Callable[[str, str], Task], *pairs: tuple[str, str]) -> tuple[Task, ...]:
    return tuple(make(a, b) for a, b in pairs)


_INTEGERS = tuple(_integer(a, b) for a, b in ((5, -3), (-4, 7), (-2, -6), (8, -11), (-9, 4), (3, -3)))
_COMPARE = _all(_compare, ("3/8", "1/2"), ("2/3", "3/4"), ("5/6", "7/9"), ("4/10", "2/5"), ("7/8", "6/7"))
_ADD_LIKE = _all(_sum, ("1/5", "2/5"), ("3/8", "4/8"), ("2/9", "5/9"), ("1/4", "2/4"), ("3/7", "3/7"))
_ADD = _all(_sum, ("1/2", "1/3"), ("2/3", "1/4"), ("3/4", "1/8"), ("1/5", "1/2"), ("5/6", "1/4"), ("2/5", "1/3"))
_TAKE = _all(_difference, ("5/6", "1/2"), ("3/4", "1/3"), ("7/8", "1/4"), ("2/3", "1/5"), ("9/10", "1/2"))
_TIMES = _all(_product, ("1/2", "3/5"), ("2/3", "3/4"), ("4/5", "1/2"), ("3/8", "2/3"), ("5/6", "3/10"))
_JUG = Task("A jug is 3/4 full. Amir drinks 1/3 of a jug. How much of a jug is left?", "5/12", ("2/1", "7/12", "2/7"))
_ROPE = Task("A rope of 2/3 m and one of 1/4 m are tied together. How long are they?", "11/12", ("3/7", "3/12"))
_READING = tuple(
    Task(title, right, wrong)
    for title, right, wrong in (
        ("Who finds the letter?", "the gardener", ("the teacher", "the boy")),
        ("Where does the story begin?", "at the harbour", ("in the school",)),
        ("Why does she go back?", "to warn her brother", ("to fetch her coat", "she is afraid")),
        ("What does “reluctant” mean?", "unwilling", ("happy", "slow")),
    )
)
_CELLS = tuple(
    Task(title, right, wrong)
    for title, right, wrong in (
        ("Which part makes sugar from light?", "chloroplast", ("nucleus", "mitochondrion")),
        ("What surrounds every cell?", "membrane", ("cell wall",)),
        ("Where is most of the DNA?", "nucleus", ("cytoplasm", "ribosome")),
        ("What do mitochondria do?", "release energy", ("store water", "make proteins")),
        ("Which cells have a cell wall?", "plant cells", ("animal cells", "all cells")),
    )
)


def _exercise(name: str, title: str, tasks: Sequence[Task], hard: float) -> Item:
    return Item(name, title, "exercise", tuple(tasks), hard)


ADD_UNLIKE = _exercise("exercise", "Add with unlike denominators", (*_ADD, _ROPE), 0.62)
VIDEO_ITEM = Item("video", "Common denominators", "video")
TEST = Item("quiz", "Adding fractions: test", "quiz", (*_ADD[:4], *_TAKE[:4], _JUG, _ROPE), 0.45)
CHECK_1 = Item("integers check", "Integers: check", "quiz", _INTEGERS[:5], 0.25)
CHECK_2 = Item("fractions check", "Fractions: check", "quiz", (*_COMPARE, _ADD_LIKE[0]), 0.35)

LESSONS: dict[str, tuple[DemoLesson, ...]] = {
    "A": (
        DemoLesson(
            "integers",
            "1. Integers and the number line",
            (
                Item("negative", "Negative numbers in daily life", "video"),
                _exercise("place", "Place integers on the number line", _INTEGERS, 0.15),
                Item("temperatures", "Reading: temperatures below zero", "document"),
                _exercise("add integers", "Add integers", _INTEGERS, 0.3),
                CHECK_1,
            ),
        ),
        DemoLesson(
            "equivalence",
            "2. Fractions and equivalence",
            (
                Item("what a fraction is", "What a fraction is", "video"),
                _exercise("equal parts", "Equal parts of a whole", _ADD_LIKE, 0.2),
                Item("wall", "Fraction wall to print", "document"),
                _exercise("compare", "Compare fractions with unlike denominators", _COMPARE, 0.45),
                CHECK_2,
            ),
        ),
        DemoLesson(
            "lesson",
            "3. Adding and subtracting fractions",
            (
                VIDEO_ITEM,
                _exercise("like", "Add with like denominators", _ADD_LIKE, 0.25),
                ADD_UNLIKE,
                _exercise("subtract", "Subtract with unlike denominators", _TAKE, 0.55),
                Item("worked", "Worked examples: mixed numbers", "document"),
                _exercise("word", "Word problems: adding and subtracting parts of a whole", (_JUG, _ROPE, *_ADD), 0.5),
                TEST,
            ),
        ),
        DemoLesson(
            "multiplying",
            "4. Multiplying and dividing fractions",
            (
                Item("half of a half", "Half of a half", "audio"),
                _exercise("times", "Multiply two fractions", _TIMES, 0.4),
                _exercise("mixed", "Mixed practice", (*_TIMES, *_ADD), 0.5),
            ),
        ),
    ),
    "B": (
        DemoLesson(
            "cells",
            "Cells and what is in them",
            (
                Item("cell film", "A journey into a cell", "video"),
                Item("cell text", "Plant and animal cells", "document"),
                _exercise("cell parts", "Parts of a cell", _CELLS, 0.35),
                Item("cells check", "Cells: check", "quiz", _CELLS, 0.35),
            ),
        ),
        DemoLesson(
            "energy",
            "Energy in living things",
            (
                Item("energy film", "Where plants get their energy", "video"),
                _exercise("energy parts", "Who makes, who uses energy", _CELLS, 0.5),
            ),
        ),
    ),
    "C": (
        DemoLesson(
            "harbour",
            "The letter at the harbour",
            (
                Item("harbour text", "The letter at the harbour", "document"),
                Item("harbour sound", "The same, read aloud", "audio"),
                _exercise("harbour questions", "Questions about the story", _READING, 0.3),
            ),
        ),
    ),
}
"""What each class is to learn, in order."""

COURSE, UNIT = demo_id("course"), demo_id("unit")
UNIT_TASKS = (*_ADD[:3], *_TAKE[:3], *_TIMES[:2], _JUG, _ROPE)
"""The questions of the tests before and after the unit."""
GROUP_QUIZ = TEST
"""The quiz that is for the group alone."""
