"""A retrier's MaxDelaySeconds and JitterStrategy.

AWS: the delay before retry n is IntervalSeconds × BackoffRate^n, no more than MaxDelaySeconds;
with JitterStrategy FULL it is drawn between 0 and that.
MiniStack 1.5.33: both are ignored, and no delay is over 60 s.
"""

import random
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.emulator.patches.registry import replaces

Found = tuple[dict[str, Any] | None, int]


@replaces(stepfunctions, "_find_matching_retrier")
def find_retrier(
    original: Callable[..., Found],
    retriers: list[dict[str, Any]],
    error: str,
    counts: dict[int, int],
) -> Found:
    """Hand the emulator a retrier whose next delay is already worked out."""
    retrier, index = original(retriers, error, counts)
    if retrier is None:
        return None, index
    delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** counts.get(
        index, 0
    )
    delay = min(delay, retrier.get("MaxDelaySeconds", delay))
    if retrier.get("JitterStrategy") == "FULL":
        delay = random.uniform(0, delay)
    return {**retrier, "IntervalSeconds": delay, "BackoffRate": 1.0}, index
