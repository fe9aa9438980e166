"""An execution begins when it is started.

AWS: the first state is entered within milliseconds.
MiniStack 1.5.33: each execution first sleeps for 150 ms.
"""

import time
from typing import Any

from ministack.services import stepfunctions

from local.emulator.patches.registry import exchanges

DELAY = 0.15
"""No other sleep of the emulator's Step Functions has this length: the others are whole seconds."""


class _Time:
    """The module `time`, whose `sleep` leaves that one out."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def sleep(seconds: float) -> None:
        if seconds != DELAY:
            time.sleep(seconds)


@exchanges(stepfunctions, "time")
def without_the_delay(_original: object) -> _Time:
    """Leave the delay out."""
    return _Time()
