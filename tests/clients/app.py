"""An app whose process is killed at any moment: takes twelve steps, noting each before and after, and goes on where it
was. Its exit code is 0 when all is recorded.
"""

import sys
import time
from pathlib import Path
from uuid import UUID

from learntrack_client import Client, Content, Interaction, MasteryModel

STEPS = 12

address, queue, log_path, learner, content, token = sys.argv[1:]
log = Path(log_path)


def note(word: str, number: int) -> None:
    with log.open("a") as file:
        file.write(f"{word} {number}\n")


with Client(address, queue=queue, learner=learner, token=lambda _: token, first_wait=0.02, longest_wait=0.2) as app:
    noted = [line.split() for line in log.read_text().splitlines()]
    begun = {int(number) for word, number in noted if word == "do"}
    if len(begun) < STEPS:
        node = UUID(content).hex
        session = app.start(
            Content(
                kind="exercise",
                node_id=node,
                content_id=content,
                channel_id=node,
                mastery_model=MasteryModel("m_of_n", m=3, n=5),
            )
        )
        for number in range(len(begun), STEPS):
            note("do", number)
            answer = Interaction("q", 1, 0, answer={"n": number}, replace=True)
            session.update(time_spent_delta=1, interactions=[answer])
            note("did", number)
            time.sleep(0.01)
    while app.sync(1).waiting:
        pass
