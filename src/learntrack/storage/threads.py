"""The threads in which the driver waits for the database.

Motor makes as many as five a processor, and reads another number from the environment only when it is imported, before
there are settings. Motor's last release is the one that is used here, so what it keeps where will not change.
"""

from motor.frameworks import asyncio as motor


def use(count: int) -> None:
    """Use `count` threads from now on."""
    if motor.max_workers != count:
        motor.max_workers = count
        motor._reset_global_executor()  # type: ignore[no-untyped-call]
