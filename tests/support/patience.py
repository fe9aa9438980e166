"""How long a test waits: for a condition in the cloud's time, for what must end very long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from local import cloud_time

HANGS_SECONDS = 900
"""A program or a connection that is silent for so long hangs: no measure of the machine's speed."""
_LOOK_SECONDS = 0.05

Found = TypeVar("Found")


def wait_for(found: Callable[[], Found], otherwise: str, seconds: float) -> Found:
    """Return the first true answer of `found`; fail with `otherwise` if none comes in time.

    The limit is in the time of the cloud that this process uses: it grows while that cloud waits
    for processors.
    """
    until = cloud_time.now() + seconds
    while not (value := found()):
        assert cloud_time.now() < until, otherwise
        time.sleep(_LOOK_SECONDS)
    return value
