"""An expression may take a second of work, not of waiting for a processor.

AWS: an evaluation of over a second is `States.QueryEvaluationError`; nobody shares its processor.
MiniStack 1.5.33: counts the time on the wall, so that on a busy machine one of some thousand
requests failed for no reason of its own.
"""

import time
from collections.abc import Callable
from typing import Any

from jsonata.jexception import JException
from jsonata.timebox import Timebox

from local.emulator.patches.registry import replaces


@replaces(Timebox, "__init__")
def begin(original: Callable[..., None], box: Any, *arguments: Any, **options: Any) -> None:
    """Count the thread's own time from here."""
    original(box, *arguments, **options)
    box.time = time.thread_time()


@replaces(Timebox, "check_runaway")
def check(_original: object, box: Any) -> None:
    """Give up by depth, or by the thread's own time."""
    if box.max_depth is not None and box.depth > box.max_depth:
        raise JException("D1011", -1)
    if box.timeout is not None and (time.thread_time() - box.time) * 1000 > box.timeout:
        raise JException("D1012", -1, box.timeout)
