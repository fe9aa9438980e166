"""An execution begins when it is started, and waits in the cloud's time.

AWS: the first state is entered within milliseconds.
MiniStack 1.5.33: each execution first sleeps for 150 ms. Wait states and retries sleep on the wall,
so that on a busy machine a limit in the cloud's time would not pass before them.
"""

import time
from typing import Any

from ministack.services import stepfunctions

from local import cloud_time
from local.emulator.patches.registry import exchanges

DELAY = 0.15
"""No other sleep of the emulator's Step Functions has this length."""


class _Time:
    """The module `time`, whose `sleep` leaves that one out, and goes by the cloud's time."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def sleep(seconds: float) -> None:
        if seconds != DELAY:
            cloud_time.sleep(seconds)


@exchanges(stepfunctions, "time")
def without_the_delay(_original: object) -> _Time:
    """Leave the delay out."""
    return _Time()
