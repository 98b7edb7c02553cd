"""Who is in the demo school, and how they learn."""

from dataclasses import dataclass
from typing import Literal

Pace = Literal["steady", "struggling", "absent", "nothing", "slow"]


@dataclass(frozen=True)
class Person:
    """A learner: the name, the class, how able they are (0.0–1.0) and how they get on."""

    key: str
    name: str
    room: str
    skill: float
    pace: Pace = "steady"
    in_group: bool = False

    @property
    def username(self) -> str:
        """The user name; somebody without a full name is known by it."""
        return self.key.lower().replace(" ", ".")


LEARNERS = (
    Person("Ada", "Ada Okafor", "A", 0.9, in_group=True),
    Person("Chidi", "Chidi Okonkwo", "A", 0.34, "struggling", in_group=True),
    Person("Bilal", "Bilal Mwangi", "A", 0.42, "struggling", in_group=True),
    Person("Laila", "ليلى منصور", "A", 0.5, "slow", in_group=True),
    Person("Elif", "Elif Haddad", "A", 0.62, in_group=True),
    Person("Wanjiru", "Wanjiru Kamau", "A", 0.45, "struggling"),
    Person("Maria", "María de los Ángeles Fernández-Villanueva", "A", 0.78),
    Person("Quang", "Quang Trần Văn", "A", 0.7),
    Person("Xiaolong", "李小龙", "A", 0.9),
    Person("Ananya", "अनन्या देशमुख", "A", 0.82),
    Person("Femi", "Femi Diallo", "A", 0.6, "absent"),
    Person("Uma", "Uma Devi", "A", 0.5, "nothing"),
    Person("Divya", "Divya Raghunathan", "B", 0.55),
    Person("Sipho", "Sipho Dlamini", "B", 0.72),
    Person("Tariq", "Tariq Aziz", "B", 0.36, "struggling"),
    Person("Sola", "Ṣọlá Adébáyọ̀", "B", 0.8),
    Person("Zainab", "Zainab Bello", "B", 0.66),
    Person("Yusuf", "يوسف حسن", "B", 0.58, "slow"),
    Person("Juergen", "Jürgen Groß", "B", 0.85),
    Person("Grace", "Grace Achieng", "B", 0.75),
    Person("Lucja", "Łucja Wiśniewska", "C", 0.8),
    Person("Ximena", "Ximena Ortiz", "C", 0.7),
    Person("Sarah", "שרה כהן", "C", 0.75),
    Person("wolfeschlegelstein.hausenbergerdorff@example.org", "", "C", 0.65),
)
STAFF = {"Carla": "Carla Mendes", "Adam": "Adam Nowak"}
"""A coach of class A, and the facility's admin."""
ROOMS = {"A": "Grade 7 Mathematics – الصف السابع", "B": "Grade 8 Science", "C": "Reading club"}
