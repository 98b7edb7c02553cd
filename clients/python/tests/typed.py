"""What mypy refuses of an app's code: each ignored line must be wrong, and the others right. It need not run."""

from datetime import date

from learntrack_client import Client, Content, Interaction, MasteryModel


def written(app: Client) -> list[str | None]:
    session = app.start(Content("video", "1", "2", "3"))
    Content("vdeo", "1", "2", "3")  # type: ignore[arg-type]
    MasteryModel("m_of_m", m=3, n=5)  # type: ignore[arg-type]
    Interaction("question 1", time_spent=3, answer={})  # type: ignore[call-arg]
    session.update(progres=0.5)  # type: ignore[call-arg]
    app.tries(clasroom="7")  # type: ignore[call-arg]
    app.tries(since="2026-01-01")  # type: ignore[call-arg]
    app.attempts(question="1")  # type: ignore[call-arg]
    app.diff("2", "8", item="1")  # type: ignore[call-arg]
    app.report("progress", format="csv")  # type: ignore[call-arg]
    app.roster("classroom")  # type: ignore[arg-type]
    app.report("progress", since=date(2026, 1, 1), classroom="7", until=None)
    user = app.me().user
    return [each.user for each in app.tries(include="user")] + [None if user is None else user.full_name]
