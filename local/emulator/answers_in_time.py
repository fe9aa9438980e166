"""Takes what another thread puts into a queue, within a limit in the cloud's time."""

import queue
from contextlib import suppress
from typing import TypeVar

from local import cloud_time

Found = TypeVar("Found")


def next_of(found: "queue.Queue[Found]", seconds: float) -> Found:
    """Take the next one within so many seconds of the cloud's time, or raise `queue.Empty`."""
    taken: list[Found] = []

    def take(wait: float) -> bool:
        with suppress(queue.Empty):
            taken.append(found.get(timeout=wait))
        return bool(taken)

    if not cloud_time.wait(take, seconds):
        raise queue.Empty
    return taken[0]
